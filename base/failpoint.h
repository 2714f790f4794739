/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * failpoint.h - places where a test lets this process die, halt or fail, by name.
 *
 *   FAILPOINT("launch.cloned");                      dies or halts here when told to
 *   FAILPOINT_WORDS("gate", "up", "exited");         a name made of words: gate.up.exited
 *   fd = FAILPOINT_CALL("launch.pipe", pipe2(...));  -1 and errno when told to fail
 *   r = FAILPOINT_ERROR("ledger.write");             the same as 0 or -errno
 *
 * All of it is compiled away unless configured with -Dfailpoints=true.
 *
 * What is told, by $SVCD_FAILPOINTS: words as "launch.cloned=kill:2,store.send=stop", or
 * the absolute path of a file of such words. Words in the environment act in every
 * process and every life of it. A file is looked at each time, so that a running process
 * can be told, too; what has acted is taken out of it, so that the next life goes on.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#ifdef SVCD_FAILPOINTS
/* The linker makes the table of all names: each stands in a section of its own. */
#define FAILPOINT_ERROR(name)                                                            \
	__extension__({                                                                  \
		static const char name_[] __attribute__((section("failpoints"), used)) = \
			name;                                                            \
		failpoint_hit(name_);                                                    \
	})
#define FAILPOINT_WORDS(...)                                                             \
	failpoint_hit_words((const char *const[]){ __VA_ARGS__, NULL })
#else
#define FAILPOINT_ERROR(name) 0
#define FAILPOINT_WORDS(...)  ((void)0)
#endif
#define FAILPOINT(name)            ((void)FAILPOINT_ERROR(name))
#define FAILPOINT_CALL(name, call) (FAILPOINT_ERROR(name) < 0 ? -1 : (call))

enum {
	FAILPOINTS_MAX = 8, /* told at a time */
	FAILPOINT_NAME_BYTES = 64,
	FAILPOINTS_TEXT_BYTES = 1024,
};

enum fault {
	FAULT_NONE,
	FAULT_KILL,  /* SIGKILL to oneself */
	FAULT_STOP,  /* SIGSTOP to oneself */
	FAULT_ERROR, /* an error, as if the system had given it */
};

/* "NAME=kill[:N]" and "NAME=stop[:N]" act at the N-th time (1), "NAME=errno:ENAME[:N]"
 * N times (always). */
struct failpoints {
	struct failpoint {
		char name[FAILPOINT_NAME_BYTES];
		enum fault fault;
		int error;
		unsigned count; /* N; 0: always */
		unsigned hits;
	} items[FAILPOINTS_MAX];
	size_t count;
};

/* -EINVAL when the words are none of the above, -E2BIG when they are too many. */
int failpoints_read(struct failpoints *ret, const char *words);
/* What is to be done at that name, now; `error` is set for FAULT_ERROR only. */
enum fault failpoints_hit(struct failpoints *failpoints, const char *name, int *error);
/* The words that have yet to act. */
void failpoints_print(const struct failpoints *failpoints, FILE *out);

/* Does what is told for that name. 0; or -errno, and errno is set. */
int failpoint_hit(const char *name);
void failpoint_hit_words(const char *const *words); /* ended by NULL */
/* All names of this program but those made of words, one a line. False when none is
 * compiled in. */
bool failpoint_print_names(FILE *out);
