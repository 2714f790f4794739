/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * outer.c - sends, and remembers what could not be sent.
 */
#include "keeper/outer.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/fd_send.h"

enum { STORE_TEXT_BYTES = FD_NAME_MAX_BYTES + 64 };

/* A path, or "@" and an abstract name. */
static int connect_to(const char *address)
{
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t size = strlen(address);

	if (fd < 0 || (address[0] != '/' && address[0] != '@') ||
		size >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, address, size);
	if (address[0] == '@')
		to.sun_path[0] = '\0';
	size += offsetof(struct sockaddr_un, sun_path) + (address[0] == '/' ? 1 : 0);
	if (connect(fd, (const struct sockaddr *)&to, (socklen_t)size) < 0)
		return -1;
	return TAKE_FD(fd);
}

void outer_open(struct outer *outer, const char *address)
{
	*outer = (struct outer){ .socket = address ? connect_to(address) : -1 };
}

void outer_done(struct outer *outer)
{
	if (outer->socket >= 0)
		close(outer->socket);
	fd_table_done(&outer->gone);
	*outer = (struct outer){ .socket = -1 };
}

/* True when it has it, or never will: only a full queue is worth another try. */
static bool sent(const struct outer *outer, const char *text, int fd)
{
	return FAILPOINT_CALL("keeper.outer", fd_send(outer->socket, text, fd)) >= 0 ||
	       (errno != EAGAIN && errno != EINTR && errno != ENOBUFS);
}

static bool put_sent(const struct outer *outer, const struct named_fd *item)
{
	char text[STORE_TEXT_BYTES];

	snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", item->name);
	return sent(outer, text, item->fd);
}

static bool forget_sent(const struct outer *outer, const char *name)
{
	char text[STORE_TEXT_BYTES];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	return sent(outer, text, -1);
}

static void give(struct outer *outer, struct named_fd *item)
{
	if (outer->socket < 0)
		return;
	if (outer->owed == 0 && outer->gone.count == 0 && put_sent(outer, item))
		return;
	item->marked = true;
	outer->owed++;
}

static void forget(struct outer *outer, struct named_fd *item)
{
	if (outer->socket < 0)
		return;
	outer->owed -= item->marked ? 1 : 0;
	item->marked = false;
	if (outer->gone.count > 0 || !forget_sent(outer, item->name))
		(void)fd_table_put(&outer->gone, item->name, -1);
}

/* systemd's store knows several fds by one name, ours one: so the older goes first. */
int outer_keep(struct outer *outer, struct fd_table *table, const char *name, int fd)
{
	struct named_fd *old = fd_table_find(table, name);
	int r;

	if (old)
		forget(outer, old);
	r = fd_table_put(table, name, fd);
	if (r == 0)
		give(outer, fd_table_find(table, name));
	return r;
}

void outer_drop(struct outer *outer, struct fd_table *table, const char *name)
{
	struct named_fd *old = fd_table_find(table, name);

	if (old)
		forget(outer, old);
	fd_table_remove(table, name);
}

void outer_say(struct outer *outer, const char *text)
{
	size_t used = strlen(outer->words);

	if (outer->socket < 0 || !text[0] || sent(outer, text, -1) ||
		strcmp(text, "WATCHDOG=1") == 0)
		return;
	if (used + 1 + strlen(text) < sizeof(outer->words))
		snprintf(outer->words + used, sizeof(outer->words) - used, "%s%s",
			used > 0 ? "\n" : "", text);
}

/* Names go first: one of them may have been put again. */
bool outer_settle(struct outer *outer, struct fd_table *table)
{
	if (outer->socket < 0)
		return true;
	if (outer->words[0] && !sent(outer, outer->words, -1))
		return false;
	outer->words[0] = '\0';
	while (outer->gone.count > 0) {
		const char *name = outer->gone.items[outer->gone.count - 1].name;

		if (!forget_sent(outer, name))
			return false;
		fd_table_remove(&outer->gone, name);
	}
	for (size_t i = 0; outer->owed > 0 && i < table->count; i++) {
		struct named_fd *item = &table->items[i];

		if (!item->marked)
			continue;
		if (!put_sent(outer, item))
			return false;
		item->marked = false;
		outer->owed--;
	}
	return true;
}
