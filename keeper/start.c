/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * start.c - fork, arrange the file descriptors, exec.
 */
#include "keeper/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/log.h"

enum { FIRST_FD = 3, EXIT_NO_EXEC = 127, PIPE_BYTES = 1024 * 1024 };

/* The fds to hand over, in the order of their names. */
struct parcel {
	int *fds;
	size_t count;
	char *names;
};

static void parcel_done(struct parcel *parcel)
{
	free(parcel->fds);
	free(parcel->names);
}

static int parcel_pack(struct parcel *parcel, const struct start *start, int life)
{
	const struct fd_table *store = start->store;
	_cleanup_free_ char *stored = fd_table_names(store);

	parcel->fds = calloc(store->count + 2, sizeof(*parcel->fds));
	if (!parcel->fds || !stored)
		return -ENOMEM;
	parcel->fds[parcel->count++] = life;
	if (start->orphans >= 0)
		parcel->fds[parcel->count++] = start->orphans;
	for (size_t i = 0; i < store->count; i++)
		parcel->fds[parcel->count++] = store->items[i].fd;
	if (asprintf(&parcel->names, "keeper%s%s%s",
		    start->orphans >= 0 ? ":orphans" : "", store->count > 0 ? ":" : "",
		    stored) < 0) {
		parcel->names = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Moves the fds to 3, 4, … and closes all others. First out of the way, so that none is
 * overwritten before its turn. */
static int place_fds(const struct parcel *parcel)
{
	int above = FIRST_FD + (int)parcel->count;

	for (size_t i = 0; i < parcel->count; i++) {
		parcel->fds[i] = fcntl(parcel->fds[i], F_DUPFD_CLOEXEC, above);
		if (parcel->fds[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < parcel->count; i++)
		if (dup2(parcel->fds[i], FIRST_FD + (int)i) < 0)
			return -errno;
	return close_range((unsigned)above, ~0U, 0) < 0 ? -errno : 0;
}

static int set_number(const char *key, int64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return setenv(key, text, 1) < 0 ? -errno : 0;
}

static int set_environment(const struct start *start, const struct parcel *parcel)
{
	if (set_number("LISTEN_PID", getpid()) < 0 ||
		set_number("LISTEN_FDS", (int64_t)parcel->count) < 0 ||
		set_number("WATCHDOG_PID", getpid()) < 0 ||
		set_number("WATCHDOG_USEC", start->watchdog_us) < 0 ||
		setenv("LISTEN_FDNAMES", parcel->names, 1) < 0 ||
		setenv("NOTIFY_SOCKET", start->notify_path, 1) < 0)
		return -ENOMEM;
	return 0;
}

static _Noreturn void become(const struct start *start, const struct parcel *parcel)
{
	const char *folder = secure_getenv("SVCD_LIBEXEC");
	_cleanup_free_ char *path = NULL;
	char *argv[] = { (char[]){ "svcd-supervisor" }, NULL, NULL, NULL };
	sigset_t none;
	int r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_IGN); /* one that comes before it listens must not end it */
	r = place_fds(parcel);
	if (r == 0)
		r = set_environment(start, parcel);
	if (r >= 0 && asprintf(&path, "%s/svcd-supervisor",
			      folder ? folder : SVCD_LIBEXEC_DIR) < 0)
		r = -ENOMEM;
	if (r < 0) {
		log_error("cannot prepare the supervisor: %s", strerror(-r));
		_exit(EXIT_NO_EXEC);
	}
	if (start->root[0]) {
		argv[1] = (char[]){ "--root" };
		argv[2] = strdup(start->root);
	}
	execv(path, argv);
	log_error("exec %s: %s; is the package complete?", path, strerror(errno));
	_exit(EXIT_NO_EXEC);
}

int start_supervisor(const struct start *start, int *ret_life, struct error *err)
{
	_cleanup_(parcel_done) struct parcel parcel = { 0 };
	_cleanup_close_ int read_end = -1, write_end = -1;
	int ends[2], r;
	pid_t pid;

	if (FAILPOINT_CALL("keeper.pipe", pipe2(ends, O_CLOEXEC)) < 0)
		return error_errno(err, -errno, "pipe");
	read_end = ends[0];
	write_end = ends[1];
	/* the keeper waits for nobody */
	(void)fcntl(write_end, F_SETFL, O_NONBLOCK);
	(void)fcntl(write_end, F_SETPIPE_SZ, PIPE_BYTES);
	r = parcel_pack(&parcel, start, read_end);
	if (r < 0)
		return error_errno(err, r, "file descriptors");
	pid = FAILPOINT_CALL("keeper.fork", fork());
	if (pid < 0)
		return error_errno(err, -errno, "fork");
	if (pid == 0)
		become(start, &parcel);
	FAILPOINT("keeper.forked");
	*ret_life = TAKE_FD(write_end);
	return pid;
}
