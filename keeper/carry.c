/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carry.c - the list, written and read.
 */
#include "keeper/carry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/number.h"

static const char variable[] = "SVCD_CARRY"; /* PID:FD: not for our children */

static void set_cloexec(const struct fd_table *table, int flag)
{
	for (size_t i = 0; i < table->count; i++)
		(void)fcntl(table->items[i].fd, F_SETFD, flag);
}

static void write_fds(FILE *out, const char *word, const struct fd_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		fprintf(out, "%s %d %s\n", word, table->items[i].fd,
			table->items[i].name);
}

static int write_list(const struct carry *carry, int fd)
{
	_cleanup_fclose_ FILE *out = fdopen(fd, "w");
	const struct orphans *orphans = carry->orphans;

	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	write_fds(out, "kept", carry->kept);
	write_fds(out, "own", carry->own);
	for (size_t at = orphans->first; at < orphans->end; at++) {
		char line[ORPHAN_LINE_BYTES];

		orphan_write(line, &orphans->items[at % ORPHANS_KEPT]);
		fprintf(out, "orphan %s", line);
	}
	fputs(carry->unknown ? carry->unknown : "", out);
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}

int carry_pack(const struct carry *carry)
{
	/* not close-on-exec: it is to be found */
	_cleanup_close_ int list = memfd_create("carry", 0);
	int copy = list < 0 ? -1 : fcntl(list, F_DUPFD_CLOEXEC, 0), r;
	char value[32];

	if (copy < 0)
		return -errno;
	r = write_list(carry, copy);
	if (r < 0)
		return r;
	snprintf(value, sizeof(value), "%d:%d", getpid(), list);
	if (setenv(variable, value, 1) < 0)
		return -ENOMEM;
	set_cloexec(carry->kept, 0);
	set_cloexec(carry->own, 0);
	(void)TAKE_FD(list);
	return 0;
}

/* The number in the variable; -1: there is none that is for us. */
static int list_from_environment(void)
{
	const char *at = secure_getenv(variable);
	int64_t pid = 0, fd = -1;
	bool ours = at && number_take(&at, 1, INT32_MAX, &pid) && *at++ == ':' &&
		    number_take(&at, 0, INT32_MAX, &fd) && !*at && pid == getpid();

	unsetenv(variable);
	return ours ? (int)fd : -1;
}

void carry_unpack(const struct carry *carry)
{
	_cleanup_close_ int list = list_from_environment();

	(void)list;
	set_cloexec(carry->kept, FD_CLOEXEC);
	set_cloexec(carry->own, FD_CLOEXEC);
}

/* "FD NAME". False: it is none. */
static bool take_fd(struct fd_table *table, const char *rest)
{
	int64_t fd = -1;

	if (!number_take(&rest, 0, INT32_MAX, &fd) || *rest++ != ' ' ||
		!fd_name_is_good(rest) || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return false;
	return fd_table_put(table, rest, (int)fd) == 0;
}

static bool take_line(struct carry *carry, const char *line)
{
	struct orphan orphan;

	if (strncmp(line, "kept ", 5) == 0)
		return take_fd(carry->kept, line + 5);
	if (strncmp(line, "own ", 4) == 0)
		return take_fd(carry->own, line + 4);
	if (strncmp(line, "orphan ", 7) == 0 && orphan_read(&orphan, line + 7))
		return orphans_add(carry->orphans, &orphan) == 0;
	return false;
}

static int keep_unknown(struct carry *carry, const char *line)
{
	char *more;

	if (asprintf(&more, "%s%s\n", carry->unknown ? carry->unknown : "", line) < 0)
		return -ENOMEM;
	free(carry->unknown);
	carry->unknown = more;
	return 0;
}

static char *read_list(int fd)
{
	_cleanup_free_ char *text = NULL;
	struct stat found;
	size_t size = 0;

	if (fstat(fd, &found) < 0 || found.st_size > CARRY_MAX_BYTES)
		return NULL;
	text = calloc(1, (size_t)found.st_size + 1);
	while (text && size < (size_t)found.st_size) {
		ssize_t got =
			pread(fd, text + size, (size_t)found.st_size - size, (off_t)size);

		if (got <= 0)
			return NULL;
		size += (size_t)got;
	}
	return TAKE(text);
}

int carry_take(struct carry *ret)
{
	_cleanup_close_ int list = list_from_environment();
	_cleanup_free_ char *text = list >= 0 ? read_list(list) : NULL;
	char *rest = text, *line;

	if (list < 0)
		return 0;
	if (!text)
		return -EIO;
	while ((line = strsep(&rest, "\n"))) {
		if (!line[0] || take_line(ret, line))
			continue;
		if (keep_unknown(ret, line) < 0)
			return -ENOMEM;
	}
	return 1;
}
