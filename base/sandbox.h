/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox.h - what a process may still ask of the kernel once it has started: a seccomp
 * filter (seccomp(2)), and nothing that a program of its own would inherit.
 *
 * What every loop of ours needs stands in sandbox.c; each engine adds its own table.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Allowed when the bits of `mask` in that argument (0 is the first) are `value`. */
struct sandbox_rule {
	int call; /* SCMP_SYS(NAME) of <seccomp.h> */
	unsigned argument;
	uint64_t mask, value;
};

/* socket(2) of that family. */
#define SANDBOX_FAMILY(family)                                                           \
	{                                                                                \
		SCMP_SYS(socket), 0, UINT32_MAX, family                                  \
	}

struct sandbox {
	const int *calls; /* allowed whatever they are given */
	size_t calls_count;
	const struct sandbox_rule *rules;
	size_t rules_count;
};

/* Of two arrays. */
#define SANDBOX_OF(calls, rules)                                                         \
	(const struct sandbox)                                                           \
	{                                                                                \
		calls, ARRAY_LEN(calls), rules, ARRAY_LEN(rules)                         \
	}

/* From now on only those calls, and mmap(2) and mprotect(2) without PROT_EXEC: memory is
 * never made executable. Any other fails with EPERM instead of killing the process: an
 * error with a reason is better than an engine that dies of a library's new habit.
 *
 * All threads are held to it. Sets no_new_privs; no core file is written and no other
 * process of the same user may look in (PR_SET_DUMPABLE); capabilities that this process
 * has stay in effect and are passed on to nobody. Cannot be undone. -errno with a
 * sentence. */
int sandbox_enter(const struct sandbox *sandbox, struct error *err);
