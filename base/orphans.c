/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * orphans.c - a ring of exits, and its lines.
 */
#include "base/orphans.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { STAT_BYTES = 1024, FIELDS_BEFORE_START = 19 /* after the name */ };

int orphans_add(struct orphans *orphans, const struct orphan *orphan)
{
	if (!orphans->items)
		orphans->items = calloc(ORPHANS_KEPT, sizeof(*orphans->items));
	if (!orphans->items)
		return -ENOMEM;
	orphans->items[orphans->end++ % ORPHANS_KEPT] = *orphan;
	if (orphans->end - orphans->first > ORPHANS_KEPT)
		orphans->first = orphans->end - ORPHANS_KEPT;
	return 0;
}

const struct orphan *orphans_find(
	const struct orphans *orphans, pid_t pid, uint64_t start)
{
	for (size_t at = orphans->end; at > orphans->first; at--) {
		const struct orphan *orphan = &orphans->items[(at - 1) % ORPHANS_KEPT];

		if (orphan->pid == pid && orphan->start == start)
			return orphan;
	}
	return NULL;
}

void orphans_forget(struct orphans *orphans, size_t end)
{
	orphans->first = MAX(orphans->first, MIN(end, orphans->end));
}

char *orphans_text(const struct orphans *orphans, size_t from)
{
	size_t at = MAX(from, orphans->first), size = 0;
	size_t room = at < orphans->end ? orphans->end - at : 0;
	char *text = malloc(room * ORPHAN_LINE_BYTES + 1);

	if (!text)
		return NULL;
	for (; at < orphans->end; at++) {
		char line[ORPHAN_LINE_BYTES];
		size_t length = orphan_write(line, &orphans->items[at % ORPHANS_KEPT]);

		memcpy(text + size, line, length);
		size += length;
	}
	text[size] = '\0';
	return text;
}

void orphans_done(struct orphans *orphans)
{
	free(orphans->items);
	*orphans = (struct orphans){ 0 };
}

bool orphan_read(struct orphan *ret, const char *line)
{
	struct orphan orphan = { 0 };
	int end = 0;

	if (strlen(line) >= ORPHAN_LINE_BYTES ||
		sscanf(line, "%d %" SCNu64 " %d %d%n", &orphan.pid, &orphan.start,
			&orphan.code, &orphan.status, &end) != 4 ||
		line[end] != '\0' || orphan.pid <= 0)
		return false;
	*ret = orphan;
	return true;
}

size_t orphan_write(char ret[static ORPHAN_LINE_BYTES], const struct orphan *orphan)
{
	return (size_t)snprintf(ret, ORPHAN_LINE_BYTES, "%d %" PRIu64 " %d %d\n",
		orphan->pid, orphan->start, orphan->code, orphan->status);
}

int process_start(pid_t pid, uint64_t *ret)
{
	char path[32], stat[STAT_BYTES];
	_cleanup_close_ int fd = -1;
	const char *at;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = read(fd, stat, sizeof(stat) - 1);
	if (size < 0)
		return -errno;
	stat[size] = '\0';
	/* the name may hold anything, also ") 1 2": its end is the last bracket */
	at = strrchr(stat, ')');
	for (int i = 0; at && i <= FIELDS_BEFORE_START; i++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%" SCNu64, ret) == 1 ? 0 : -EBADMSG;
}
