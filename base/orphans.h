/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * orphans.h - how processes ended that had lost their parent, the supervisor.
 *
 * The keeper is their subreaper: it alone learns their exit status, and tells it in
 * lines of "PID START CODE STATUS". It keeps the latest for the next supervisor too,
 * which looks for those that it knows; PID and START together name a process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	ORPHANS_KEPT = 4096,
	ORPHAN_LINE_BYTES = 64, /* the longest, with its newline and NUL */
};

struct orphan {
	pid_t pid;
	uint64_t start;   /* process_start(); 0: not known */
	int code, status; /* si_code (CLD_*) and si_status of waitid(2) */
};

/* A ring: the oldest gives way. Its memory is taken with the first. */
struct orphans {
	struct orphan *items; /* [ORPHANS_KEPT] */
	size_t first, end;    /* counters that never go back: items % ORPHANS_KEPT */
};

int orphans_add(struct orphans *orphans, const struct orphan *orphan); /* -ENOMEM */
/* The latest of that process; NULL: none. */
const struct orphan *orphans_find(
	const struct orphans *orphans, pid_t pid, uint64_t start);
/* What came before counter `end` is of no use any more. */
void orphans_forget(struct orphans *orphans, size_t end);
/* Room for the lines of `orphans` from counter `from` on: "" for none. The caller frees;
 * NULL: no memory. */
char *orphans_text(const struct orphans *orphans, size_t from);
void orphans_done(struct orphans *orphans);

/* `line` has no newline. False: it is no such line. */
bool orphan_read(struct orphan *ret, const char *line);
/* The length, with the newline. */
size_t orphan_write(char ret[static ORPHAN_LINE_BYTES], const struct orphan *orphan);

/* When a process (a zombie too) was started, in clock ticks since boot: field 22 of
 * /proc/PID/stat. -errno. */
int process_start(pid_t pid, uint64_t *ret);
