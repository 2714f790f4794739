/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.c - the supervisor's end of the protocol that systemd speaks with its services.
 *
 * Not libsystemd's: sd_notify() would open a socket for each word, and the keeper may be
 * slow. Here is one socket: what must not be lost (fds) waits a moment for room, words
 * that would have to wait are dropped (WATCHDOG=1 comes again).
 */
#include "supervisor/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/fd_send.h"
#include "base/text.h"

#include "supervisor/keeper_lines.h"

enum { FIRST_FD = 3, SEND_WAIT_MS = 1000 };

struct store {
	struct fd_table table; /* exactly what the keeper holds for us */
	struct keeper_lines lines;
	int keeper; /* its pipe; -1: none */
	int notify; /* connected datagram socket; -1: nobody listens */
	bool deaf;  /* the keeper let us wait in vain: not again before it hears */
	int64_t watchdog_us;
};

static int64_t number_from(const char *key)
{
	const char *text = getenv(key);
	char *end = NULL;
	long long number;

	errno = 0;
	number = text ? strtoll(text, &end, 10) : 0;
	return text && !errno && end != text && !*end ? number : 0;
}

/* What is of no use to a store goes; the keeper has it still. */
static int take_fd(struct store *store, const char *name, int fd)
{
	_cleanup_close_ int owned = fd;
	int r;

	if (text_equal(name, STORE_KEEPER)) {
		store->keeper = TAKE_FD(owned);
		return 0;
	}
	if (text_equal(name, STORE_ORPHANS))
		return keeper_lines_load(&store->lines, owned);
	r = fd_table_put(&store->table, name, TAKE_FD(owned));
	return r == -ENOMEM ? r : 0;
}

static int take_fds(struct store *store)
{
	const char *given = getenv("LISTEN_FDNAMES");
	_cleanup_free_ char *names = strdup(given ? given : "");
	int64_t count = number_from("LISTEN_FDS");
	char *rest = names;

	if (!names)
		return -ENOMEM;
	if (number_from("LISTEN_PID") != getpid() || count > FD_TABLE_MAX + 2)
		return 0;
	/* one call for some thousands of them */
	if (count > 0 && close_range(FIRST_FD, FIRST_FD + (unsigned)count - 1,
				 CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		const char *name = strsep(&rest, ":");
		int r = take_fd(store, name ? name : "", FIRST_FD + i);

		if (r < 0)
			return r;
	}
	return 0;
}

static int connect_notify(const char *path)
{
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int store_new(struct store **ret, struct error *err)
{
	static const char *const variables[] = { "LISTEN_PID", "LISTEN_FDS",
		"LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC" };
	struct store *store = calloc(1, sizeof(*store));
	const char *path = getenv("NOTIFY_SOCKET");
	int r;

	if (!store)
		return error_errno(err, -ENOMEM, "store");
	store->keeper = -1;
	store->notify = path ? connect_notify(path) : -1;
	if (number_from("WATCHDOG_PID") == getpid())
		store->watchdog_us = number_from("WATCHDOG_USEC");
	r = take_fds(store);
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	if (r == 0 && path && store->notify < 0)
		r = store->notify;
	if (r < 0) {
		store_free(store);
		return error_errno(err, r, "what the keeper handed over");
	}
	*ret = store;
	return 0;
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	keeper_lines_done(&store->lines);
	fd_table_done(&store->table);
	if (store->keeper >= 0)
		close(store->keeper);
	if (store->notify >= 0)
		close(store->notify);
	free(store);
	return NULL;
}

/* ---- to the keeper ------------------------------------------------------------- */

static int send_now(const struct store *store, const char *text, int fd)
{
	return FAILPOINT_CALL("store.send", fd_send(store->notify, text, fd)) < 0 ? -errno
										  : 0;
}

/* A queue that is full is waited for; a keeper that does not empty it (it is stopped, or
 * worse) costs us the wait once, not for each fd. */
static int send_surely(struct store *store, const char *text, int fd)
{
	struct pollfd room = { .fd = store->notify, .events = POLLOUT };
	int r;

	if (store->notify < 0)
		return 0;
	while ((r = send_now(store, text, fd)) == -EAGAIN || r == -EINTR) {
		if (store->deaf)
			return -ETIMEDOUT;
		if (poll(&room, 1, SEND_WAIT_MS) == 0)
			store->deaf = true;
	}
	store->deaf = store->deaf && r < 0;
	FAILPOINT("store.sent");
	return r;
}

void store_say(const struct store *store, const char *text)
{
	if (store->notify >= 0)
		(void)send_now(store, text, -1);
}

int store_reexec(struct store *store)
{
	return store->notify < 0 ? -ENOTCONN : send_surely(store, "X_SVCD_REEXEC=1", -1);
}

int64_t store_watchdog_us(const struct store *store)
{
	return store->watchdog_us;
}

/* ---- fds ----------------------------------------------------------------------- */

void store_instance_name(char ret[static STORE_NAME_BYTES], const char *service,
	unsigned n, const char *part)
{
	snprintf(ret, STORE_NAME_BYTES, "%s.%u/%s", service, n, part);
}

int store_fd(const struct store *store, const char *name)
{
	const struct named_fd *found = fd_table_find(&store->table, name);

	return found ? found->fd : -1;
}

/* `kept` (taken, may be -1) stands here, `fd` goes to the keeper. */
static int give(struct store *store, const char *name, int kept, int fd)
{
	_cleanup_free_ char *text = text_format("FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	int r = fd_table_put(&store->table, name, kept);

	if (r < 0)
		return r;
	r = text ? send_surely(store, text, fd) : -ENOMEM;
	if (r < 0)
		fd_table_remove(&store->table, name);
	return r;
}

int store_put(struct store *store, const char *name, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);

	return copy < 0 ? -errno : give(store, name, copy, fd);
}

int store_lend(struct store *store, const char *name, int fd)
{
	return give(store, name, -1, fd);
}

int store_take(struct store *store, const char *name)
{
	struct named_fd *found = fd_table_find(&store->table, name);

	return found ? TAKE_FD(found->fd) : -1;
}

void store_drop(struct store *store, const char *name)
{
	_cleanup_free_ char *text = text_format("FDSTOREREMOVE=1\nFDNAME=%s", name);

	if (fd_table_find(&store->table, name) && text)
		(void)send_surely(store, text, -1);
	fd_table_remove(&store->table, name); /* last: `name` may be the table's own */
}

const char *store_name(const struct store *store, const char *prefix, size_t index)
{
	size_t at = fd_table_first(&store->table, prefix) + index;

	return at < store->table.count && text_starts(store->table.items[at].name, prefix)
		       ? store->table.items[at].name
		       : NULL;
}

/* ---- what the keeper tells ----------------------------------------------------- */

int store_listen(struct store *store, struct loop *loop, const struct store_user *user,
	void *owner)
{
	store->lines.user = user;
	store->lines.owner = owner;
	return store->keeper < 0
		       ? 0
		       : keeper_lines_listen(&store->lines, loop, store->keeper);
}

bool store_orphan(
	const struct store *store, pid_t pid, uint64_t start, struct orphan *ret)
{
	const struct orphan *found = orphans_find(&store->lines.orphans, pid, start);

	if (found)
		*ret = *found;
	return found;
}
