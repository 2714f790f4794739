/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * json.c - the only file that includes <jansson.h>.
 */
#include "base/json.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"

struct json_t *json_new_object(void)
{
	return json_object();
}

struct json_t *json_new_array(void)
{
	return json_array();
}

struct json_t *json_new_text(const char *text)
{
	struct text shown = { 0 };
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	text_add_shown(&shown, text, strlen(text));
	value = text_failed(&shown) ? NULL : json_string(shown.bytes);
	text_done(&shown);
	return value;
}

struct json_t *json_new_int(int64_t number)
{
	return json_integer(number);
}

struct json_t *json_new_double(double number)
{
	return json_real(number);
}

struct json_t *json_new_bool(bool flag)
{
	return json_boolean(flag);
}

struct json_t *json_new_null(void)
{
	return json_null();
}

struct json_t *json_share(struct json_t *value)
{
	return json_incref(value);
}

void json_free(struct json_t *value)
{
	json_decref(value);
}

int json_set(struct json_t *object, const char *key, struct json_t *value)
{
	return json_object_set_new_nocheck(object, key, value) < 0 ? -ENOMEM : 0;
}

int json_set_text(struct json_t *object, const char *key, const char *text)
{
	return json_set(object, key, json_new_text(text));
}

int json_set_int(struct json_t *object, const char *key, int64_t number)
{
	return json_set(object, key, json_integer(number));
}

int json_set_double(struct json_t *object, const char *key, double number)
{
	return json_set(object, key, json_real(number));
}

int json_set_bool(struct json_t *object, const char *key, bool flag)
{
	return json_set(object, key, json_boolean(flag));
}

int json_append(struct json_t *array, struct json_t *value)
{
	return json_array_append_new(array, value) < 0 ? -ENOMEM : 0;
}

int json_append_text(struct json_t *array, const char *text)
{
	return json_append(array, json_new_text(text));
}

void json_remove(struct json_t *object, const char *key)
{
	json_object_del(object, key);
}

enum json_kind json_kind(const struct json_t *value)
{
	if (!value)
		return JSON_IS_NULL;
	switch (json_typeof(value)) {
	case JSON_OBJECT: return JSON_IS_MAP;
	case JSON_ARRAY: return JSON_IS_LIST;
	case JSON_STRING: return JSON_IS_TEXT;
	case JSON_INTEGER: return JSON_IS_INT;
	case JSON_REAL: return JSON_IS_DOUBLE;
	case JSON_TRUE:
	case JSON_FALSE: return JSON_IS_BOOL;
	case JSON_NULL: return JSON_IS_NULL;
	}
	abort();
}

struct json_t *json_get(const struct json_t *object, const char *key)
{
	return json_object_get(object, key);
}

const char *json_get_text(
	const struct json_t *object, const char *key, const char *otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value) ? json_string_value(value) : otherwise;
}

int64_t json_get_int(const struct json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

double json_get_double(const struct json_t *object, const char *key, double otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : otherwise;
}

bool json_get_bool(const struct json_t *object, const char *key, bool otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

const char *json_text(const struct json_t *value)
{
	return json_string_value(value);
}

int64_t json_int(const struct json_t *value)
{
	return json_integer_value(value);
}

double json_number(const struct json_t *value)
{
	return json_number_value(value);
}

bool json_bool(const struct json_t *value)
{
	return json_is_true(value);
}

size_t json_size(const struct json_t *value)
{
	return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

struct json_t *json_item(const struct json_t *array, size_t index)
{
	return json_array_get(array, index);
}

void *json_first(struct json_t *object)
{
	return json_object_iter(object);
}

void *json_next(struct json_t *object, void *at)
{
	return json_object_iter_next(object, at);
}

const char *json_key_at(void *at)
{
	return json_object_iter_key(at);
}

struct json_t *json_value_at(void *at)
{
	return json_object_iter_value(at);
}

bool json_same(const struct json_t *a, const struct json_t *b)
{
	return json_equal(a, b);
}

struct json_t *json_clone(const struct json_t *value)
{
	return json_deep_copy(value);
}

char *json_print(const struct json_t *value, enum json_style style)
{
	return json_dumps(
		value, JSON_ENCODE_ANY | (style == JSON_PRETTY ? (size_t)JSON_INDENT(2)
							       : (size_t)JSON_COMPACT));
}

/* Where the string that begins at `at` ends. */
static size_t string_end(const char *bytes, size_t size, size_t at)
{
	for (at++; at < size && bytes[at] != '"'; at++)
		if (bytes[at] == '\\')
			at++;
	return at;
}

/* jansson's own bound on nesting is 2048: measured before it parses, so that a frame
 * cannot use it. */
static bool too_deep(const char *bytes, size_t size)
{
	size_t depth = 0;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '"')
			i = string_end(bytes, size, i);
		else if (bytes[i] == '[' || bytes[i] == '{')
			depth++;
		else if ((bytes[i] == ']' || bytes[i] == '}') && depth > 0)
			depth--;
		if (depth > JSON_MAX_DEPTH)
			return true;
	}
	return false;
}

int json_parse(struct json_t **ret, const char *bytes, size_t size, size_t max_bytes,
	struct error *err)
{
	json_error_t where;
	json_t *value;

	if (size > max_bytes)
		return error_set(err, -E2BIG, "JSON of %zu bytes, at most %zu are read",
			size, max_bytes);
	if (too_deep(bytes, size))
		return error_set(
			err, -EINVAL, "JSON nested deeper than %d", JSON_MAX_DEPTH);
	value = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
	if (!value)
		return error_set(err, -EINVAL, "JSON line %d column %d: %s", where.line,
			where.column, where.text);
	*ret = value;
	return 0;
}
