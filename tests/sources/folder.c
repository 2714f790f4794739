/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * folder.c - texts and files of the tests, as what is gathered on a host.
 */
#include "tests/sources/folder.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/paths.h"

enum { GOLDEN_MAX_BYTES = 1024 * 1024 };

/* Takes `bytes`. */
static void add(struct sources *sources, enum source_kind kind, const char *shown,
	char *bytes, size_t size)
{
	sources->items =
		realloc(sources->items, (sources->count + 1) * sizeof(struct source));
	assert(sources->items && bytes);
	sources->items[sources->count] = (struct source){
		.kind = kind, .path = strdup(shown), .bytes = bytes, .size = size
	};
	assert(sources->items[sources->count++].path);
}

void add_text(struct sources *sources, enum source_kind kind, const char *shown,
	const char *text)
{
	add(sources, kind, shown, strdup(text), strlen(text));
}

void add_file(struct sources *sources, enum source_kind kind, const char *path,
	const char *shown)
{
	char *bytes;
	size_t size;

	if (file_read(&bytes, &size, AT_FDCWD, path, GOLDEN_MAX_BYTES) == 0)
		add(sources, kind, shown, bytes, size);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct strings names_in(const char *folder)
{
	struct strings names = { 0 };
	DIR *directory = opendir(folder);
	const struct dirent *item;

	while (directory && (item = readdir(directory)))
		if (item->d_name[0] != '.')
			assert(strings_add(&names, item->d_name) == 0);
	if (directory)
		closedir(directory);
	if (names.count > 1)
		qsort(names.items, names.count, sizeof(names.items[0]), by_name);
	return names;
}

void add_folder(struct sources *sources, enum source_kind kind, const char *folder,
	const char *prefix, const char *ending)
{
	struct strings names = names_in(folder);

	for (size_t i = 0; i < names.count; i++) {
		_cleanup_free_ char *path = text_format("%s/%s", folder, names.items[i]);
		_cleanup_free_ char *shown = text_format("%s%s", prefix, names.items[i]);

		if (text_ends(names.items[i], ending))
			add_file(sources, kind, path, shown);
	}
	strings_done(&names);
}

void add_open_host(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		if (sources->items[i].kind == SOURCE_HOST)
			return;
	add_file(sources, SOURCE_HOST, "tests/golden/config/open.yaml", "svcd.yaml");
}

void add_shipped(struct sources *sources)
{
	add_folder(sources, SOURCE_TEMPLATE, "templates", "", ".yaml");
	add_folder(sources, SOURCE_TEXT, "templates/files", "files/", "");
}

struct config *build_on_a_host(const struct sources *sources)
{
	char fqdn[] = "scb1001.eqiad.example.org";
	const struct facts_of_host facts = { .fqdn = fqdn, .ncpu = 4, .memory_mb = 8192 };
	struct paths paths;
	struct config *config = NULL;

	assert(paths_init(&paths, "") == 0);
	assert(config_build(&config, sources, &paths, &facts) == 0);
	paths_done(&paths);
	return config;
}

static void add_lines(struct text *text, const struct problems *problems)
{
	for (size_t i = 0; i < problems->lines.count; i++)
		text_addf(text, "%s\n", problems->lines.items[i]);
}

char *problems_text(const struct config *config)
{
	struct text text = { 0 };

	add_lines(&text, &config->problems);
	for (size_t i = 0; i < config->entries_count; i++)
		add_lines(&text, &config->entries[i].problems);
	return text_take(&text);
}

bool golden_same(const char *path, const char *text)
{
	const char *wish = getenv("GOLDEN");
	_cleanup_free_ char *stored = NULL;

	if (wish && strcmp(wish, "renew") == 0) {
		assert(file_write(path, text, strlen(text), 0644) == 0);
		return true;
	}
	if (file_read(&stored, NULL, AT_FDCWD, path, GOLDEN_MAX_BYTES) < 0) {
		fprintf(stderr, "%s is not there; GOLDEN=renew writes it\n", path);
		return false;
	}
	if (strcmp(stored, text) == 0)
		return true;
	fprintf(stderr, "%s says:\n%s\nbut it is:\n%s\n", path, stored, text);
	return false;
}
