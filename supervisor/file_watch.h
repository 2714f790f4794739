/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * file_watch.h - hears that files which declare something were changed, and says so once
 * it has become quiet.
 *
 * The directories are added by the reader's child, which opens them anyway and may wait
 * for a disk; from before it reads, so that no change is missed. Where inotify does not
 * hear (a network file system), SIGHUP and `svcctl apply` remain.
 */
#pragma once

#include "base/json.h"
#include "base/loop.h"

/* ---- when it is quiet: pure ---------------------------------------------------- */

enum {
	QUIET_MS = 1000,       /* after a file was complete */
	QUIET_OPEN_MS = 3000,  /* while somebody still writes one */
	QUIET_MOST_MS = 10000, /* after the first change, however many follow */
};

struct quiet {
	struct instant first; /* change that nobody was told of; NEVER: none */
	struct instant due;
};
void quiet_begin(struct quiet *quiet);
/* A change; `complete`: whoever wrote is done with it. */
void quiet_change(struct quiet *quiet, bool complete, struct instant now);

/* Whether a change of a file of that name can mean anything: leftovers of editors and
 * packagers do not. */
bool file_watch_cares(const char *name);

/* ---- inotify ------------------------------------------------------------------- */

struct file_watch;
typedef void file_watch_fn(void *owner, struct instant now);
/* -errno: nobody will tell of changes. */
int file_watch_new(
	struct file_watch **ret, struct loop *loop, file_watch_fn *fn, void *owner);
struct file_watch *file_watch_free(struct file_watch *self);
int file_watch_fd(const struct file_watch *self); /* -1 of NULL */
/* In the child: from now on changes in `directory` are heard. Its number, or -errno. */
int file_watch_add(int fd, const char *directory);
/* Hears no more of those that are not in `numbers` (a list). */
void file_watch_keep(struct file_watch *self, const struct json_t *numbers);
