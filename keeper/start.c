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
#include <sys/prctl.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/log.h"

enum { FIRST_FD = 3, EXIT_NO_EXEC = 127, PIPE_BYTES = 1024 * 1024 };

/* What is handed over, in the order of the fds' numbers. */
struct parcel {
	struct parcel_item {
		const char *name; /* borrowed */
		int fd;
	} * items;
	size_t count;
	char *names;
};

static void parcel_done(struct parcel *parcel)
{
	free(parcel->items);
	free(parcel->names);
}

static int by_number(const void *a, const void *b)
{
	return ((const struct parcel_item *)a)->fd - ((const struct parcel_item *)b)->fd;
}

static int print_names(struct parcel *parcel)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < parcel->count; i++)
		size += strlen(parcel->items[i].name) + 1;
	parcel->names = at = malloc(size);
	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < parcel->count; i++) {
		if (i > 0)
			*at++ = ':';
		at = stpcpy(at, parcel->items[i].name);
	}
	*at = '\0';
	return 0;
}

static int parcel_pack(struct parcel *parcel, const struct start *start, int life)
{
	const struct fd_table *store = start->store;

	parcel->items = calloc(store->count + 2, sizeof(*parcel->items));
	if (!parcel->items)
		return -ENOMEM;
	parcel->items[parcel->count++] = (struct parcel_item){ "keeper", life };
	if (start->orphans >= 0)
		parcel->items[parcel->count++] =
			(struct parcel_item){ "orphans", start->orphans };
	for (size_t i = 0; i < store->count; i++)
		parcel->items[parcel->count++] =
			(struct parcel_item){ store->items[i].name, store->items[i].fd };
	qsort(parcel->items, parcel->count, sizeof(*parcel->items), by_number);
	return print_names(parcel);
}

/* Moves the fds to 3, 4, … and closes all others. In their order, none is overwritten
 * before its turn: the i-th is never below its place, and those after it are above. */
static int place_fds(const struct parcel *parcel)
{
	int at = FIRST_FD;

	for (size_t i = 0; i < parcel->count; i++, at++) {
		int fd = parcel->items[i].fd;

		if (fd == at ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fd, at) < 0)
			return -errno;
	}
	return close_range((unsigned)at, ~0U, 0) < 0 ? -errno : 0;
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

/* One that is stopped when the keeper dies goes on, to see that and to end. */
static void end_with(pid_t keeper)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGCONT);
	if (getppid() != keeper)
		_exit(EXIT_NO_EXEC);
}

static _Noreturn void become(
	const struct start *start, const struct parcel *parcel, pid_t keeper)
{
	const char *folder = secure_getenv("SVCD_LIBEXEC");
	_cleanup_free_ char *path = NULL;
	char *argv[] = { (char[]){ "svcd-supervisor" }, NULL, NULL, NULL };
	sigset_t none;
	int r;

	end_with(keeper);
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
	pid_t keeper = getpid(), pid;

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
		become(start, &parcel, keeper);
	FAILPOINT("keeper.forked");
	*ret_life = TAKE_FD(write_end);
	return pid;
}
