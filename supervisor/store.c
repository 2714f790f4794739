/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.c - the supervisor's end of the protocol that systemd speaks with its services.
 *
 * Not libsystemd's: sd_notify() would open a socket for each word, and the keeper may be
 * slow; here is one socket, and words that would have to wait are dropped (WATCHDOG=1
 * comes again).
 */
#include "supervisor/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/text.h"

enum { FIRST_FD = 3, MAX_FDS = 16384 };

struct store {
	struct kept {
		char *name;
		int fd; /* owned */
	} * items;
	size_t count;
	int notify; /* connected datagram socket; -1: nobody listens */
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

static int add(struct store *store, const char *name, int fd)
{
	_cleanup_free_ char *copy = strdup(name);
	struct kept *bigger =
		reallocarray(store->items, store->count + 1, sizeof(*bigger));

	if (bigger)
		store->items = bigger;
	if (!copy || !bigger)
		return -ENOMEM;
	store->items[store->count++] = (struct kept){ TAKE(copy), fd };
	return 0;
}

static int take_fds(struct store *store)
{
	const char *given = getenv("LISTEN_FDNAMES");
	_cleanup_free_ char *names = strdup(given ? given : "");
	int64_t count = number_from("LISTEN_FDS");
	char *rest = names;

	if (!names)
		return -ENOMEM;
	if (number_from("LISTEN_PID") != getpid() || count > MAX_FDS)
		return 0;
	for (int i = 0; i < count; i++) {
		const char *name = strsep(&rest, ":");
		int r;

		r = fd_set_cloexec(FIRST_FD + i, true);
		if (r == 0)
			r = add(store, name && *name ? name : "unknown", FIRST_FD + i);
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
	for (size_t i = 0; i < store->count; i++) {
		free(store->items[i].name);
		close(store->items[i].fd);
	}
	if (store->notify >= 0)
		close(store->notify);
	free(store->items);
	free(store);
	return NULL;
}

int store_fd(const struct store *store, const char *name)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->items[i].name, name) == 0)
			return store->items[i].fd;
	return -1;
}

static int send_fd(const struct store *store, const char *text, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec iov = { .iov_len = strlen(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	_cleanup_free_ char *bytes = strdup(text);

	if (!bytes)
		return -ENOMEM;
	iov.iov_base = bytes;
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	if (FAILPOINT_CALL("store.send", sendmsg(store->notify, &message, MSG_NOSIGNAL)) <
		0)
		return -errno;
	return 0;
}

int store_put(struct store *store, const char *name, int fd)
{
	_cleanup_close_ int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
	_cleanup_free_ char *text = text_format("FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	int r;

	if (copy < 0)
		return -errno;
	if (!text)
		return -ENOMEM;
	r = add(store, name, copy);
	if (r < 0)
		return r;
	(void)TAKE_FD(copy);
	return store->notify >= 0 ? send_fd(store, text, fd) : 0;
}

void store_drop(struct store *store, const char *name)
{
	_cleanup_free_ char *text = text_format("FDSTOREREMOVE=1\nFDNAME=%s", name);

	for (size_t i = 0; i < store->count; i++) {
		if (strcmp(store->items[i].name, name) != 0)
			continue;
		if (text)
			store_say(store, text);
		free(store->items[i].name);
		close(store->items[i].fd);
		store->items[i] = store->items[--store->count];
		return;
	}
}

const char *store_name(const struct store *store, const char *prefix, size_t index)
{
	for (size_t i = 0; i < store->count; i++)
		if (text_starts(store->items[i].name, prefix) && index-- == 0)
			return store->items[i].name;
	return NULL;
}

void store_say(const struct store *store, const char *text)
{
	if (store->notify >= 0)
		(void)send_fd(store, text, -1);
}

int64_t store_watchdog_us(const struct store *store)
{
	return store->watchdog_us;
}
