/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * json.h - JSON values: built, asked, printed and read with limits. The only user of
 * jansson.
 *
 * `struct json_t` is jansson's value, opaque here. A function that takes a `value` to
 * put into another takes ownership of it, also when it fails; a NULL value (memory ran
 * out) makes it fail. What json_get() and json_item() return is borrowed from its
 * container.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct json_t;

struct json_t *json_new_object(void);
struct json_t *json_new_array(void);
/* Bytes that are not UTF-8 are shown as \xNN, so that any text can travel. NULL text is
 * null. */
struct json_t *json_new_text(const char *text);
struct json_t *json_new_int(int64_t number);
struct json_t *json_new_double(double number);
struct json_t *json_new_bool(bool flag);
struct json_t *json_new_null(void);
struct json_t *json_share(struct json_t *value); /* one more owner; returns `value` */
void json_free(struct json_t *value);            /* one owner less; NULL is fine */
CLEANUP(struct json_t *, json_free)

/* All return 0 or -ENOMEM. */
int json_set(struct json_t *object, const char *key, struct json_t *value);
int json_set_text(struct json_t *object, const char *key, const char *text);
int json_set_int(struct json_t *object, const char *key, int64_t number);
int json_set_double(struct json_t *object, const char *key, double number);
int json_set_bool(struct json_t *object, const char *key, bool flag);
int json_append(struct json_t *array, struct json_t *value);
int json_append_text(struct json_t *array, const char *text);
void json_remove(struct json_t *object, const char *key);

enum json_kind {
	JSON_IS_NULL,
	JSON_IS_BOOL,
	JSON_IS_INT,
	JSON_IS_DOUBLE,
	JSON_IS_TEXT,
	JSON_IS_LIST,
	JSON_IS_MAP,
};
enum json_kind json_kind(const struct json_t *value); /* NULL is JSON_IS_NULL */

/* `object` may be NULL or another kind: then there is nothing in it. */
struct json_t *json_get(const struct json_t *object, const char *key);
const char *json_get_text(
	const struct json_t *object, const char *key, const char *otherwise);
int64_t json_get_int(const struct json_t *object, const char *key, int64_t otherwise);
double json_get_double(const struct json_t *object, const char *key, double otherwise);
bool json_get_bool(const struct json_t *object, const char *key, bool otherwise);

const char *json_text(const struct json_t *value); /* NULL when not a text */
int64_t json_int(const struct json_t *value);      /* 0 when not a number */
double json_number(const struct json_t *value);    /* 0 when not a number */
bool json_bool(const struct json_t *value);        /* false when not true */

size_t json_size(const struct json_t *value); /* members or items; 0 for other kinds */
struct json_t *json_item(const struct json_t *array, size_t index);

/* Members in the order in which they were set. `json_each(object, key, value) { ... }` */
void *json_first(struct json_t *object);
void *json_next(struct json_t *object, void *at);
const char *json_key_at(void *at);
struct json_t *json_value_at(void *at);
#define json_each(object, key, value)                                                    \
	for (void *at_ = json_first(object);                                             \
		at_ && ((key) = json_key_at(at_), (value) = json_value_at(at_), true);   \
		at_ = json_next((object), at_))

bool json_same(const struct json_t *a, const struct json_t *b);
struct json_t *json_clone(const struct json_t *value); /* deep */

enum json_style { JSON_ONE_LINE, JSON_PRETTY };
char *json_print(const struct json_t *value,
	enum json_style style); /* caller frees; NULL: no memory */

enum { JSON_MAX_DEPTH = 64 };
/* One value, objects with unique keys, at most `max_bytes`. -EINVAL, -E2BIG, -ENOMEM. */
int json_parse(struct json_t **ret, const char *bytes, size_t size, size_t max_bytes,
	struct error *err);
