/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - svcd-health: born by the supervisor with a channel on fd 3 and its listeners
 * behind it, as a user of its own. Opens what it needs, shuts the door, runs until the
 * channel ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"

#include "health/confine.h"
#include "health/monitor.h"
#include "protocol/protocol.h"

static bool is_channel(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

/* Clients and probes cost a descriptor each: take what we may have. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve(struct error *err)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(http_client_freep) struct http_client *http = NULL;
	_cleanup_(monitor_freep) struct monitor *monitor = NULL;
	_cleanup_close_ int statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	struct monitor_with with = {
		.wall = wall_read,
		.channel_fd = ENGINE_CHANNEL_FD,
		.statm_fd = statm_fd,
	};
	int r = loop_new(&loop);

	if (r == 0)
		r = http_client_new(&http, loop);
	if (r < 0)
		return error_errno(err, r, "start");
	with.loop = loop;
	with.http = http;
	r = monitor_new(&monitor, &with, err);
	if (r == 0)
		r = confine(err);
	if (r == 0)
		loop_run(loop);
	return r;
}

int main(int argc, char **argv)
{
	struct error err = { 0 };

	log_init("svcd-health", LOG_INFO);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("svcd-health %s\n", SVCD_VERSION) < 0;
	if (argc != 1 || !is_channel(ENGINE_CHANNEL_FD)) {
		fputs("svcd-health is started by svcd-supervisor, not by hand\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_open_files();
	if (serve(&err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
