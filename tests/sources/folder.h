/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * folder.h - the golden inputs of this room as sources, and what became of them as text.
 */
#pragma once

#include "sources/sources.h"

/* Adds one file, shown as `shown`. */
void add_file(struct sources *sources, enum source_kind kind, const char *path,
	const char *shown);
void add_text(struct sources *sources, enum source_kind kind, const char *shown,
	const char *text);
/* All files of a folder with that ending, in order of their names; shown as PREFIX +
 * name. */
void add_folder(struct sources *sources, enum source_kind kind, const char *folder,
	const char *prefix, const char *ending);
/* A host file whose policy lets everything pass, unless there is a host file. */
void add_open_host(struct sources *sources);
/* templates/ of the source tree. */
void add_shipped(struct sources *sources);

/* As on scb1001.eqiad.example.org with 4 processors and 8 GiB. */
struct config *build_on_a_host(const struct sources *sources);
/* Every problem, a line each, the config's first. */
char *problems_text(const struct config *config);

/* Compares with the file, or writes it when $GOLDEN is "renew". True: the same. */
bool golden_same(const char *path, const char *text);
/* Names in a folder, sorted. */
struct strings names_in(const char *folder);
