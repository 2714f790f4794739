/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child_confine.c - what the process sees and may ask the kernel for: namespaces and the
 * filter of system calls.
 */
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "spawn/call_filter.h"
#include "spawn/network.h"
#include "spawn/step.h"

/* A command for a process that runs (a reload, a probe) lives where that one does. */
int step_join(struct child *child)
{
	const struct spawn_spec *spec = child->spec;
	int kinds =
		(spec->view ? CLONE_NEWNS : 0) | (spec->network_none ? CLONE_NEWNET : 0);

	if (spec->join_pidfd <= 0 || kinds == 0)
		return 0;
	return result(setns(spec->join_pidfd, kinds));
}

int step_network(struct child *child)
{
	if (!child->spec->network_none || child->spec->join_pidfd > 0)
		return 0;
	return network_leave();
}

int step_apart(struct child *child)
{
	if (!child->spec->apart)
		return 0;
	if (unshare(CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return -errno;
	/* a kernel without keys has none to share */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return -errno;
	return 0;
}

int step_view(struct child *child)
{
	struct view_trouble trouble = { child->name, NULL, NULL };
	int r;

	if (!child->spec->view || child->spec->join_pidfd > 0)
		return 0;
	r = view_enter(child->spec->view, &trouble);
	child->name = trouble.key;
	child->detail = trouble.what;
	child->fix = trouble.fix;
	return r;
}

/* While it may still do so without no_new_privs; the steps that follow are among what
 * services may do. A function is our own code. */
int step_system_calls(struct child *child)
{
	if (!child->spec->service_calls || child->spec->function)
		return 0;
	return child->ground->calls ? call_filter_install(child->ground->calls) : -ENOSYS;
}
