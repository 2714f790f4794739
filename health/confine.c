/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.c - the system calls that serving and probing need: it opens no file, and talks
 * to sockets.
 */
#include "health/confine.h"

#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/sandbox.h"

static const int calls[] = {
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getrusage),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(pipe2),
	SCMP_SYS(readv),
	SCMP_SYS(dup),
	/* clients and probes */
	SCMP_SYS(connect),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(getpeername),
	SCMP_SYS(sendfile),
};

static const struct sandbox_rule rules[] = {
	/* Probes connect over these; no raw, packet or netlink sockets. */
	SANDBOX_FAMILY(AF_UNIX),
	SANDBOX_FAMILY(AF_INET),
	SANDBOX_FAMILY(AF_INET6),
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, TIOCOUTQ }, /* whether the supervisor reads */
	/* how many descriptors may be open; no new limits */
	{ SCMP_SYS(prlimit64), 2, UINT64_MAX, 0 },
};

int confine(struct error *err)
{
	return sandbox_enter(&SANDBOX_OF(calls, rules), err);
}
