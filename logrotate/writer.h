/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * writer.h - one log file: whole lines are appended, the file is rotated between two
 * lines, and a disk that takes nothing is waited for with bounded memory. The order of
 * writing and rotating belongs to the writer alone: no line is in neither file, none in
 * both, none torn.
 */
#pragma once

#include "base/loop.h"

#include "logrotate/epoch.h"
#include "logrotate/mark.h"
#include "logrotate/moment.h"
#include "logrotate/policy.h"
#include "logrotate/shelf.h"

struct writer;
struct writer_user {
	void *owner;
	void (*rotated)(void *owner, struct moment at); /* there is an archive to tidy */
	void (*grew)(void *owner); /* followers have something to read */
	void (*room)(void *owner, struct moment at); /* no longer writer_is_full() */
};

struct writer_settings {
	struct shelf_place place; /* borrowed until the writer is freed or set anew */
	struct policy policy;
	struct look look;
	enum overflow overflow;
	mode_t mode;
};

/* A place that cannot be opened is no failure: lines wait in memory, and it is tried
 * again. -ENOMEM. */
int writer_new(struct writer **ret, struct loop *loop, size_t *spill_budget,
	const struct writer_settings *settings, struct writer_user user);
/* Tries to write what waits, and forgets it. */
struct writer *writer_free(struct writer *writer, struct moment at);
void writer_set(
	struct writer *writer, const struct writer_settings *settings, struct moment at);
void writer_open(struct writer *writer, struct moment at);

/* `lines` are whole; the last byte is a newline. */
void writer_write(
	struct writer *writer, const char *lines, size_t size, struct moment at);
/* A line of our own, see mark_add_notice(). */
void writer_notice(struct writer *writer, const char *sentence, struct moment at);
/* At once, unless the log is empty. */
void writer_rotate(struct writer *writer, struct moment at);
/* `overflow: block`, and the disk takes nothing: leave the rest in the pipe. */
bool writer_is_full(const struct writer *writer);

const char *writer_name(const struct writer *writer);
const char *writer_problem(const struct writer *writer); /* "" when there is none */
struct shelf *writer_shelf(const struct writer *writer); /* NULL while it is not open */
struct epoch *writer_epoch(
	const struct writer *writer); /* NULL before it was ever open */
struct writer_stats {
	int64_t live_bytes;
	uint64_t dropped_lines, rotations, waiting_bytes;
};
struct writer_stats writer_stats(const struct writer *writer);
