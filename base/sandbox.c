/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox.c - a table of system calls becomes a filter in the kernel.
 */
#include "base/sandbox.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/cleanup.h"

static const int mapping[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };

CLEANUP(scmp_filter_ctx, seccomp_release)

static int add_rules(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sandbox->calls_count; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, sandbox->calls[i], 0);
	for (size_t i = 0; r == 0 && i < sandbox->families_count; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)sandbox->families[i]));
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(mapping); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

int sandbox_enter(const struct sandbox *sandbox, struct error *err)
{
	_cleanup_(seccomp_releasep) scmp_filter_ctx filter =
		seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!filter)
		return error_set(err, -ENOMEM, "seccomp: out of memory");
	r = add_rules(filter, sandbox);
	if (r < 0)
		return error_errno(err, r, "seccomp: a rule");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, -errno, "no_new_privs");
	r = seccomp_load(filter);
	return r < 0 ? error_errno(err, r, "seccomp: the filter") : 0;
}
