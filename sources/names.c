/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names.c - where `${service}`, `${port.http}`, `${values.KEY}` and the others get their
 * values.
 *
 * A name may be written with other names (`directory: /srv/${service}`): it is expanded
 * when it is first asked for, once, and one that leads back to itself has no value and
 * says so.
 *
 * Owns the values, in kept form (expand.h). Borrows the tree.
 */
#include "sources/names.h"

#include <inttypes.h>
#include <string.h>

#include "document/document.h"

enum {
	ALL_TEXTS_MAX_BYTES = 8 * 1024 * 1024, /* that one declaration may expand to */
	MAX_DEPTH = 32,                        /* of names in the values of names */
	MAX_NEAREST = 256, /* names that a wrong one is compared with */
};

static const char circle_why[] = "it leads back to itself";
static const char depth_why[] = "it is reached through too many other names";

enum name_state {
	NAME_RAW,   /* `raw` is as written */
	NAME_BUSY,  /* being expanded: asked for again, it is a circle */
	NAME_READY, /* `value` stands */
	NAME_BROKEN /* `why` says what is wrong with it */
};

struct named {
	char *name, *value, *why;
	const char *raw;
	enum name_state state;
};

struct name_table {
	struct named *items;
	size_t count, pushed_from; /* those from here on are of one file */
	size_t budget;
	unsigned compared; /* wrong names that a right one was looked for */
	unsigned depth;    /* of names being expanded */
	char *no_secrets;  /* why there are none; NULL: there are, or any may be */
	bool any_secret;
	const char *cause;       /* why the last name that was asked for has no value */
	struct name_table *self; /* names are found through a const pointer */
};

/* ---- filling ----------------------------------------------------------------------- */

static int add(struct name_table *self, struct named named)
{
	struct named *items =
		realloc(self->items, (self->count + 1) * sizeof(self->items[0]));

	if (items)
		self->items = items;
	if (!items || !named.name) {
		free(named.name);
		free(named.value);
		free(named.why);
		return -ENOMEM;
	}
	items[self->count++] = named;
	return 0;
}

/* As written in the declaration; NULL: there is none, and `why`. */
static int add_raw(struct name_table *self, char *name, const char *raw, const char *why)
{
	struct named named = { .name = name, .raw = raw };

	if (!raw) {
		named.state = NAME_BROKEN;
		named.why = strdup(why ? why : "it has none");
		if (!named.why) {
			free(name);
			return -ENOMEM;
		}
	}
	return add(self, named);
}

/* A plain value that was not written with names; takes `value`, NULL: no memory. */
static int add_ready(struct name_table *self, const char *name, char *value)
{
	if (!value)
		return -ENOMEM;
	return add(self,
		(struct named){
			.name = strdup(name), .value = value, .state = NAME_READY });
}

static int add_known(
	struct name_table *self, const char *name, const char *value, const char *why)
{
	return value && *value ? add_ready(self, name, expand_escape(value))
			       : add_raw(self, strdup(name), NULL, why);
}

static int add_ports(struct name_table *self, const struct node *listen)
{
	static const char none[] = "nothing is declared in `listen`";
	const struct node *first =
		listen && listen->kind == NODE_LIST && listen->count > 0
			? listen->items[0].value
			: NULL;
	int r = add_raw(self, strdup("port"), node_get_text(first, "port"), none);

	for (size_t i = 0; first && r == 0 && i < listen->count; i++) {
		const struct node *item = listen->items[i].value;
		const char *name = node_get_text(item, "name");

		if (name && node_get_text(item, "port"))
			r = add_raw(self, text_format("port.%s", name),
				node_get_text(item, "port"), none);
	}
	return r;
}

static int add_values(struct name_table *self, const struct node *values)
{
	const size_t count = values && values->kind == NODE_MAP ? values->count : 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < MIN(count, (size_t)NAMES_MAX_VALUES); i++) {
		const struct node *value = values->items[i].value;

		if (value->kind == NODE_LIST || value->kind == NODE_MAP)
			continue; /* the rows refuse it */
		r = add_raw(self, text_format("values.%s", values->items[i].key),
			value->kind == NODE_SCALAR ? value->text : "", NULL);
	}
	return r;
}

/* A secret stands for itself: its value is nowhere here. */
static int add_secret(struct name_table *self, const char *key)
{
	_cleanup_free_ char *name = text_format("secret.%s", key);

	return name ? add_ready(self, name, text_format("${secret.%s}", key)) : -ENOMEM;
}

static int add_secrets(struct name_table *self, const struct name_facts *facts)
{
	const struct source *source = facts->secrets.source;
	const bool readable = source && source->bytes;
	_cleanup_free_ char *file = secrets_file(facts->paths, facts->service);
	_cleanup_free_ char *keys = strdup(readable ? source->bytes : "");
	char *rest = keys, *key;
	int r = file && keys ? 0 : -ENOMEM;

	self->any_secret = facts->secrets.hidden && !readable;
	if (r == 0 && !readable) {
		self->no_secrets = source ? strdup(source->refused)
					  : text_format("there is no %s", file);
		r = self->no_secrets ? 0 : -ENOMEM;
	}
	while (r == 0 && (key = strsep(&rest, "\n")) && *key)
		r = add_secret(self, key);
	return r;
}

static const char *first_cluster(const struct name_facts *facts)
{
	const struct node *clusters = node_get(facts->tree, "clusters");
	const struct strings *here = &facts->host->clusters;

	for (size_t i = 0; clusters && i < clusters->count; i++) {
		const struct node *one = clusters->items[i].value;

		if (one->kind == NODE_SCALAR && strings_have(here, one->text))
			return one->text;
	}
	return here->count > 0 ? here->items[0] : NULL;
}

static int add_host(struct name_table *self, const struct name_facts *facts)
{
	static const char unknown[] =
		"it is not known for this host; say it in svcd.yaml: `host:`";
	const char *fqdn = facts->host->fqdn ? facts->host->fqdn : "";
	_cleanup_free_ char *host = strndup(fqdn, strcspn(fqdn, "."));
	int r;

	if (!host)
		return -ENOMEM;
	r = add_known(self, "host", host, unknown);
	r = r < 0 ? r : add_known(self, "fqdn", fqdn, unknown);
	r = r < 0 ? r : add_known(self, "site", facts->host->site, unknown);
	r = r < 0 ? r : add_known(self, "cluster", first_cluster(facts), unknown);
	if (r == 0)
		r = add_ready(self, "ncpu", text_format("%" PRId64, facts->facts->ncpu));
	if (r == 0)
		r = add_ready(self, "memory_mb",
			text_format("%" PRId64, facts->facts->memory_mb));
	return r;
}

static int add_run(struct name_table *self, const struct name_facts *facts)
{
	const struct node *run = node_get(facts->tree, "run");
	const char *user = node_get_text(run, "user");
	const char *instances = node_get_text(run, "instances");
	int r;

	if (!user)
		user = node_get_text(node_get(facts->tree, "names"), "user");
	r = add_known(self, "service", facts->service, "");
	if (r == 0)
		r = add_raw(self, strdup("user"), user ? user : facts->service, NULL);
	if (r == 0)
		r = add_raw(self, strdup("instances"), instances ? instances : "1", NULL);
	if (r == 0)
		r = add_raw(self, strdup("directory"), node_get_text(run, "directory"),
			"run.directory is not declared");
	return r;
}

static void named_done(struct named *named)
{
	free(named->name);
	free(named->value);
	free(named->why);
}

int name_table_push(struct name_table *self, const struct node *values)
{
	return add_values(self, values);
}

void name_table_pop(struct name_table *self)
{
	while (self->count > self->pushed_from)
		named_done(&self->items[--self->count]);
}

struct name_table *name_table_free(struct name_table *self)
{
	if (!self)
		return NULL;
	for (size_t i = 0; i < self->count; i++)
		named_done(&self->items[i]);
	free(self->items);
	free(self->no_secrets);
	free(self);
	return NULL;
}

/* ---- asking ------------------------------------------------------------------------ */

/* The last one of that name: a file's own values come before the declaration's. A value
 * that is written with its own name means the one before it. */
static struct named *find(const struct name_table *self, const char *name)
{
	struct named *busy = NULL;

	for (size_t i = self->count; i > 0; i--) {
		struct named *item = &self->items[i - 1];

		if (strcmp(item->name, name) != 0)
			continue;
		if (item->state != NAME_BUSY)
			return item;
		busy = item;
	}
	return busy;
}

static void resolve(struct name_table *self, struct named *named)
{
	struct names names = name_table_names(self);
	struct error err = { 0 };
	int r;

	names.secrets = SECRETS_REFUSED;
	named->state = NAME_BUSY;
	self->cause = NULL;
	self->depth++;
	r = expand(&named->value, named->raw, &names, true, &err);
	self->depth--;
	if (r == 0) {
		named->state = NAME_READY;
		return;
	}
	named->state = NAME_BROKEN;
	named->why = strdup(self->cause ? self->cause : err.text);
}

static struct named *ask(const struct name_table *self, const char *name)
{
	struct named *named = find(self, name);

	if (named && named->state == NAME_RAW && self->depth < MAX_DEPTH)
		resolve(self->self, named);
	return named;
}

static const char *find_value(const char *name, const void *data)
{
	const struct named *named = ask(data, name);

	return named && named->state == NAME_READY ? named->value : NULL;
}

static const char *find_why(const char *name, const void *data)
{
	const struct name_table *self = data;
	const struct named *named = ask(self, name);

	if (!named)
		return text_starts(name, "secret.") ? self->no_secrets : NULL;
	self->self->cause = named->state == NAME_BUSY  ? circle_why
			    : named->state == NAME_RAW ? depth_why
						       : named->why;
	return self->cause;
}

static const char *name_at(size_t index, const void *data)
{
	const struct name_table *self = data;

	const size_t count = MIN(self->count, (size_t)MAX_NEAREST);

	/* More than are reported need no advice: comparing is what costs. */
	if (index == 0 && ++self->self->compared > 2 * DOCUMENT_MAX_PROBLEMS)
		return NULL;
	if (index == count)
		return "instance";
	return index < count ? self->items[index].name : NULL;
}

struct names name_table_names(struct name_table *self)
{
	return (struct names){ .find = find_value,
		.each = name_at,
		.why = find_why,
		.data = self,
		.budget = &self->budget,
		.secrets = self->any_secret ? SECRETS_KEPT : SECRETS_FOUND };
}

int name_table_new(struct name_table **ret, const struct name_facts *facts)
{
	_cleanup_(name_table_freep) struct name_table *self = calloc(1, sizeof(*self));
	int r;

	if (!self)
		return -ENOMEM;
	self->self = self;
	self->budget = ALL_TEXTS_MAX_BYTES;
	r = add_run(self, facts);
	r = r < 0 ? r : add_host(self, facts);
	r = r < 0 ? r : add_ports(self, node_get(facts->tree, "listen"));
	r = r < 0 ? r : add_secrets(self, facts);
	r = r < 0 ? r : add_values(self, node_get(facts->tree, "values"));
	if (r < 0)
		return r;
	self->pushed_from = self->count;
	/* Now, not when a file's own values stand before the declaration's. */
	for (size_t i = 0; i < self->count; i++)
		(void)ask(self, self->items[i].name);
	*ret = TAKE(self);
	return 0;
}
