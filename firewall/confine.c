/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.c - the calls of a process that talks to one socket pair and to netlink: it
 * opens no file, and makes no socket but of netlink.
 */
#include "firewall/confine.h"

#include <seccomp.h>
#include <sys/socket.h>

#include "base/sandbox.h"

static const int calls[] = {
	SCMP_SYS(bind),
};

static const struct sandbox_rule rules[] = {
	SANDBOX_FAMILY(AF_NETLINK),
};

int confine(struct error *err)
{
	return sandbox_enter(&SANDBOX_OF(calls, rules), err);
}
