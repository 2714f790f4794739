/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fields.c - the rows at work: trees and JSON into declarations, host and
 * site, and back into JSON. What is printed is whole: every key, with null for "no
 * value".
 */
#include "config/fields.h"

#include <string.h>

#include "config/keys.h"

/* ---- from trees -------------------------------------------------------------------- */

int fields_read_declaration(struct declaration **ret, const struct node *tree,
	const struct names *names, struct problems *problems)
{
	struct reader reader = { .names = names, .problems = problems };
	_cleanup_(declaration_freep) struct declaration *declaration =
		calloc(1, sizeof(*declaration));
	int r;

	*ret = NULL;
	if (!declaration)
		return -ENOMEM;
	r = rows_blank(&declaration_rows, declaration);
	if (r == 0)
		r = rows_read(&reader, &declaration_rows, tree, declaration);
	if (r == 0 && reader.refusals == 0)
		*ret = TAKE(declaration);
	return r;
}

int fields_check_partial(const struct node *tree, struct problems *problems)
{
	struct reader reader = { .problems = problems, .partial = true };
	_cleanup_(declaration_freep) struct declaration *scratch =
		calloc(1, sizeof(*scratch));
	int r;

	if (!scratch)
		return -ENOMEM;
	r = rows_blank(&declaration_rows, scratch);
	return r < 0 ? r : rows_read(&reader, &declaration_rows, tree, scratch);
}

/* Host and site: all or the defaults, never a half of both. 1: refused. */
static int read_whole(const struct rows *rows, const struct node *tree, void *base,
	struct problems *problems)
{
	struct reader reader = { .problems = problems };
	int r = rows_blank(rows, base);

	if (r == 0 && tree)
		r = rows_read(&reader, rows, tree, base);
	if (r == 0 && reader.refusals == 0)
		return 0;
	rows_done(rows, base);
	if (r == 0)
		r = rows_blank(rows, base);
	return r < 0 ? r : 1;
}

int fields_read_host(struct host *ret, const struct node *tree, struct problems *problems)
{
	*ret = (struct host){ 0 };
	return MIN(read_whole(&host_rows, tree, ret, problems), 0);
}

int fields_read_site(struct site *ret, const struct node *tree, struct problems *problems)
{
	*ret = (struct site){ 0 };
	return MIN(read_whole(&site_rows, tree, ret, problems), 0);
}

/* ---- from JSON --------------------------------------------------------------------- */

static int refuse_json(struct error *err, const struct problems *problems)
{
	if (problems->lines.count == 0)
		return -ENOMEM; /* not even the sentence could be kept */
	return error_set(err, -EINVAL, "%s", problems->lines.items[0]);
}

int declaration_read(
	struct declaration **ret, struct json_t *effective, struct error *err)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(node_freep) struct node *tree = NULL;
	_cleanup_(declaration_freep) struct declaration *declaration = NULL;
	int r = node_from_json(&tree, effective);

	if (r == 0)
		r = fields_read_declaration(&declaration, tree, NULL, &problems);
	if (r == 0 && !declaration)
		return refuse_json(err, &problems);
	if (r == 0)
		*ret = TAKE(declaration);
	return r;
}

int host_read(struct host *ret, struct json_t *json, struct error *err)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(node_freep) struct node *tree = NULL;
	struct host host = { 0 };
	int r = node_from_json(&tree, json);

	if (r == 0)
		r = read_whole(&host_rows, tree, &host, &problems);
	if (r == 0) {
		*ret = host;
	} else {
		host_done(&host);
	}
	return r > 0 ? refuse_json(err, &problems) : r;
}

int site_read(struct site *ret, struct json_t *json, struct error *err)
{
	_cleanup_(problems_done) struct problems problems = { 0 };
	_cleanup_(node_freep) struct node *tree = NULL;
	struct site site = { 0 };
	int r = node_from_json(&tree, json);

	if (r == 0)
		r = read_whole(&site_rows, tree, &site, &problems);
	if (r == 0) {
		*ret = site;
	} else {
		site_done(&site);
	}
	return r > 0 ? refuse_json(err, &problems) : r;
}

/* ---- to JSON, and the end ---------------------------------------------------------- */

struct json_t *declaration_print(const struct declaration *declaration)
{
	return rows_print(&declaration_rows, declaration);
}

char *declaration_usual(void)
{
	_cleanup_(declaration_freep) struct declaration *declaration =
		calloc(1, sizeof(*declaration));
	_cleanup_(json_freep) struct json_t *json = NULL;

	if (declaration && rows_blank(&declaration_rows, declaration) == 0)
		json = declaration_print(declaration);
	return json ? json_print(json, JSON_ONE_LINE) : NULL;
}

char *declaration_less(const char *line, const char *usual)
{
	return rows_less(&declaration_rows, line, usual);
}

struct json_t *host_print(const struct host *host)
{
	return rows_print(&host_rows, host);
}

struct json_t *site_print(const struct site *site)
{
	return rows_print(&site_rows, site);
}

struct declaration *declaration_free(struct declaration *declaration)
{
	if (declaration)
		rows_done(&declaration_rows, declaration);
	free(declaration);
	return NULL;
}

void declaration_take_logs(struct declaration *declaration, struct logs *ret)
{
	*ret = declaration->logs;
	declaration->logs = (struct logs){ 0 };
}

void logs_done(struct logs *logs)
{
	rows_done(&logs_rows, logs);
}

void declaration_keep_only(struct declaration *declaration, const char *const *keys)
{
	rows_done_but(&declaration_rows, declaration, keys);
}

void host_done(struct host *host)
{
	rows_done(&host_rows, host);
}

void site_done(struct site *site)
{
	rows_done(&site_rows, site);
}

/* ---- paths ------------------------------------------------------------------------- */

enum effect fields_effect(const char *path)
{
	const struct field *field = rows_find_path(&declaration_rows, path);

	return field ? field_effect(field) : CHANGE_RESTART;
}

bool fields_known(const char *path)
{
	return rows_find_path(&declaration_rows, path);
}

void fields_each_path(field_path_fn *each, void *data)
{
	rows_each_path(&declaration_rows, each, data);
}

/* ---- printed ----------------------------------------------------------------------- */

struct json_t *config_schema(void)
{
	_cleanup_(json_freep) struct json_t *schema = rows_schema(&declaration_rows);

	if (!schema ||
		json_set_text(schema, "$schema",
			"https://json-schema.org/draft/2020-12/schema") < 0 ||
		json_set_text(schema, "title", "svcd service declaration") < 0)
		return NULL;
	return TAKE(schema);
}

int config_print_key_table(FILE *out)
{
	return rows_print_table(out, &declaration_rows, true);
}

int config_print_host_table(FILE *out)
{
	return rows_print_table(out, &host_rows, false);
}

int config_print_site_table(FILE *out)
{
	return rows_print_table(out, &site_rows, false);
}
