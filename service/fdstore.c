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
	unsigned number;
	bool poll;
	char name[FDSTORE_NAME_BYTES];
};

struct fdstore {
	struct kept items[FDSTORE_MAX];
	size_t count;
	unsigned numbers; /* given so far */
	struct fdstore_user user;
};

int fdstore_new(struct fdstore **ret, const struct fdstore_user *user)
{
	*ret = calloc(1, sizeof(**ret));
	if (*ret && user)
		(*ret)->user = *user;
	return *ret ? 0 : -ENOMEM;
}

static void tell_kept(const struct fdstore *store, const struct kept *kept)
{
	if (store->user.kept)
		store->user.kept(store->user.owner, kept->number, kept->fd);
}

static void forget(const struct fdstore *store, const struct kept *kept)
{
	if (store->user.dropped)
		store->user.dropped(store->user.owner, kept->number);
	stranger_close(kept->fd);
}

struct fdstore *fdstore_free(struct fdstore *store)
{
	if (!store)
		return NULL;
	for (size_t i = 0; i < store->count; i++)
		forget(store, &store->items[i]);
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
	const struct fdstore_was as = { *name ? name : "stored", ++store->numbers, poll };
	int r = fdstore_take_back(store, fd, &as);

	if (r == 0)
		tell_kept(store, &store->items[store->count - 1]);
	return r;
}

int fdstore_take_back(struct fdstore *store, int fd, const struct fdstore_was *was)
{
	struct kept *kept;

	if (!is_name(was->name))
		return FDSTORE_E_NAME;
	for (size_t i = 0; i < store->count; i++) {
		if (is_same_file(store->items[i].fd, fd))
			return FDSTORE_E_THERE;
	}
	if (store->count == FDSTORE_MAX && fdstore_sweep(store) == FDSTORE_MAX)
		return FDSTORE_E_FULL;
	kept = &store->items[store->count];
	*kept = (struct kept){ .fd = fd, .number = was->number, .poll = was->poll };
	memcpy(kept->name, was->name, strlen(was->name) + 1);
	store->numbers = MAX(store->numbers, was->number);
	store->count++;
	return 0;
}

static void drop(struct fdstore *store, size_t index)
{
	forget(store, &store->items[index]);
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

int fdstore_copy(struct fdstore **ret, const struct fdstore *store,
	const struct fdstore_user *user)
{
	_cleanup_(fdstore_freep) struct fdstore *copy = NULL;
	int r = fdstore_new(&copy, user);

	for (size_t i = 0; r == 0 && i < store->count; i++) {
		struct kept *kept = &copy->items[i];

		*kept = store->items[i];
		kept->fd = fcntl(kept->fd, F_DUPFD_CLOEXEC, 3);
		if (kept->fd < 0)
			return -errno;
		kept->number = ++copy->numbers;
		copy->count++;
		tell_kept(copy, kept);
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

size_t fdstore_count(const struct fdstore *store)
{
	return store->count;
}

unsigned fdstore_number(const struct fdstore *store, size_t index)
{
	return store->items[index].number;
}

bool fdstore_polls(const struct fdstore *store, size_t index)
{
	return store->items[index].poll;
}
