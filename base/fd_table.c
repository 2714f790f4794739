/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fd_table.c - a sorted array; moving its tail costs less than a system call.
 */
#include "base/fd_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { ROOM_FIRST = 16 };

bool fd_name_is_good(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > FD_NAME_MAX_BYTES)
		return false;
	for (const char *at = name; *at; at++)
		if (*at <= ' ' || *at > '~' || *at == ':')
			return false;
	return true;
}

/* The first item whose name is not before `name`. */
size_t fd_table_first(const struct fd_table *table, const char *prefix)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(table->items[middle].name, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct named_fd *fd_table_find(const struct fd_table *table, const char *name)
{
	size_t at = fd_table_first(table, name);

	return at < table->count && strcmp(table->items[at].name, name) == 0
		       ? &table->items[at]
		       : NULL;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int make_room(struct fd_table *table)
{
	size_t room = table->room > 0 ? table->room * 2 : ROOM_FIRST;
	struct named_fd *bigger;

	if (table->count < table->room)
		return 0;
	bigger = reallocarray(table->items, room, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	table->items = bigger;
	table->room = room;
	return 0;
}

int fd_table_put(struct fd_table *table, const char *name, int fd)
{
	_cleanup_close_ int owned = fd;
	_cleanup_free_ char *copy = NULL;
	struct named_fd *place;
	size_t at, size;

	if (!fd_name_is_good(name))
		return -EINVAL;
	place = fd_table_find(table, name);
	if (place) {
		close_fd(place->fd);
		*place = (struct named_fd){ .name = place->name, .fd = TAKE_FD(owned) };
		return 0;
	}
	size = strlen(name) + 1;
	if (table->count >= FD_TABLE_MAX ||
		table->names_bytes + size > FD_NAMES_MAX_BYTES)
		return -ENOSPC;
	copy = strdup(name);
	if (!copy || make_room(table) < 0)
		return -ENOMEM;
	at = fd_table_first(table, name);
	place = &table->items[at];
	memmove(place + 1, place, (table->count - at) * sizeof(*place));
	*place = (struct named_fd){ .name = TAKE(copy), .fd = TAKE_FD(owned) };
	table->count++;
	table->names_bytes += size;
	return 0;
}

bool fd_table_remove(struct fd_table *table, const char *name)
{
	struct named_fd *found = fd_table_find(table, name);
	size_t after;

	if (!found)
		return false;
	table->names_bytes -= strlen(found->name) + 1;
	free(found->name);
	close_fd(found->fd);
	after = table->count - (size_t)(found - table->items) - 1;
	memmove(found, found + 1, after * sizeof(*found));
	table->count--;
	return true;
}

char *fd_table_names(const struct fd_table *table)
{
	char *names = malloc(table->names_bytes + 1), *at = names;

	if (!names)
		return NULL;
	for (size_t i = 0; i < table->count; i++) {
		if (i > 0)
			*at++ = ':';
		at = stpcpy(at, table->items[i].name);
	}
	*at = '\0';
	return names;
}

void fd_table_done(struct fd_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->items[i].name);
		close_fd(table->items[i].fd);
	}
	free(table->items);
	*table = (struct fd_table){ 0 };
}
