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
#include "base/number.h"

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
	static const struct {
		int64_t least, most;
	} limits[] = { { 1, INT32_MAX }, { 0, INT64_MAX }, { INT32_MIN, INT32_MAX },
		{ INT32_MIN, INT32_MAX } };
	int64_t numbers[ARRAY_LEN(limits)];

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (i > 0 && *line++ != ' ')
			return false;
		if (!number_take(&line, limits[i].least, limits[i].most, &numbers[i]))
			return false;
	}
	if (*line)
		return false;
	*ret = (struct orphan){ (pid_t)numbers[0], (uint64_t)numbers[1], (int)numbers[2],
		(int)numbers[3] };
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
	int64_t start;
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
	if (!at)
		return -EBADMSG;
	at++;
	if (!number_take(&at, 0, INT64_MAX, &start))
		return -EBADMSG;
	*ret = (uint64_t)start;
	return 0;
}
