/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * source.c - the bytes of one file, judged by what was opened.
 *
 * A regular file of bounded size, and unless it is shipped with the program or named by
 * who runs us, one that only root (or who runs us) can have written. A file that fails is
 * kept with the reason: the service it declares must not look as if it had vanished.
 *
 * Owns the bytes. Not here: which files (gather.c), what they mean (build.c).
 */
#include "sources/source.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/way.h"

enum { MAX_TOTAL_BYTES = 256 * 1024 * 1024 }; /* of all files together */

int source_distrust(char **ret, const struct stat *info, const char *path, bool ours)
{
	const bool known = info->st_uid == 0 || info->st_uid == geteuid();
	const mode_t others = info->st_mode & (S_IWGRP | S_IWOTH);

	*ret = NULL;
	if (!S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode))
		*ret = strdup("not a regular file");
	else if (!ours && !known) {
		*ret = text_format(
			"owned by uid %u, who could change what runs here; fix: "
			"chown root %s",
			(unsigned)info->st_uid, path);
	} else if (!ours && others) {
		*ret = text_format("writable by %s; fix: chmod go-w %s",
			others & S_IWOTH ? "everybody" : "its group", path);
	} else {
		return 0;
	}
	return *ret ? 0 : -ENOMEM;
}

int source_distrust_way(char **ret, int fd)
{
	struct error err = { 0 };

	*ret = NULL;
	if (way_check_above(fd, geteuid(), &err) == 0)
		return 0;
	*ret = strdup(err.text);
	return *ret ? 0 : -ENOMEM;
}

char *source_open_failure(int error)
{
	if (error == ELOOP)
		return strdup("a symbolic link; put the file itself here");
	return text_format("cannot be opened: %s", strerror(error));
}

int source_refuse(struct source *source, char *why)
{
	source->refused = why;
	return why ? 0 : -ENOMEM;
}

static size_t total_bytes(const struct sources *sources)
{
	size_t total = 0;

	for (size_t i = 0; i < sources->count; i++)
		total += sources->items[i].size;
	return total;
}

int source_read(struct sources *sources, struct source *source, int fd, bool ours)
{
	char *why;
	struct stat info;
	size_t total = total_bytes(sources);
	int r;

	if (fstat(fd, &info) < 0)
		return source_refuse(source, source_open_failure(errno));
	r = source_distrust(&why, &info, source->path, ours);
	if (r < 0 || why)
		return source_refuse(source, why);
	if (!S_ISREG(info.st_mode))
		return source_refuse(source, strdup("not a regular file"));
	if (info.st_size > DOCUMENT_MAX_BYTES) {
		return source_refuse(
			source, text_format("%lld KiB long; at most %d KiB are read",
					(long long)info.st_size / 1024,
					DOCUMENT_MAX_BYTES / 1024));
	}
	if (total + (size_t)info.st_size > MAX_TOTAL_BYTES)
		return source_refuse(source,
			text_format("left out: all files together are longer than %d MiB",
				MAX_TOTAL_BYTES / 1024 / 1024));
	r = fd_read_all(&source->bytes, &source->size, fd, DOCUMENT_MAX_BYTES);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return source_refuse(
			source, text_format("cannot be read: %s", strerror(-r)));
	return 0;
}

struct source *source_add(struct sources *sources, enum source_kind kind, char *path)
{
	struct source *items;

	if (!path)
		return NULL;
	items = realloc(sources->items, (sources->count + 1) * sizeof(*items));
	if (!items) {
		free(path);
		return NULL;
	}
	sources->items = items;
	items[sources->count] = (struct source){ .kind = kind, .path = path };
	return &items[sources->count++];
}

static void source_done(struct source *source)
{
	free(source->path);
	free(source->bytes);
	free(source->refused);
}

/* Templates stay: a later one replaces the one of its name. */
static void drop_gathered(struct sources *sources, enum source_kind kind)
{
	size_t kept = 0;

	for (size_t i = 0; i < sources->count; i++) {
		struct source *source = &sources->items[i];

		if (source->kind == kind && source->gathered)
			source_done(source);
		else
			sources->items[kept++] = *source;
	}
	sources->count = kept;
}

int sources_add(struct sources *sources, enum source_kind kind, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error = errno;
	struct source *source;

	if (kind != SOURCE_TEMPLATE)
		drop_gathered(sources, kind);
	source = source_add(sources, kind, strdup(path));
	if (!source)
		return -ENOMEM;
	if (fd < 0)
		return source_refuse(source, source_open_failure(error));
	return source_read(sources, source, fd, true);
}

void sources_done(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		source_done(&sources->items[i]);
	free(sources->items);
	*sources = (struct sources){ 0 };
}
