/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fdstore.c - a bounded list of descriptors with names.
 */
#include "service/fdstore.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/stranger.h"

struct kept {
	int fd;
	bool poll;
	char name[FDSTORE_NAME_BYTES];
};

struct fdstore {
	struct kept items[FDSTORE_MAX];
	size_t count;
};

int fdstore_new(struct fdstore **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct fdstore *fdstore_free(struct fdstore *store)
{
	if (!store)
		return NULL;
	for (size_t i = 0; i < store->count; i++)
		stranger_close(store->items[i].fd);
	free(store);
	return NULL;
}

/* The same open file, not only the same inode: all of an anonymous kind share one. */
static bool is_same_file(int a, int b)
{
	const pid_t self = getpid();

	return syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

/* $LISTEN_FDNAMES separates by colons. */
static bool is_name(const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < size; i++) {
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
			return false;
	}
	return size > 0 && size < FDSTORE_NAME_BYTES;
}

int fdstore_add(struct fdstore *store, int fd, const char *name, bool poll)
{
	struct kept *kept;

	if (!*name)
		name = "stored";
	if (!is_name(name))
		return FDSTORE_E_NAME;
	for (size_t i = 0; i < store->count; i++) {
		if (is_same_file(store->items[i].fd, fd))
			return FDSTORE_E_THERE;
	}
	if (store->count == FDSTORE_MAX && fdstore_sweep(store) == FDSTORE_MAX)
		return FDSTORE_E_FULL;
	kept = &store->items[store->count];
	*kept = (struct kept){ .fd = fd, .poll = poll };
	memcpy(kept->name, name, strlen(name) + 1);
	store->count++;
	return 0;
}

static void drop(struct fdstore *store, size_t index)
{
	stranger_close(store->items[index].fd);
	store->count--;
	memmove(&store->items[index], &store->items[index + 1],
		(store->count - index) * sizeof(store->items[0]));
}

void fdstore_remove(struct fdstore *store, const char *name)
{
	for (size_t i = store->count; i > 0; i--) {
		if (strcmp(store->items[i - 1].name, name) == 0)
			drop(store, i - 1);
	}
}

int fdstore_copy(struct fdstore **ret, const struct fdstore *store)
{
	_cleanup_(fdstore_freep) struct fdstore *copy = NULL;
	int r = fdstore_new(&copy);

	for (size_t i = 0; r == 0 && i < store->count; i++) {
		struct kept *kept = &copy->items[i];

		*kept = store->items[i];
		kept->fd = fcntl(kept->fd, F_DUPFD_CLOEXEC, 3);
		if (kept->fd < 0)
			return -errno;
		copy->count++;
	}
	if (r == 0)
		*ret = TAKE(copy);
	return r;
}

static bool is_hung_up(int fd)
{
	struct pollfd ask = { .fd = fd };

	return poll(&ask, 1, 0) == 1 && (ask.revents & (POLLHUP | POLLERR | POLLNVAL));
}

size_t fdstore_sweep(struct fdstore *store)
{
	for (size_t i = store->count; i > 0; i--) {
		if (store->items[i - 1].poll && is_hung_up(store->items[i - 1].fd))
			drop(store, i - 1);
	}
	return store->count;
}

int fdstore_fd(const struct fdstore *store, size_t index)
{
	return store->items[index].fd;
}

const char *fdstore_name(const struct fdstore *store, size_t index)
{
	return store->items[index].name;
}
