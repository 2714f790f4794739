/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_offline.c - show, schema, firewall show: what the files say, no daemon asked.
 */
#include <string.h>

#include "ctl/ctl.h"
#include "firewall/plan.h"
#include "sources/sources.h"

static void say_all(const struct ctl *ctl, const struct problems *problems)
{
	for (size_t i = 0; i < problems->lines.count; i++)
		say(ctl, "%s", problems->lines.items[i]);
}

struct config *offline_config(const struct ctl *ctl, offline_fn *add, const void *data)
{
	struct sources sources = { 0 };
	struct problems problems = { 0 };
	struct facts_of_host facts = { 0 };
	struct config *config = NULL;
	int r = sources_gather(&sources, &ctl->paths, &problems);

	if (r == 0 && add)
		r = add(&sources, data);
	if (r == 0)
		r = config_host_facts(&facts);
	if (r == 0)
		r = config_build(&config, &sources, &ctl->paths, &facts);
	if (r < 0)
		say(ctl, "%s", strerror(-r));
	/* What else could not be read is nobody's question when files are named. */
	if (!add)
		say_all(ctl, &problems);
	config_host_facts_done(&facts);
	problems_done(&problems);
	sources_done(&sources);
	return config;
}

static int add_one(struct sources *sources, const void *data)
{
	return sources_add(sources, SOURCE_SERVICE, data);
}

/* Everything on disk, or with `file` that one as the only service. */
static struct config *build(const struct ctl *ctl, const char *file)
{
	struct config *config = offline_config(ctl, file ? add_one : NULL, file);

	if (config)
		say_all(ctl, &config->problems);
	return config;
}

const struct entry *offline_entry(const struct config *config, const char *path)
{
	for (size_t i = 0; i < config->entries_count; i++) {
		if (text_equal(config->entries[i].path, path))
			return &config->entries[i];
	}
	return NULL;
}

static const char *next_name(size_t index, const void *data)
{
	const struct config *config = data;

	return index < config->entries_count ? config->entries[index].name : NULL;
}

static const struct entry *entry_named(
	const struct ctl *ctl, const struct config *config, const char *name)
{
	const char *nearest;

	for (size_t i = 0; i < config->entries_count; i++) {
		if (text_equal(config->entries[i].name, name))
			return &config->entries[i];
	}
	nearest = text_nearest(name, next_name, config);
	say(ctl, "no declaration of \"%s\" below %s%s%s%s", name, ctl->paths.etc,
		nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		nearest ? "\"?" : "");
	return NULL;
}

/* ---- show, schema ---------------------------------------------------------------- */

static bool is_file(const char *word)
{
	return strchr(word, '/') || text_ends(word, ".yaml") || text_ends(word, ".json");
}

int verb_show(struct ctl *ctl)
{
	const char *word = ctl->words[0];
	_cleanup_(config_freep) struct config *config =
		build(ctl, is_file(word) ? word : NULL);
	const struct entry *entry;
	int r;

	if (!config)
		return EXIT_FAILED;
	entry = is_file(word) ? offline_entry(config, word)
			      : entry_named(ctl, config, word);
	if (!entry)
		return EXIT_FAILED;
	say_all(ctl, &entry->problems);
	if (!entry->declaration)
		return EXIT_FAILED;
	if (ctl->options.json)
		return put_json(entry->effective);
	r = config_print_show(stdout, entry);
	return r < 0 || fflush(stdout) != 0 ? EXIT_FAILED : 0;
}

int verb_schema(struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *schema = config_schema();

	(void)ctl;
	return schema ? put_json(schema) : EXIT_FAILED;
}

/* ---- firewall -------------------------------------------------------------------- */

static int print_plan(
	const struct ctl *ctl, const struct config *config, const char *service)
{
	_cleanup_free_ const struct declaration **here =
		calloc(config->entries_count + 1, sizeof(void *));
	struct plan_input input = { .host = &config->host, .site = &config->site };
	_cleanup_(plan_freep) struct plan *plan = NULL;
	struct problems problems = { 0 };
	int r;

	if (!here)
		return EXIT_FAILED;
	for (size_t i = 0; i < config->entries_count; i++) {
		if (config->entries[i].declaration &&
			(config->entries[i].here ||
				text_equal(service, config->entries[i].name)))
			here[input.declarations_count++] = config->entries[i].declaration;
	}
	input.declarations = here;
	r = plan_make(&plan, &input, &problems);
	if (r == 0)
		r = plan_print(stdout, plan, service);
	say_all(ctl, &problems);
	if (problems.lines.count > 0 || fflush(stdout) != 0)
		r = -EINVAL;
	problems_done(&problems);
	return r < 0 ? EXIT_FAILED : 0;
}

int verb_firewall(struct ctl *ctl)
{
	const char *service = ctl->words_count > 1 ? ctl->words[1] : NULL;
	_cleanup_(config_freep) struct config *config = NULL;
	const struct entry *entry;

	if (strcmp(ctl->words[0], "show") != 0)
		return usage(ctl, "it wants show, not \"%s\"", ctl->words[0]);
	config = build(ctl, NULL);
	if (!config)
		return EXIT_FAILED;
	if (!service)
		return print_plan(ctl, config, NULL);
	entry = entry_named(ctl, config, service);
	if (!entry)
		return EXIT_FAILED;
	say_all(ctl, &entry->problems);
	return entry->declaration ? print_plan(ctl, config, service) : EXIT_FAILED;
}
