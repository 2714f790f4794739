/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * call_filter.h - which system calls a service may make, as a seccomp filter (seccomp(2))
 * that is compiled once and installed by each child with one call.
 */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"

struct call_filter;

/* What services usually need (security.system_calls: service): the set that systemd calls
 * @system-service. Anything else fails with EPERM; a call that is younger than this
 * program and libseccomp fails with ENOSYS, so that a C library falls back as it does on
 * an older kernel. -errno with a sentence. */
int call_filter_new(struct call_filter **ret, struct error *err);
struct call_filter *call_filter_free(struct call_filter *calls);
CLEANUP(struct call_filter *, call_filter_free)

/* In the child, while it still has CAP_SYS_ADMIN (or with no_new_privs). Cannot be
 * undone. -errno. */
int call_filter_install(const struct call_filter *calls);
