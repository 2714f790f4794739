/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * schema.c - JSON Schema 2020-12 of rows, for editors. A
 * value that is not a text may be written as a text with `${…}`, which only expansion can
 * judge.
 */
#include <string.h>

#include "rows/rows.h"

struct json_t *schema_of_type(const char *type)
{
	_cleanup_(json_freep) struct json_t *schema = json_new_object();

	if (!schema || json_set_text(schema, "type", type) < 0)
		return NULL;
	return TAKE(schema);
}

/* {KEY: value}; takes it. */
static struct json_t *wrap(const char *key, struct json_t *value)
{
	_cleanup_(json_freep) struct json_t *schema = json_new_object();

	if (!schema) {
		json_free(value);
		return NULL;
	}
	return json_set(schema, key, value) < 0 ? NULL : TAKE(schema);
}

struct json_t *schema_constant(struct json_t *value)
{
	return wrap("const", value);
}

struct json_t *schema_either(struct json_t *one, struct json_t *other)
{
	struct json_t *list = json_new_array();

	if (!list || json_append(list, one) < 0) {
		json_free(list);
		json_free(other);
		return NULL;
	}
	if (json_append(list, other) < 0) {
		json_free(list);
		return NULL;
	}
	return wrap("anyOf", list);
}

struct json_t *schema_or_expression(struct json_t *schema)
{
	_cleanup_(json_freep) struct json_t *expression = schema_of_type("string");

	if (!expression || json_set_text(expression, "pattern", "\\$\\{") < 0) {
		json_free(schema);
		return NULL;
	}
	return schema_either(schema, TAKE(expression));
}

static struct json_t *schema_with(const char *type, const char *key, struct json_t *value)
{
	_cleanup_(json_freep) struct json_t *schema = schema_of_type(type);

	if (!schema) {
		json_free(value);
		return NULL;
	}
	return json_set(schema, key, value) < 0 ? NULL : TAKE(schema);
}

struct json_t *schema_list(struct json_t *items)
{
	return schema_with("array", "items", items);
}

struct json_t *schema_map(struct json_t *values)
{
	return schema_with("object", "additionalProperties", values);
}

/* The default as the value it is: texts that are JSON are JSON. */
static struct json_t *default_of(const struct field *field)
{
	bool is_json = field->kind == &kind_bool || field->kind == &kind_count ||
		       field->kind == &kind_fraction ||
		       (field->unset[0] && strchr("[{", field->unset[0]));
	struct json_t *value = NULL;

	if (is_json && json_parse(&value, field->unset, strlen(field->unset),
			       TEXT_MOST_BYTES, NULL) == 0)
		return value;
	return json_new_text(field->unset);
}

static struct json_t *field_schema(const struct field *field)
{
	bool may_be_null = !field->unset && !field->required;
	_cleanup_(json_freep) struct json_t *schema = field->kind->schema(field);

	if (schema && may_be_null && field->kind != &kind_json &&
		!(schema = schema_either(TAKE(schema), schema_of_type("null"))))
		return NULL;
	if (!schema || json_set_text(schema, "description", field->help) < 0 ||
		(field->unset && !field->derived &&
			json_set(schema, "default", default_of(field)) < 0))
		return NULL;
	return TAKE(schema);
}

static int add_properties(struct json_t *schema, const struct rows *rows)
{
	struct json_t *properties = json_new_object();

	if (!properties || json_set(schema, "properties", json_share(properties)) < 0) {
		json_free(properties);
		return -ENOMEM;
	}
	json_free(properties); /* the schema holds it */
	for (const struct field *field = rows->fields; field->key; field++) {
		if (json_set(properties, field->key, field_schema(field)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Keys that must stand in the file itself: what a template may bring is not asked of
 * it. */
static int add_required(struct json_t *schema, const struct rows *rows)
{
	struct json_t *required = json_new_array();
	int r = required ? 0 : -ENOMEM;

	for (const struct field *field = rows->fields; r == 0 && field->key; field++) {
		if (field->required && (rows->size || field->kind == &kind_text))
			r = json_append_text(required, field->key);
	}
	if (r < 0 || json_size(required) == 0) {
		json_free(required);
		return r;
	}
	return json_set(schema, "required", required);
}

struct json_t *rows_schema(const struct rows *rows)
{
	_cleanup_(json_freep) struct json_t *schema = schema_of_type("object");

	if (!schema || add_properties(schema, rows) < 0 ||
		add_required(schema, rows) < 0 ||
		json_set_bool(schema, "additionalProperties", false) < 0)
		return NULL;
	return TAKE(schema);
}
