/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_validate.c - says what is wrong with files before a daemon reads them:
 * declarations, svcd.yaml, site.yaml, templates, or directories of them.
 *
 * What a file is, its name says: svcd.yaml and site.yaml, a template in a directory
 * `templates`, else a declaration. The others are taken as installed.
 */
#include <dirent.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/ctl.h"
#include "sources/sources.h"

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool lies_in(const char *path, const char *directory)
{
	_cleanup_free_ char *copy = strdup(path);

	return copy && strcmp(last_part(dirname(copy)), directory) == 0;
}

static enum source_kind kind_of(const char *path)
{
	if (strcmp(last_part(path), "svcd.yaml") == 0)
		return SOURCE_HOST;
	if (strcmp(last_part(path), "site.yaml") == 0)
		return SOURCE_SITE;
	return lies_in(path, "templates") ? SOURCE_TEMPLATE : SOURCE_SERVICE;
}

/* ---- which files ----------------------------------------------------------------- */

static bool is_directory(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int is_declared(const struct dirent *item)
{
	return item->d_name[0] != '.' &&
	       (text_ends(item->d_name, ".yaml") || text_ends(item->d_name, ".json"));
}

static int add_directory(struct strings *files, const char *directory)
{
	struct dirent **items = NULL;
	int count = scandir(directory, &items, is_declared, alphasort);
	int r = count < 0 ? -errno : 0;

	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *path =
			text_format("%s/%s", directory, items[i]->d_name);

		if (r == 0)
			r = path ? strings_add(files, path) : -ENOMEM;
		free(items[i]);
	}
	free(items);
	return r;
}

/* A directory stands for its files, and for those of its `templates` and `services`. */
static int add_word(struct strings *files, const char *word)
{
	static const char *const below[] = { "templates", "services" };
	int r;

	if (!is_directory(word))
		return strings_add(files, word);
	r = add_directory(files, word);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(below); i++) {
		_cleanup_free_ char *path = text_format("%s/%s", word, below[i]);

		if (path && is_directory(path))
			r = add_directory(files, path);
	}
	return r;
}

/* Adds the files of all words; what is wrong with a word is said. */
static int gather_files(const struct ctl *ctl, struct strings *files)
{
	int failed = 0;

	for (size_t i = 0; i < ctl->words_count; i++) {
		const size_t before = files->count;
		int r = add_word(files, ctl->words[i]);

		if (r == 0 && files->count > before)
			continue;
		say(ctl, "%s: %s", ctl->words[i],
			r < 0 ? strerror(-r) : "no file here ends in .yaml or .json");
		failed = EXIT_FAILED;
	}
	return failed;
}

/* ---- what is said ---------------------------------------------------------------- */

static bool is_about(const char *line, const char *path)
{
	return text_starts(line, path) && line[strlen(path)] == ':';
}

static bool is_about_any(const char *line, const struct strings *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (is_about(line, files->items[i]))
			return true;
	return false;
}

static void add_lines(struct text *out, const char *prefix, const struct strings *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		text_addf(out, "%s%s\n", prefix, lines->items[i]);
}

static bool add_shared(struct text *out, const struct config *config, const char *path)
{
	bool right = true;

	for (size_t i = 0; i < config->problems.lines.count; i++) {
		const char *line = config->problems.lines.items[i];

		if (!is_about(line, path))
			continue;
		text_addf(out, "%s\n", line);
		right = false;
	}
	return right;
}

static bool add_file(struct text *out, const struct config *config, const char *path)
{
	const struct entry *entry = offline_entry(config, path);
	bool right;

	if (kind_of(path) != SOURCE_SERVICE) {
		right = add_shared(out, config, path);
		if (kind_of(path) == SOURCE_HOST && right && host_warning(&config->host))
			text_addf(out, "warning: %s: %s\n", path,
				host_warning(&config->host));
	} else if (!entry) {
		text_addf(out, "%s: another file named here declares this service too\n",
			path);
		right = false;
	} else {
		add_lines(out, "", &entry->problems.lines);
		add_lines(out, "warning: ", &entry->warnings);
		right = entry->declaration != NULL;
	}
	if (right)
		text_addf(out, "%s: ok\n", path);
	return right;
}

static int add_to_sources(struct sources *sources, const void *data)
{
	const struct strings *files = data;
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->count; i++)
		r = sources_add(sources, kind_of(files->items[i]), files->items[i]);
	return r;
}

int verb_validate(struct ctl *ctl)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct strings files = { 0 };
	struct text out = { 0 };
	int failed = gather_files(ctl, &files), r;

	config = offline_config(ctl, add_to_sources, &files);
	for (size_t i = 0; config && i < config->problems.lines.count; i++)
		if (!is_about_any(config->problems.lines.items[i], &files))
			say(ctl, "%s", config->problems.lines.items[i]);
	for (size_t i = 0; config && i < files.count; i++)
		if (!add_file(&out, config, files.items[i]))
			failed = EXIT_FAILED;
	strings_done(&files);
	r = put(&out);
	return !config ? EXIT_FAILED : r != 0 ? r : failed;
}
