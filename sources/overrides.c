/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * overrides.c - `overrides: [{match: {host: …}, set: {run.instances: 1}}]`.
 *
 * All words of a match must fit, each may be a list of which one fits. What is set is a
 * dotted path or a map; it is checked also where it does not match, so that a mistake is
 * found on the first host and not on the last.
 */
#include <string.h>

#include "config/fields.h"
#include "document/document.h"
#include "sources/build.h"

enum { PATH_MAX_BYTES = 64, KEY_MAX_BYTES = 200 };

static const char *const match_words[] = { "site", "cluster", "host" };
/* What identifies a service, or says what the overrides are, does not differ by host. */
static const char *const fixed_keys[] = { "service", "template", "overrides" };

static const char *word_at(size_t index, const void *data)
{
	(void)data;
	return index < ARRAY_LEN(match_words) ? match_words[index] : NULL;
}

static bool one_fits(const char *word, const char *value, const struct whereabouts *here)
{
	if (strcmp(word, "cluster") == 0)
		return strings_have(here->clusters, value);
	return text_equal(value, strcmp(word, "host") == 0 ? here->fqdn : here->site);
}

static bool item_fits(const struct node_item *item, const struct whereabouts *here)
{
	const struct node *value = item->value;

	if (value->kind == NODE_SCALAR)
		return one_fits(item->key, value->text, here);
	for (size_t i = 0; i < value->count; i++)
		if (one_fits(item->key, value->items[i].value->text, here))
			return true;
	return false;
}

static bool is_words(const struct node *value)
{
	if (value->kind == NODE_SCALAR)
		return true;
	for (size_t i = 0; i < value->count; i++)
		if (value->items[i].value->kind != NODE_SCALAR)
			return false;
	return value->kind == NODE_LIST && value->count > 0;
}

static int add_once(struct strings *names, const char *name)
{
	return !name || strings_have(names, name) ? 0 : strings_add(names, name);
}

/* The names that `word` may have: of the site file and of this host. -ENOMEM. */
static int known_names(
	struct strings *ret, const char *word, const struct whereabouts *here)
{
	const struct site *known = here->known;
	int r = 0;

	for (size_t i = 0; r == 0 && i < known->clusters_count; i++) {
		const struct cluster *cluster = &known->clusters[i];

		if (strcmp(word, "cluster") == 0)
			r = add_once(ret, cluster->name);
		for (size_t j = 0;
			r == 0 && strcmp(word, "site") == 0 && j < cluster->sites_count;
			j++)
			r = add_once(ret, cluster->sites[j].site);
	}
	if (ret->count == 0) /* then nothing is known of the others */
		return r;
	for (size_t i = 0;
		r == 0 && strcmp(word, "cluster") == 0 && i < here->clusters->count; i++)
		r = add_once(ret, here->clusters->items[i]);
	return r < 0 || strcmp(word, "site") != 0 ? r : add_once(ret, here->site);
}

static void check_name(const struct node *node, const char *path, const char *word,
	const struct strings *known, struct problems *problems)
{
	const char *nearest = text_nearest_of(node->text, known);

	if (!text_equal(nearest, node->text)) {
		problem(problems, node->mark, path,
			"there is no %s '%s' in site.yaml%s%s%s", word, node->text,
			nearest ? "; did you mean '" : "", nearest ? nearest : "",
			nearest ? "'?" : "");
	}
}

/* A match that fits nowhere would do nothing, and nobody would know. Hosts that are in no
 * cluster cannot be known. */
static int check_names(const struct node *match, const char *path,
	const struct whereabouts *here, struct problems *problems)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < match->count; i++) {
		const struct node_item *item = &match->items[i];
		const struct node *value = item->value;
		struct strings known = { 0 };

		r = known_names(&known, item->key, here);
		if (r == 0 && known.count > 0 && value->kind == NODE_SCALAR)
			check_name(value, path, item->key, &known, problems);
		for (size_t j = 0; r == 0 && known.count > 0 && j < value->count; j++)
			check_name(
				value->items[j].value, path, item->key, &known, problems);
		strings_done(&known);
	}
	return r;
}

static bool check_match(
	const struct node *match, const char *path, struct problems *problems)
{
	size_t before = problems->lines.count;

	for (size_t i = 0; i < match->count; i++) {
		const struct node_item *item = &match->items[i];
		const char *nearest = text_nearest(item->key, word_at, NULL);

		if (!nearest || strcmp(nearest, item->key) != 0) {
			problem(problems, item->key_mark, path,
				"unknown key '%s'; a match is by site, cluster or host",
				item->key);
		} else if (!is_words(item->value)) {
			problem(problems, item->value->mark, path,
				"%s must be a name or a list of names", item->key);
		}
	}
	return problems->lines.count == before;
}

static bool all_fit(const struct node *match, const struct whereabouts *here)
{
	for (size_t i = 0; i < match->count; i++)
		if (!item_fits(&match->items[i], here))
			return false;
	return true;
}

static bool is_fixed(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed_keys); i++)
		if (strcmp(key, fixed_keys[i]) == 0)
			return true;
	return false;
}

/* One line of `set` as a tree of its own; NULL: refused. */
static int set_tree(struct node **ret, const struct node_item *item, const char *path,
	struct problems *problems)
{
	_cleanup_(node_freep) struct node *partial = node_new(NODE_MAP, item->key_mark);
	size_t before = problems->lines.count;
	int r;

	*ret = NULL;
	if (!partial)
		return -ENOMEM;
	if (is_fixed(item->key) || strchr(item->key, '[')) {
		problem(problems, item->key_mark, path,
			is_fixed(item->key)
				? "'%s' is the same on every host"
				: "'%s' points into a list; set the whole list",
			item->key);
		return 0;
	}
	r = strlen(item->key) > KEY_MAX_BYTES
		    ? -EINVAL
		    : node_set_path(partial, item->key, node_copy(item->value));
	if (r == -EINVAL)
		problem(problems, item->key_mark, path, "'%.*s' is not a path of keys",
			KEY_MAX_BYTES, item->key);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	r = fields_check_partial(partial, problems);
	if (r == 0 && problems->lines.count == before)
		*ret = TAKE(partial);
	return r;
}

static int apply_set(struct node *tree, const struct node *set, const char *path,
	struct problems *problems)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->count; i++) {
		_cleanup_(node_freep) struct node *partial = NULL;

		r = set_tree(&partial, &set->items[i], path, problems);
		if (r == 0 && partial && tree) {
			node_stamp(partial, "override");
			r = node_merge(tree, partial);
		}
	}
	return r;
}

/* `path` is "overrides[N]". */
static int apply_one(struct node *tree, const struct node *item, const char *path,
	const struct whereabouts *here, struct problems *problems)
{
	const struct node *match = node_get(item, "match"), *set = node_get(item, "set");
	int r;

	if (!match || match->kind != NODE_MAP || match->count == 0 || !set ||
		set->kind != NODE_MAP || item->count != 2) {
		problem(problems, item->mark, path,
			"each must be {match: {site, cluster or host: NAME}, set: {KEY: VALUE}}");
		return 0;
	}
	if (!check_match(match, path, problems))
		return 0;
	r = check_names(match, path, here, problems);
	if (r < 0)
		return r;
	return apply_set(all_fit(match, here) ? tree : NULL, set, path, problems);
}

int overrides_apply(
	struct node *tree, const struct whereabouts *here, struct problems *problems)
{
	_cleanup_(node_freep) struct node *overrides = node_remove(tree, "overrides");
	int r = 0;

	if (!overrides || overrides->kind == NODE_NULL)
		return 0;
	if (overrides->kind != NODE_LIST) {
		problem(problems, overrides->mark, "overrides",
			"must be a list of {match: …, set: …}");
		return 0;
	}
	for (size_t i = 0; r == 0 && i < overrides->count; i++) {
		char path[PATH_MAX_BYTES];

		snprintf(path, sizeof(path), "overrides[%zu]", i);
		r = apply_one(tree, overrides->items[i].value, path, here, problems);
	}
	return r;
}
