/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * layers.c - defaults of the host, templates from the most general on, the service: each
 * laid over the one before. (Overrides come last: overrides.c.)
 */
#include <string.h>

#include "config/fields.h"
#include "document/document.h"
#include "sources/build.h"

enum { MAX_CHAIN = 16 };

char *name_of_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return strndup(name, dot > name ? (size_t)(dot - name) : strlen(name));
}

int source_parse(
	struct node **ret, const struct source *source, struct problems *problems)
{
	*ret = NULL;
	if (source->refused) {
		problem(problems, (struct mark){ .file = source->path }, NULL, "%s",
			source->refused);
		return 0;
	}
	return node_from_yaml(ret, source->path, source->bytes, source->size, problems);
}

/* ---- templates --------------------------------------------------------------------- */

static struct template *find_template(const struct layers *layers, const char *name)
{
	for (size_t i = 0; i < layers->templates_count; i++)
		if (strcmp(layers->templates[i].name, name) == 0)
			return &layers->templates[i];
	return NULL;
}

static const char *template_name_at(size_t index, const void *data)
{
	const struct layers *layers = data;

	return index < layers->templates_count ? layers->templates[index].name : NULL;
}

static void template_done(struct template *template)
{
	free(template->name);
	free(template->origin);
	node_free(template->tree);
}

static int check_template(struct node *tree, struct problems *problems)
{
	if (tree->kind != NODE_MAP) {
		problem(problems, tree->mark, NULL, "a template is a map of keys");
		return 0;
	}
	if (node_get(tree, "service"))
		problem(problems, node_get(tree, "service")->mark, "service",
			"a template is for many services and names none");
	return fields_check_partial(tree, problems);
}

static int read_template(
	struct template *template, const struct source *source, struct problems *problems)
{
	struct problems own = { 0 };
	int r = source_parse(&template->tree, source, &own);

	if (r == 0 && template->tree)
		r = check_template(template->tree, &own);
	if (template->tree)
		node_stamp(template->tree, template->origin);
	if (own.lines.count > 0)
		template->tree = node_free(template->tree);
	for (size_t i = 0; r == 0 && i < own.lines.count; i++)
		r = strings_add(&problems->lines, own.lines.items[i]);
	problems_done(&own);
	return r;
}

/* A later one replaces an earlier one of that name: /etc comes after what is shipped. */
static int put_template(struct layers *layers, struct template *template)
{
	struct template *old = find_template(layers, template->name), *items;

	if (old) {
		template_done(old);
		*old = *template;
		return 0;
	}
	items = realloc(
		layers->templates, (layers->templates_count + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	layers->templates = items;
	items[layers->templates_count++] = *template;
	return 0;
}

static int add_template(
	struct layers *layers, const struct source *source, struct problems *problems)
{
	struct template template = { .name = name_of_file(source->path),
		.source = source };
	int r = -ENOMEM;

	if (template.name)
		template.origin = text_format("template %s", template.name);
	if (template.origin)
		r = read_template(&template, source, problems);
	if (r == 0)
		r = put_template(layers, &template);
	if (r < 0)
		template_done(&template);
	return r;
}

int layers_read(
	struct layers *layers, const struct sources *sources, struct problems *problems)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sources->count; i++)
		if (sources->items[i].kind == SOURCE_TEMPLATE)
			r = add_template(layers, &sources->items[i], problems);
	return r;
}

void layers_done(struct layers *layers)
{
	for (size_t i = 0; i < layers->templates_count; i++)
		template_done(&layers->templates[i]);
	free(layers->templates);
	*layers = (struct layers){ 0 };
}

/* ---- the chain of one service ------------------------------------------------------ */

struct chain {
	const struct template *items[MAX_CHAIN]; /* the service's own first */
	size_t count;
};

static void refuse_circle(const struct chain *chain, const struct template *again,
	const struct node *at, struct problems *problems)
{
	struct text circle = { 0 };
	size_t i = 0;

	while (chain->items[i] != again)
		i++;
	for (; i < chain->count; i++)
		text_addf(&circle, "%s → ", chain->items[i]->name);
	text_add(&circle, again->name);
	if (!text_failed(&circle))
		problem(problems, at->mark, "template",
			"the templates build on each other in a circle: %s",
			circle.bytes);
	text_done(&circle);
}

static bool chain_has(const struct chain *chain, const struct template *template)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->items[i] == template)
			return true;
	return false;
}

/* The template that `at` names, if it may come next; NULL: refused. */
static const struct template *next_template(const struct layers *layers,
	const struct chain *chain, const struct node *at, struct problems *problems)
{
	const struct template *template = find_template(layers, at->text);
	const char *nearest;

	if (!template) {
		nearest = text_nearest(at->text, template_name_at, layers);
		problem(problems, at->mark, "template", "there is no template '%s'%s%s%s",
			at->text, nearest ? "; did you mean '" : "",
			nearest ? nearest : "", nearest ? "'?" : "");
	} else if (!template->tree) {
		problem(problems, at->mark, "template",
			"template '%s' is refused itself; repair that first", at->text);
	} else if (chain_has(chain, template)) {
		refuse_circle(chain, template, at, problems);
	} else if (chain->count == MAX_CHAIN) {
		problem(problems, at->mark, "template",
			"more than %d templates build on each other", MAX_CHAIN);
	} else {
		return template;
	}
	return NULL;
}

static bool read_chain(struct chain *chain, const struct layers *layers,
	const struct node *service, struct problems *problems)
{
	const struct node *at = node_get(service, "template");

	while (at && at->kind == NODE_SCALAR) {
		const struct template *next = next_template(layers, chain, at, problems);

		if (!next)
			return false;
		chain->items[chain->count++] = next;
		at = node_get(next->tree, "template");
	}
	return true;
}

static int pin_chain(
	struct json_t *pins, const struct layers *layers, const struct chain *chain)
{
	int r = pin_add_value(pins, "defaults", layers->defaults_json);

	for (size_t i = 0; r == 0 && i < chain->count; i++)
		r = pin_add(
			pins, "template", chain->items[i]->name, chain->items[i]->source);
	return r;
}

int layers_merge(struct node **ret, const struct layers *layers,
	const struct node *service, struct entry *entry)
{
	_cleanup_(node_freep) struct node *tree = NULL;
	struct problems *problems = &entry->problems;
	struct chain chain = { .count = 0 };
	int r = 0;

	*ret = NULL;
	if (service->kind != NODE_MAP) {
		problem(problems, service->mark, NULL,
			"a declaration is a map of keys, like `service: NAME`");
		return 0;
	}
	if (!read_chain(&chain, layers, service, problems))
		return 0;
	tree = node_new(NODE_MAP, service->mark);
	if (!tree)
		return -ENOMEM;
	r = pin_chain(entry->pins, layers, &chain);
	if (r == 0 && layers->defaults)
		r = node_merge(tree, layers->defaults);
	for (size_t i = chain.count; r == 0 && i > 0; i--)
		r = node_merge(tree, chain.items[i - 1]->tree);
	if (r == 0)
		r = node_merge(tree, service);
	if (r == 0)
		*ret = TAKE(tree);
	return r;
}
