/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gather.c - takes the bytes of all files that say what is wanted, before anyone asks
 * what they mean.
 *
 * Files are opened without following a symbolic link at the end and judged by source.c.
 * What we ship is as trusted as our programs are.
 *
 * Not here: what they mean (build.c).
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/paths.h"

#include "document/document.h"
#include "sources/secret_names.h"
#include "sources/source.h"
#include "sources/sources.h"

enum { MAX_TEMPLATES = 1000 }; /* of one directory */

struct gather {
	struct sources *sources;
	struct problems *problems;
};

/* Where one kind of file lies. */
struct place {
	enum source_kind kind;
	const char *directory; /* NULL: none, `name` is a path */
	bool ours;             /* shipped with the program: no question who wrote it */
	bool required;
	size_t max_files;
};

/* Takes `name` below `dir_fd`; a file that is not there is none, unless required. */
static int take_file(
	struct gather *self, const struct place *place, int dir_fd, const char *name)
{
	_cleanup_close_ int fd = openat(
		dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int error = errno, r = 0;
	struct source *source;
	char *why = NULL;

	if (fd < 0 && error == ENOENT && !place->required)
		return 0;
	source = source_add(self->sources, place->kind,
		place->directory ? text_format("%s/%s", place->directory, name)
				 : strdup(name));
	if (!source)
		return -ENOMEM;
	source->gathered = true;
	if (fd < 0)
		return source_refuse(source, source_open_failure(error));
	if (!place->directory && !place->ours) /* a directory was judged as a whole */
		r = source_distrust_way(&why, fd);
	if (r < 0 || why)
		return r < 0 ? r : source_refuse(source, why);
	return source_read(self->sources, source, fd, place->ours);
}

/* ---- directories ------------------------------------------------------------------- */

/* Editors' and packagers' leftovers do not end so, or begin with a dot. */
static bool is_wanted(const struct place *place, const char *name)
{
	static const char *const leftovers[] = { "~", ".swp", ".bak", ".orig", ".rej",
		".dpkg-old", ".dpkg-new", ".dpkg-dist", ".dpkg-tmp" };

	if (name[0] == '.' || name[0] == '#')
		return false;
	if (place->kind != SOURCE_TEXT)
		return text_ends(name, ".yaml") || text_ends(name, ".json");
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++)
		if (text_ends(name, leftovers[i]))
			return false;
	return true;
}

static int report(struct gather *self, const char *path, const char *sentence)
{
	self->sources->incomplete = true;
	problem(self->problems, (struct mark){ .file = path }, NULL, "%s", sentence);
	return 0;
}

/* ".yml" is what a hand in a hurry types: better said than silently passed over. */
static void note_near_miss(
	struct gather *self, const struct place *place, const char *name)
{
	if (place->kind == SOURCE_SERVICE && name[0] != '.' && text_ends(name, ".yml"))
		problem(self->problems, (struct mark){ .file = place->directory }, NULL,
			"%s is not read; its name must end in .yaml", name);
}

static int list_names(struct gather *self, const struct place *place, DIR *directory,
	struct strings *ret)
{
	const struct dirent *item;

	for (;;) {
		errno = 0;
		item = readdir(directory);
		if (!item)
			break;
		if (!is_wanted(place, item->d_name)) {
			note_near_miss(self, place, item->d_name);
			continue;
		}
		if (ret->count == place->max_files)
			return report(self, place->directory,
				"holds too many files; what is above the limit is left out");
		if (strings_add(ret, item->d_name) < 0)
			return -ENOMEM;
	}
	return errno ? report(self, place->directory, "cannot be read to its end") : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int take_names(struct gather *self, const struct place *place, int dir_fd)
{
	struct strings names = { 0 };
	DIR *directory = fdopendir(dir_fd);
	int r;

	if (!directory) {
		close(dir_fd);
		return -ENOMEM;
	}
	r = list_names(self, place, directory, &names);
	if (names.count > 1)
		qsort(names.items, names.count, sizeof(names.items[0]), by_name);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = take_file(self, place, dirfd(directory), names.items[i]);
	closedir(directory);
	strings_done(&names);
	return r;
}

static int report_directory(
	struct gather *self, const struct place *place, const char *what, int error)
{
	_cleanup_free_ char *sentence = text_format("%s: %s", what, strerror(error));

	return sentence ? report(self, place->directory, sentence) : -ENOMEM;
}

/* Before it is opened: who is told of changes from then on misses none. */
static void announce(const struct gather *self, const char *directory)
{
	if (self->sources->look)
		self->sources->look(self->sources->look_data, directory);
}

/* The directory that a single file stands in. */
static int announce_above(const struct gather *self, const char *path)
{
	_cleanup_free_ char *directory = strdup(path);
	char *slash = directory ? strrchr(directory, '/') : NULL;

	if (!directory)
		return -ENOMEM;
	if (slash) {
		*slash = '\0';
		announce(self, directory[0] ? directory : "/");
	}
	return 0;
}

static int take_directory(struct gather *self, const struct place *place)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *why = NULL;
	struct stat info;
	int r;

	announce(self, place->directory);
	fd = open(place->directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && !place->required)
		return 0;
	if (fd < 0)
		return report_directory(
			self, place, "the directory cannot be listed", errno);
	if (fstat(fd, &info) < 0)
		return report_directory(
			self, place, "the directory cannot be asked", errno);
	r = source_distrust(&why, &info, place->directory, place->ours);
	if (r == 0 && !why && !place->ours)
		r = source_distrust_way(&why, fd);
	if (r < 0)
		return r;
	return why ? report(self, place->directory, why)
		   : take_names(self, place, TAKE_FD(fd));
}

/* ---- all of them ------------------------------------------------------------------- */

/* Where the host file says that others are; build.c judges it properly, later. */
static int read_places(const struct sources *sources, struct node **ret)
{
	struct problems ignored = { 0 };
	const struct source *host = sources->count > 0 ? &sources->items[0] : NULL;
	int r;

	*ret = NULL;
	if (!host || host->kind != SOURCE_HOST || host->refused)
		return 0;
	r = node_from_yaml(ret, host->path, host->bytes, host->size, &ignored);
	problems_done(&ignored);
	return r;
}

/* A path of the host file, relative ones below /etc/svcd. */
static char *place_of(const struct node *places, const char *key,
	const struct paths *paths, const char *otherwise)
{
	const struct node *node =
		places && places->kind == NODE_MAP ? node_get(places, key) : NULL;
	const char *path = node && node->kind == NODE_SCALAR && node->text[0] ? node->text
									      : otherwise;

	return path[0] == '/' ? strdup(path) : text_format("%s/%s", paths->etc, path);
}

static int take_templates(struct gather *self, const struct paths *paths)
{
	const struct {
		const char *base, *below;
		enum source_kind kind;
	} places[] = {
		/* the later ones replace the earlier ones of the same name */
		{ paths->share, "templates", SOURCE_TEMPLATE },
		{ paths->share, "templates/files", SOURCE_TEXT }, /* in the source tree */
		{ paths->share, "files", SOURCE_TEXT },
		{ paths->etc, "templates", SOURCE_TEMPLATE },
		{ paths->etc, "templates/files", SOURCE_TEXT },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(places); i++) {
		_cleanup_free_ char *directory =
			text_format("%s/%s", places[i].base, places[i].below);

		if (!directory)
			return -ENOMEM;
		r = take_directory(self, &(struct place){ .kind = places[i].kind,
						 .directory = directory,
						 .ours = places[i].base == paths->share,
						 .max_files = MAX_TEMPLATES });
	}
	return r;
}

static int gather_all(struct gather *self, const struct paths *paths)
{
	_cleanup_free_ char *host = text_format("%s/svcd.yaml", paths->etc);
	_cleanup_free_ char *site = NULL, *services = NULL;
	_cleanup_(node_freep) struct node *places = NULL;
	int r;

	if (!host || announce_above(self, host) < 0)
		return -ENOMEM;
	r = take_file(self, &(struct place){ .kind = SOURCE_HOST }, AT_FDCWD, host);
	if (r == 0)
		r = read_places(self->sources, &places);
	if (r < 0)
		return r;
	site = place_of(places, "site", paths, "site.yaml");
	services = place_of(places, "services", paths, "services");
	if (!site || !services || announce_above(self, site) < 0)
		return -ENOMEM;
	r = take_file(self,
		&(struct place){ .kind = SOURCE_SITE,
			.required = places && node_get(places, "site") },
		AT_FDCWD, site);
	if (r == 0)
		r = take_templates(self, paths);
	if (r == 0)
		r = secret_keys_gather(self->sources, paths);
	if (r == 0) {
		r = take_directory(self, &(struct place){ .kind = SOURCE_SERVICE,
						 .directory = services,
						 .required = true,
						 .max_files = CONFIG_MAX_SERVICES });
	}
	return r;
}

int sources_gather(
	struct sources *ret, const struct paths *paths, struct problems *problems)
{
	struct sources sources = { .look = ret->look, .look_data = ret->look_data };
	struct gather self = { .sources = &sources, .problems = problems };
	int r = gather_all(&self, paths);

	if (r < 0) {
		sources_done(&sources);
		return r;
	}
	*ret = sources;
	return 0;
}
