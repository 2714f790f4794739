/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox.h - the system calls that a process may still make once it has started, as a
 * seccomp filter (seccomp(2)).
 *
 * Each engine has its own table of calls; what a filter is made of stands here.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct sandbox {
	const int *calls; /* SCMP_SYS(NAME) of <seccomp.h>: allowed as they are */
	size_t calls_count;
	const int *families; /* AF_*: the only ones that socket(2) may make */
	size_t families_count;
};

/* From now on only those calls, and mmap(2) and mprotect(2) without PROT_EXEC: memory is
 * never made executable. Any other fails with EPERM instead of killing the process: an
 * error with a reason is better than an engine that dies of a library's new habit. Sets
 * no_new_privs. Cannot be undone. -errno with a sentence. */
int sandbox_enter(const struct sandbox *sandbox, struct error *err);
