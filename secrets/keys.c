/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys.c - which `${secret.KEY}` there are, so that a wrong one is refused before
 * a start.
 *
 * Whoever parses declarations must not have secret bytes in its memory. So the keys are
 * not parsed here but looked for at the beginnings of lines, in one buffer that is erased
 * before anything else is read; secrets.c refuses a key that stands elsewhere.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/paths.h"
#include "base/way.h"

#include "secrets/secrets.h"

char *secrets_file(const struct paths *paths, const char *service)
{
	return text_format("%s/secrets/%s.yaml", paths->etc, service);
}

/* ---- keys -------------------------------------------------------------------------- */

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       byte == '_';
}

bool secret_key_fits(const char *key, size_t size)
{
	if (size == 0 || size > SECRET_KEY_MAX_BYTES || !is_letter(key[0]) ||
		key[size - 1] == '-')
		return false;
	for (size_t i = 1; i < size; i++)
		if (!is_letter(key[i]) && !(key[i] >= '0' && key[i] <= '9') &&
			key[i] != '-')
			return false;
	return true;
}

char *secret_keys_of(const char *bytes, size_t size)
{
	const char *line = bytes, *end = bytes + size;
	struct text keys = { 0 };

	for (size_t count = 0; line < end && count < SECRETS_MAX_KEYS;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *next = newline ? newline + 1 : end;
		const char *colon = memchr(line, ':', (size_t)(next - line));

		if (colon && (colon + 1 == end || strchr(" \t\r\n", colon[1])) &&
			secret_key_fits(line, (size_t)(colon - line))) {
			text_add_bytes(&keys, line, (size_t)(colon - line));
			text_add(&keys, "\n");
			count++;
		}
		line = next;
	}
	return text_take(&keys);
}

/* ---- one file ---------------------------------------------------------------------- */

static int judge(const struct stat *info, const char *file, struct error *err)
{
	if (!S_ISREG(info->st_mode))
		return error_set(err, -EINVAL, "%s: not a regular file", file);
	if (info->st_uid != 0 && info->st_uid != geteuid())
		return error_set(err, -EINVAL,
			"%s: owned by uid %u; fix: chown root:root %s", file,
			(unsigned)info->st_uid, file);
	if (info->st_mode & (S_IRWXG | S_IRWXO)) {
		return error_set(err, -EINVAL,
			"%s: others than root may read or write it (mode %04o); fix: chmod "
			"0600 %s",
			file, (unsigned)(info->st_mode & 07777), file);
	}
	if (info->st_nlink != 1) {
		return error_set(err, -EINVAL,
			"%s: has %lu names (hard links); fix: copy it and put the copy in "
			"its place",
			file, (unsigned long)info->st_nlink);
	}
	if (info->st_size > SECRETS_MAX_BYTES)
		return error_set(err, -E2BIG,
			"%s: %lld KiB long; at most %d KiB are read", file,
			(long long)info->st_size / 1024, SECRETS_MAX_BYTES / 1024);
	return 0;
}

/* Into one buffer: one that grows would leave copies behind. */
static int read_all(char **ret, size_t *ret_size, int fd, size_t size)
{
	char *bytes = malloc(size + 1);
	size_t got = 0;

	while (bytes && got < size) {
		const ssize_t count = read(fd, bytes + got, size - got);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		got += (size_t)count;
	}
	if (!bytes)
		return -ENOMEM;
	bytes[got] = '\0';
	*ret = bytes;
	*ret_size = got;
	return 0;
}

int secret_bytes_read(char **ret, size_t *ret_size, const char *file, struct error *err)
{
	_cleanup_close_ int fd =
		open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat info;
	int r;

	if (fd < 0 && errno == ENOENT) {
		return error_set(err, -ENOENT,
			"there is no %s; write KEY: VALUE lines there, owned by root, mode "
			"0600",
			file);
	}
	if (fd < 0 && errno == ELOOP)
		return error_set(err, -EINVAL,
			"%s: a symbolic link; put the file itself there", file);
	if (fd < 0 || fstat(fd, &info) < 0)
		return error_errno(err, -errno, "%s", file);
	r = judge(&info, file, err);
	if (r == 0) /* else one service's could be put in the place of another's */
		r = way_check_above(fd, geteuid(), err);
	return r < 0 ? r : read_all(ret, ret_size, fd, (size_t)info.st_size);
}
