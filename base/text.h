/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * text.h - a string that grows, lists of strings, and the questions asked of both.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/* A growing string; always NUL-terminated once anything was added. Zero-initialise to
 * begin. An append that fails for lack of memory sets `failed`, and all later ones do
 * nothing: check once, at the end, with text_take() or text_failed(). */
struct text {
	char *bytes;
	size_t size;     /* without the NUL */
	size_t capacity; /* of the allocation */
	bool failed;
};

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t size);
void text_addf(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void text_addv(struct text *text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Drops the first `size` bytes and keeps the rest. */
void text_consume(struct text *text, size_t size);
void text_clear(struct text *text);
void text_done(struct text *text);
/* The string, owned by the caller, "" when nothing was added; NULL when memory ran
 * out. */
char *text_take(struct text *text);

static inline bool text_failed(const struct text *text)
{
	return text->failed;
}

/* A list of strings that it owns; `items` is NULL when empty. Zero-initialise to
 * begin. */
struct strings {
	char **items;
	size_t count;
};

int strings_add(struct strings *strings, const char *string); /* copies; -ENOMEM */
bool strings_have(const struct strings *strings, const char *string);
void strings_done(struct strings *strings);

/* printf into a fresh string; NULL when memory ran out. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool text_starts(const char *string, const char *prefix);
bool text_ends(const char *string, const char *suffix);
static inline bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && __builtin_strcmp(a, b) == 0);
}

/* The word nearest to `word` by edit distance, or NULL when none is near enough to be
 * meant. `next(i, data)` gives the i-th candidate, NULL at the end. */
const char *text_nearest(const char *word,
	const char *(*next)(size_t index, const void *data), const void *data);
const char *text_nearest_of(const char *word, const struct strings *candidates);

/* Appends `string` so that a terminal shows it and does not obey it: control characters
 * become \xNN, invalid UTF-8 bytes too. */
void text_add_shown(struct text *text, const char *string, size_t size);

/* Offset of the first byte that is not well-formed UTF-8 (RFC 3629); `size` when all
 * is. */
size_t text_find_bad_utf8(const char *bytes, size_t size);

/* 64-bit FNV-1a; stable over versions and hosts: used for spreading and for config
 * hashes. */
unsigned long long text_hash(const void *bytes, size_t size);
