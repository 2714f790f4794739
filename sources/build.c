/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * build.c - from gathered bytes to judged declarations: layers are merged, names
 * expanded, rows read, rules checked. Pure: opens nothing, asks nobody.
 *
 * A problem of one service refuses that service alone; problems of host, site and
 * templates are the config's.
 */
#include "sources/build.h"

#include <string.h>

#include "base/paths.h"

#include "config/fields.h"
#include "document/document.h"
#include "rules/rules.h"
#include "sources/names.h"

struct building {
	struct config *config;
	const struct sources *sources;
	const struct paths *paths;
	const struct facts_of_host *facts;
	struct layers layers;
	struct node *host_tree;
};

/* ---- host and site ----------------------------------------------------------------- */

static const struct source *find_source(
	const struct sources *sources, enum source_kind kind)
{
	for (size_t i = 0; i < sources->count; i++)
		if (sources->items[i].kind == kind)
			return &sources->items[i];
	return NULL;
}

/* The file as a map; an empty one when there is none, or none that can be read. */
static int read_map(struct node **ret, const struct sources *sources,
	enum source_kind kind, struct problems *problems)
{
	const struct source *source = find_source(sources, kind);
	struct node *tree = NULL;
	int r = source ? source_parse(&tree, source, problems) : 0;

	if (r == 0 && tree && tree->kind != NODE_MAP) {
		problem(problems, tree->mark, NULL, "must be a map of keys");
		tree = node_free(tree);
	}
	if (r == 0 && !tree)
		tree = node_new(
			NODE_MAP, (struct mark){ .file = source ? source->path : "" });
	*ret = tree;
	return r < 0 || tree ? r : -ENOMEM;
}

/* The rows have judged the rest of `defaults`. */
static int read_defaults(struct building *self)
{
	static const char *const own_keys[] = { "service", "template", "overrides" };
	struct node *defaults = node_get(self->host_tree, "defaults");

	if (!defaults || defaults->kind != NODE_MAP)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(own_keys); i++) {
		if (node_get(defaults, own_keys[i]))
			problem(&self->config->problems,
				node_get(defaults, own_keys[i])->mark, "defaults",
				"'%s' is each service's own", own_keys[i]);
	}
	node_stamp(defaults, "defaults");
	self->layers.defaults = defaults;
	self->layers.defaults_json = self->config->host.defaults;
	return 0;
}

static int read_host(struct building *self)
{
	struct config *config = self->config;
	int r = read_map(&self->host_tree, self->sources, SOURCE_HOST, &config->problems);

	if (r == 0)
		r = fields_read_host(&config->host, self->host_tree, &config->problems);
	if (r == 0)
		r = read_defaults(self);
	if (r == 0)
		host_check(&config->host, self->host_tree, &config->problems);
	config->host_refused = config->problems.lines.count > 0;
	return r;
}

static int read_site(struct building *self)
{
	struct config *config = self->config;
	const size_t before = config->problems.lines.count;
	_cleanup_(node_freep) struct node *tree = NULL;
	int r = read_map(&tree, self->sources, SOURCE_SITE, &config->problems);

	if (r == 0)
		r = fields_read_site(&config->site, tree, &config->problems);
	if (r == 0)
		site_check(&config->site, tree, &config->problems);
	config->site_refused = config->problems.lines.count > before;
	return r;
}

/* What the host file does not say about this host, the site file does. */
static int find_place(struct config *config)
{
	struct host *host = &config->host;
	const bool ask = host->clusters.count == 0;

	for (size_t i = 0; i < config->site.clusters_count; i++) {
		const struct cluster *cluster = &config->site.clusters[i];

		for (size_t j = 0; j < cluster->sites_count; j++) {
			const struct cluster_site *site = &cluster->sites[j];

			if (!strings_have(&site->nodes, host->fqdn))
				continue;
			if (ask && strings_add(&host->clusters, cluster->name) < 0)
				return -ENOMEM;
			if (!host->site && !(host->site = strdup(site->site)))
				return -ENOMEM;
		}
	}
	return 0;
}

static int read_place(struct building *self)
{
	struct host *host = &self->config->host;

	if (!host->fqdn && !(host->fqdn = strdup(self->facts->fqdn)))
		return -ENOMEM;
	return find_place(self->config);
}

/* ---- one service ------------------------------------------------------------------- */

static bool is_here(const struct strings *wanted, const struct strings *here)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (strings_have(here, wanted->items[i]))
			return true;
	return wanted->count == 0;
}

/* A list of one where one map would do: both are printed as the map, which has the
 * place. */
static void unwrap_single(struct node *map, const char *key)
{
	struct node *list = map ? node_get(map, key) : NULL, *single;

	if (!list || list->kind != NODE_LIST || list->count != 1 ||
		list->items[0].value->kind != NODE_MAP)
		return;
	single = list->items[0].value;
	list->count = 0;
	free(list->items);
	*list = *single;
	free(single);
}

static void unwrap_singles(struct node *tree)
{
	unwrap_single(tree, "lvs");
	unwrap_single(tree, "deploy");
	unwrap_single(node_get(tree, "dns"), "discovery");
}

static void check_name(
	const struct entry *entry, const struct node *tree, struct problems *problems)
{
	const struct node *service = node_get(tree, "service");

	if (service && service->kind == NODE_SCALAR &&
		strcmp(service->text, entry->name) != 0) {
		problem(problems, service->mark, "service",
			"'%s' is not the name of its file; write %s, or rename the file",
			service->text, entry->name);
	}
}

/* The whole tree of a service, all layers merged; NULL: refused. */
static int merge_entry(struct building *self, struct entry *entry,
	const struct source *source, struct node **ret)
{
	const struct whereabouts here = { self->config->host.fqdn,
		self->config->host.site, &self->config->host.clusters,
		&self->config->site };
	_cleanup_(node_freep) struct node *own = NULL, *tree = NULL;
	int r = source_parse(&own, source, &entry->problems);

	if (r < 0 || !own)
		return r;
	r = layers_merge(&tree, &self->layers, own, entry);
	if (r < 0 || !tree)
		return r;
	check_name(entry, tree, &entry->problems);
	r = overrides_apply(tree, &here, &entry->problems);
	if (r < 0)
		return r;
	unwrap_singles(tree);
	*ret = TAKE(tree);
	return 0;
}

/* Names are looked for in a row: a bound keeps one file from costing seconds. */
static void check_values(const struct node *tree, struct problems *problems)
{
	const struct node *values = node_get(tree, "values");

	if (values && values->kind == NODE_MAP && values->count > NAMES_MAX_VALUES)
		problem(problems, values->mark, "values",
			"%zu values; at most %d are kept", values->count,
			NAMES_MAX_VALUES);
}

static int read_entry(struct building *self, struct entry *entry, struct node *tree)
{
	struct name_facts facts = { entry->name, tree, &self->config->host, self->facts,
		self->paths, secret_keys_find(self->sources, entry->name) };
	_cleanup_(name_table_freep) struct name_table *table = NULL;
	struct names names;
	int r = name_table_new(&table, &facts);

	if (r < 0)
		return r;
	names = name_table_names(table);
	check_values(tree, &entry->problems);
	r = file_texts_render(tree, self->sources, table, entry);
	return r < 0 ? r
		     : fields_read_declaration(
			       &entry->declaration, tree, &names, &entry->problems);
}

static int judge_entry(struct building *self, struct entry *entry, struct node *tree)
{
	struct checking checking = { entry->declaration, tree, &self->config->host,
		&self->config->site, self->paths, &entry->problems, &entry->warnings };
	int r = declaration_complete(&checking);

	if (r < 0)
		return r;
	declaration_check(&checking);
	if (entry->problems.lines.count > 0)
		return 0;
	entry->here =
		is_here(&entry->declaration->clusters, &self->config->host.clusters);
	entry->effective = declaration_print(entry->declaration);
	entry->origins = entry->effective ? origins_of(entry->effective, tree) : NULL;
	return entry->origins ? 0 : -ENOMEM;
}

static int build_entry(struct building *self, struct entry *entry,
	const struct source *source, struct draft *draft)
{
	int r = merge_entry(self, entry, source, &draft->tree);

	if (r == 0 && draft->tree)
		r = read_entry(self, entry, draft->tree);
	if (r == 0 && entry->declaration)
		r = judge_entry(self, entry, draft->tree);
	if (entry->problems.lines.count > 0)
		entry_refuse(entry);
	return r;
}

/* ---- all services ------------------------------------------------------------------ */

struct found_service {
	char *name;
	const struct source *source;
};

static int by_name(const void *a, const void *b)
{
	const struct found_service *one = a, *other = b;
	const int order = strcmp(one->name, other->name);

	return order ? order : strcmp(one->source->path, other->source->path);
}

static void found_done(struct found_service *found, size_t count)
{
	for (size_t i = 0; found && i < count; i++)
		free(found[i].name);
	free(found);
}

static int find_services(
	struct found_service **ret, size_t *ret_count, const struct sources *sources)
{
	struct found_service *found = calloc(sources->count + 1, sizeof(*found));
	size_t count = 0;

	for (size_t i = 0; found && i < sources->count; i++) {
		if (sources->items[i].kind != SOURCE_SERVICE)
			continue;
		found[count].source = &sources->items[i];
		found[count].name = name_of_file(sources->items[i].path);
		if (!found[count++].name) {
			found_done(found, count);
			return -ENOMEM;
		}
	}
	if (!found)
		return -ENOMEM;
	qsort(found, count, sizeof(*found), by_name);
	*ret = found;
	*ret_count = count;
	return 0;
}

/* NAME.json beside NAME.yaml: nobody can know which one is meant. */
static void refuse_double(struct entry *entry, const char *other)
{
	problem(&entry->problems, (struct mark){ .file = other }, NULL,
		"%s declares the same service; keep one of both", entry->path);
	entry_refuse(entry);
}

static int add_entry(
	struct building *self, const struct found_service *found, struct draft *drafts)
{
	struct config *config = self->config;
	struct entry *entry = &config->entries[config->entries_count];

	if (config->entries_count > 0 && strcmp(entry[-1].name, found->name) == 0) {
		refuse_double(entry - 1, found->source->path);
		return 0;
	}
	entry->name = strdup(found->name);
	entry->path = strdup(found->source->path);
	config->entries_count++;
	entry->pins = json_new_object();
	if (!entry->name || !entry->path || !entry->pins ||
		pin_add(entry->pins, "file", NULL, found->source) < 0)
		return -ENOMEM;
	return build_entry(
		self, entry, found->source, &drafts[config->entries_count - 1]);
}

static int build_entries(struct building *self)
{
	struct found_service *found = NULL;
	struct draft *drafts;
	size_t count = 0;
	int r = find_services(&found, &count, self->sources);

	if (r < 0)
		return r;
	drafts = calloc(count + 1, sizeof(*drafts));
	self->config->entries = calloc(count + 1, sizeof(struct entry));
	r = drafts && self->config->entries ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_entry(self, &found[i], drafts);
	if (r == 0)
		r = entries_check(self->config, drafts, self->sources->accepted);
	for (size_t i = 0; drafts && i < count; i++)
		node_free(drafts[i].tree);
	free(drafts);
	found_done(found, count);
	return r;
}

static int build(struct building *self)
{
	int r = read_host(self);

	r = r < 0 ? r : read_site(self);
	r = r < 0 ? r : read_place(self);
	r = r < 0 ? r
		  : layers_read(&self->layers, self->sources, &self->config->problems);
	return r < 0 ? r : build_entries(self);
}

int config_build(struct config **ret, const struct sources *sources,
	const struct paths *paths, const struct facts_of_host *facts)
{
	_cleanup_(config_freep) struct config *config = calloc(1, sizeof(*config));
	struct building self = {
		.config = config, .sources = sources, .paths = paths, .facts = facts
	};
	int r = config ? build(&self) : -ENOMEM;

	layers_done(&self.layers);
	node_free(self.host_tree);
	if (r < 0)
		return r;
	config->incomplete = sources->incomplete;
	config->made_of = sources_fingerprint(sources, facts);
	if (!config->made_of)
		return -ENOMEM;
	*ret = TAKE(config);
	return 0;
}
