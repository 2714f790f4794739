/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notice.c - lines of KEY=VALUE; the last of a key counts, as in systemd.
 */
#include "keeper/notice.h"

#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *line;
	size_t flag; /* offset of the bool that it sets */
} flags[] = {
	{ "FDSTORE=1", offsetof(struct notice, store) },
	{ "FDSTOREREMOVE=1", offsetof(struct notice, remove) },
	{ "READY=1", offsetof(struct notice, ready) },
	{ "X_SVCD_REEXEC=1", offsetof(struct notice, reexec) },
};
static const char *const for_the_keeper[] = {
	"FDSTORE=", "FDSTOREREMOVE=", "FDNAME=", "FDPOLL=", "X_SVCD_"
};

static void read_name(struct notice *notice, const char *name, size_t size)
{
	notice->name[0] = '\0';
	if (size > FD_NAME_MAX_BYTES || memchr(name, '\0', size))
		return;
	memcpy(notice->name, name, size);
	notice->name[size] = '\0';
	if (!fd_name_is_good(notice->name))
		notice->name[0] = '\0';
}

static void read_line(struct notice *notice, const char *line, size_t size)
{
	static const char fdname[] = "FDNAME=";

	if (size >= strlen(fdname) && memcmp(line, fdname, strlen(fdname)) == 0)
		read_name(notice, line + strlen(fdname), size - strlen(fdname));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strlen(flags[i].line) == size &&
			memcmp(flags[i].line, line, size) == 0)
			*(bool *)((char *)notice + flags[i].flag) = true;
}

void notice_read(struct notice *ret, const char *bytes, size_t size)
{
	*ret = (struct notice){ 0 };
	while (size > 0) {
		const char *end = memchr(bytes, '\n', size);
		size_t line_size = end ? (size_t)(end - bytes) : size;

		read_line(ret, bytes, line_size);
		bytes += line_size + (end ? 1 : 0);
		size -= line_size + (end ? 1 : 0);
	}
}

static bool is_for_the_keeper(const char *line)
{
	for (size_t i = 0; i < ARRAY_LEN(for_the_keeper); i++)
		if (strncmp(line, for_the_keeper[i], strlen(for_the_keeper[i])) == 0)
			return true;
	return false;
}

void notice_leave_words(char *text)
{
	char *out = text;

	for (const char *line = text; *line;) {
		size_t size = strcspn(line, "\n");
		size_t next = size + (line[size] ? 1 : 0);

		if (size > 0 && !is_for_the_keeper(line)) {
			if (out > text)
				*out++ = '\n';
			memmove(out, line, size);
			out += size;
		}
		line += next;
	}
	*out = '\0';
}
