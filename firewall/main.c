/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - svcd-firewall: a loop, a channel, a sandbox.
 *
 * Started by the supervisor as its own user with CAP_NET_ADMIN and nothing else.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

#include "firewall/confine.h"
#include "firewall/guard.h"
#include "protocol/protocol.h"

static bool is_channel(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

static int serve(struct error *err)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(guard_freep) struct guard *guard = NULL;
	int r = loop_new(&loop);

	if (r < 0)
		return error_errno(err, r, "start");
	r = guard_new(&guard, loop, ENGINE_CHANNEL_FD, err);
	if (r >= 0)
		r = confine(err);
	if (r >= 0)
		loop_run(loop);
	return r;
}

int main(int argc, char **argv)
{
	struct error err = { 0 };

	log_init("svcd-firewall", LOG_INFO);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("svcd-firewall %s\n", SVCD_VERSION) < 0;
	if (argc != 1 || !is_channel(ENGINE_CHANNEL_FD)) {
		fputs("svcd-firewall is started by svcd-supervisor, not by hand\n",
			stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (serve(&err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
