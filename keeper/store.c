/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.c - a table of (name, fd) in order of arrival.
 *
 * Not here: who may put (keeper.c), and how the supervisor is handed them (start.c).
 */
#include "keeper/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

bool store_name_is_good(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > STORE_NAME_MAX_BYTES)
		return false;
	for (const char *at = name; *at; at++)
		if (*at <= ' ' || *at > '~' || *at == ':')
			return false;
	return true;
}

static struct stored *find(const struct store *store, const char *name)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->items[i].name, name) == 0)
			return &store->items[i];
	return NULL;
}

static size_t names_size(const struct store *store)
{
	size_t size = 0;

	for (size_t i = 0; i < store->count; i++)
		size += strlen(store->items[i].name) + 1;
	return size;
}

int store_put(struct store *store, const char *name, int fd)
{
	_cleanup_close_ int owned = fd;
	_cleanup_free_ char *copy = NULL;
	struct stored *bigger, *old;

	if (!store_name_is_good(name))
		return -EINVAL;
	old = find(store, name);
	if (old) {
		close(old->fd);
		old->fd = TAKE_FD(owned);
		return 0;
	}
	if (store->count >= STORE_MAX_FDS ||
		names_size(store) + strlen(name) + 1 > STORE_NAMES_MAX_BYTES)
		return -ENOSPC;
	copy = strdup(name);
	bigger = reallocarray(store->items, store->count + 1, sizeof(*bigger));
	if (bigger)
		store->items = bigger;
	if (!copy || !bigger)
		return -ENOMEM;
	store->items[store->count++] = (struct stored){ TAKE(copy), TAKE_FD(owned) };
	return 0;
}

int store_fd(const struct store *store, const char *name)
{
	const struct stored *found = find(store, name);

	return found ? found->fd : -1;
}

bool store_remove(struct store *store, const char *name)
{
	struct stored *found = find(store, name);
	size_t after;

	if (!found)
		return false;
	free(found->name);
	close(found->fd);
	after = store->count - (size_t)(found - store->items) - 1;
	memmove(found, found + 1, after * sizeof(*found));
	store->count--;
	return true;
}

char *store_names(const struct store *store)
{
	char *names = malloc(names_size(store) + 1), *at = names;

	if (!names)
		return NULL;
	for (size_t i = 0; i < store->count; i++) {
		if (i > 0)
			*at++ = ':';
		at = stpcpy(at, store->items[i].name);
	}
	*at = '\0';
	return names;
}

void store_done(struct store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		free(store->items[i].name);
		close(store->items[i].fd);
	}
	free(store->items);
	*store = (struct store){ 0 };
}
