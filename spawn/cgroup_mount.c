/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_mount.c - reads mountinfo: "ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAG…] - TYPE
 * SOURCE OPTIONS".
 */
#include "spawn/cgroup_mount.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { FIELD_POINT = 4, FIELD_OPTIONS = 5, BASE_NAME_MAX = 200 };

/* A word of a line: up to the next blank or the line's end. */
struct word {
	const char *at;
	size_t size;
};

static struct word word_nth(const char *line, size_t size, unsigned nth)
{
	struct word word = { line, strcspn(line, " \n") };

	while (nth-- > 0 && word.at + word.size < line + size) {
		word.at += word.size + 1;
		word.size = strcspn(word.at, " \n");
	}
	return word;
}

static bool is_cgroup2_writable(const char *line, size_t size)
{
	static const char type[] = " - cgroup2 ";
	struct word options = word_nth(line, size, FIELD_OPTIONS);

	return memmem(line, size, type, sizeof(type) - 1) && options.size >= 2 &&
	       strncmp(options.at, "rw", 2) == 0 &&
	       (options.size == 2 || options.at[2] == ',');
}

/* Blanks and backslashes of a path stand there as \040 and \134. */
static int unescape(char *ret, size_t size, struct word word)
{
	size_t out = 0;

	for (size_t i = 0; i < word.size; i++) {
		const char *at = word.at + i;
		bool escaped = *at == '\\' && word.size - i > 3 &&
			       strspn(at + 1, "01234567") >= 3;

		if (out + 1 >= size)
			return -ENAMETOOLONG;
		if (escaped) {
			ret[out++] = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 +
					    (at[3] - '0'));
			i += 3;
		} else {
			ret[out++] = *at;
		}
	}
	ret[out] = '\0';
	return 0;
}

int cgroup_mount_find(const char *mountinfo, unsigned nth, char *ret, size_t size)
{
	const char *end = mountinfo + strlen(mountinfo);

	while (end > mountinfo) {
		const char *line = end - 1;

		while (line > mountinfo && line[-1] != '\n')
			line--;
		if (is_cgroup2_writable(line, (size_t)(end - line)) && nth-- == 0) {
			return unescape(ret, size,
				word_nth(line, (size_t)(end - line), FIELD_POINT));
		}
		end = line;
	}
	return -ENOENT;
}

void cgroup_base_name(const char *root, char *ret, size_t size)
{
	snprintf(ret, size, "svcd-services%s", root);
	if (strlen(root) > BASE_NAME_MAX) {
		snprintf(ret, size, "svcd-services-%016llx",
			text_hash(root, strlen(root)));
	}
	for (char *at = ret; *at; at++) {
		if (*at == '/')
			*at = '-';
	}
}
