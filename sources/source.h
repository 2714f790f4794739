/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * source.h - one file of the sources. Private to source.c and gather.c.
 */
#pragma once

#include <sys/stat.h>

#include "sources/sources.h"

/* Takes `path`, also when it fails. NULL: no memory. */
struct source *source_add(struct sources *sources, enum source_kind kind, char *path);
/* Says why there are no bytes; takes `why`. -ENOMEM when that is NULL. */
int source_refuse(struct source *source, char *why);
/* Reads what is behind `fd`, or refuses. `ours`: no question who wrote it. -ENOMEM. */
int source_read(struct sources *sources, struct source *source, int fd, bool ours);

/* Why what was opened is not to be believed; NULL: it is. -ENOMEM. */
int source_distrust(char **ret, const struct stat *info, const char *path, bool ours);
/* The same of the directories above what was opened: who can write one of them can put
 * something else in its place. */
int source_distrust_way(char **ret, int fd);
/* In words for an operator; NULL: no memory. */
char *source_open_failure(int error);
