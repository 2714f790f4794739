/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * travel.c - a whole config as one JSON document and back, and its end. What parsed the
 * files may do nothing else; this is how its result leaves it.
 *
 * What comes in is judged like any input: it was made by a process that had read hostile
 * files.
 */
#include <string.h>

#include "config/config.h"

/* ---- out --------------------------------------------------------------------------- */

static struct json_t *print_strings(const struct strings *strings)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();

	for (size_t i = 0; list && i < strings->count; i++)
		if (json_append_text(list, strings->items[i]) < 0)
			return NULL;
	return TAKE(list);
}

static struct json_t *print_entry(const struct entry *entry)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = json ? json_set_text(json, "name", entry->name) : -ENOMEM;

	r = r < 0 ? r : json_set_text(json, "path", entry->path);
	r = r < 0 ? r : json_set_bool(json, "here", entry->here);
	if (r == 0 && entry->effective)
		r = json_set(json, "effective", json_share(entry->effective));
	if (r == 0 && entry->origins)
		r = json_set(json, "origins", json_share(entry->origins));
	if (r == 0 && entry->pins)
		r = json_set(json, "pins", json_share(entry->pins));
	r = r < 0 ? r : json_set(json, "problems", print_strings(&entry->problems.lines));
	r = r < 0 ? r : json_set(json, "warnings", print_strings(&entry->warnings));
	return r < 0 ? NULL : TAKE(json);
}

static struct json_t *print_entries(const struct config *config)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();

	for (size_t i = 0; list && i < config->entries_count; i++)
		if (json_append(list, print_entry(&config->entries[i])) < 0)
			return NULL;
	return TAKE(list);
}

struct json_t *config_print(const struct config *config)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	int r = json ? json_set(json, "host", host_print(&config->host)) : -ENOMEM;

	r = r < 0 ? r : json_set(json, "site", site_print(&config->site));
	r = r < 0 ? r : json_set_bool(json, "host_refused", config->host_refused);
	r = r < 0 ? r : json_set_bool(json, "site_refused", config->site_refused);
	r = r < 0 ? r : json_set_bool(json, "incomplete", config->incomplete);
	if (r == 0 && config->made_of)
		r = json_set_text(json, "made_of", config->made_of);
	r = r < 0 ? r
		  : json_set(json, "problems", print_strings(&config->problems.lines));
	r = r < 0 ? r : json_set(json, "entries", print_entries(config));
	return r < 0 ? NULL : TAKE(json);
}

/* ---- in ---------------------------------------------------------------------------- */

static int read_strings(struct strings *ret, const struct json_t *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_size(list); i++) {
		const char *text = json_text(json_item(list, i));

		r = strings_add(ret, text ? text : "");
	}
	return r;
}

static const struct {
	const char *key;
	enum asked_limit limit;
} askable[] = {
	{ "limits.open_files", ASKED_OPEN_FILES },
	{ "limits.core", ASKED_CORE },
	{ "limits.oom_score", ASKED_OOM_SCORE },
	{ "run.nice", ASKED_NICE },
};

/* A value of the file itself has its name as origin, and nothing before it. */
static int64_t find_asked(const struct entry *entry)
{
	const char *slash = strrchr(entry->path, '/');
	_cleanup_free_ char *own = text_format("%s:", slash ? slash + 1 : entry->path);
	int64_t asked = 0;

	for (size_t i = 0; own && i < ARRAY_LEN(askable); i++) {
		const char *origin = json_get_text(entry->origins, askable[i].key, NULL);

		if (origin && text_starts(origin, own))
			asked |= askable[i].limit;
	}
	return asked;
}

static int add_problem(struct entry *entry, struct error *err)
{
	_cleanup_free_ char *line =
		text_format("%s: not as it was printed: %s", entry->path, err->text);
	int r = line ? strings_add(&entry->problems.lines, line) : -ENOMEM;

	*err = (struct error){ 0 };
	return r < 0 ? error_set(err, r, "out of memory") : 0;
}

static int read_effective(
	struct entry *entry, const struct json_t *json, struct error *err)
{
	struct json_t *effective = json_get(json, "effective");
	struct json_t *origins = json_get(json, "origins");
	int r;

	if (json_kind(effective) != JSON_IS_MAP)
		return 0;
	r = declaration_read(&entry->declaration, effective, err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) /* one that does not come back as it went refuses itself only */
		return add_problem(entry, err);
	entry->effective = json_share(effective);
	if (json_kind(origins) == JSON_IS_MAP)
		entry->origins = json_share(origins);
	entry->declaration->asked = find_asked(entry);
	return 0;
}

static int read_entry(struct entry *entry, const struct json_t *json, struct error *err)
{
	const char *name = json_get_text(json, "name", NULL);
	const char *path = json_get_text(json, "path", NULL);
	int r;

	if (!name || !path)
		return error_set(err, -EINVAL, "an entry without name or path");
	entry->name = strdup(name);
	entry->path = strdup(path);
	entry->here = json_get_bool(json, "here", false);
	if (json_kind(json_get(json, "pins")) == JSON_IS_MAP)
		entry->pins = json_share(json_get(json, "pins"));
	if (!entry->name || !entry->path)
		return error_set(err, -ENOMEM, "out of memory");
	r = read_strings(&entry->problems.lines, json_get(json, "problems"));
	r = r < 0 ? r : read_strings(&entry->warnings, json_get(json, "warnings"));
	return r < 0 ? error_set(err, r, "out of memory")
		     : read_effective(entry, json, err);
}

static int read_entries(
	struct config *config, const struct json_t *list, struct error *err)
{
	const size_t count = json_size(list);
	int r = 0;

	if (json_kind(list) != JSON_IS_LIST || count > CONFIG_MAX_SERVICES)
		return error_set(err, -EINVAL, "entries must be a list of at most %d",
			CONFIG_MAX_SERVICES);
	config->entries = calloc(count + 1, sizeof(struct entry));
	if (!config->entries)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_entry(&config->entries[config->entries_count++],
			json_item(list, i), err);
	return r;
}

static int read_config(struct config *config, struct json_t *json, struct error *err)
{
	const char *made_of = json_get_text(json, "made_of", NULL);
	int r = host_read(&config->host, json_get(json, "host"), err);

	r = r < 0 ? r : site_read(&config->site, json_get(json, "site"), err);
	if (r < 0)
		return r;
	config->host_refused = json_get_bool(json, "host_refused", false);
	config->site_refused = json_get_bool(json, "site_refused", false);
	config->incomplete = json_get_bool(json, "incomplete", false);
	if (made_of && !(config->made_of = strdup(made_of)))
		return error_set(err, -ENOMEM, "out of memory");
	r = read_strings(&config->problems.lines, json_get(json, "problems"));
	return r < 0 ? error_set(err, r, "out of memory")
		     : read_entries(config, json_get(json, "entries"), err);
}

int config_read(struct config **ret, struct json_t *json, struct error *err)
{
	_cleanup_(config_freep) struct config *config = calloc(1, sizeof(*config));
	int r;

	if (!config)
		return error_set(err, -ENOMEM, "out of memory");
	r = read_config(config, json, err);
	if (r == 0)
		*ret = TAKE(config);
	return r;
}

/* ---- the end ----------------------------------------------------------------------- */

static void entry_done(struct entry *entry)
{
	free(entry->name);
	free(entry->path);
	declaration_free(entry->declaration);
	json_free(entry->effective);
	json_free(entry->origins);
	json_free(entry->pins);
	problems_done(&entry->problems);
	strings_done(&entry->warnings);
}

void config_forget_entries(struct config *config)
{
	for (size_t i = 0; i < config->entries_count; i++)
		entry_done(&config->entries[i]);
	free(config->entries);
	config->entries = NULL;
	config->entries_count = 0;
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	config_forget_entries(config);
	host_done(&config->host);
	site_done(&config->site);
	problems_done(&config->problems);
	free(config->made_of);
	free(config);
	return NULL;
}
