/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * text.c - growing strings and the nearest right word.
 */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_FIRST_BYTES = 64, WORD_MAX = 64 };

static bool text_reserve(struct text *text, size_t extra)
{
	size_t capacity = text->capacity ? text->capacity : TEXT_FIRST_BYTES;
	char *bytes;

	if (text->failed)
		return false;
	while (capacity - text->size <= extra) {
		if (capacity > SIZE_MAX / 2) {
			text->failed = true;
			return false;
		}
		capacity *= 2;
	}
	if (capacity == text->capacity)
		return true;
	bytes = realloc(text->bytes, capacity);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

void text_add_bytes(struct text *text, const void *bytes, size_t size)
{
	if (!text_reserve(text, size))
		return;
	if (size)
		memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
	text->bytes[text->size] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_addv(struct text *text, const char *format, va_list args)
{
	va_list again;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0 || !text_reserve(text, (size_t)size))
		return;
	vsnprintf(text->bytes + text->size, (size_t)size + 1, format, args);
	text->size += (size_t)size;
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_addv(text, format, args);
	va_end(args);
}

void text_consume(struct text *text, size_t size)
{
	if (size == 0)
		return;
	text->size -= size;
	memmove(text->bytes, text->bytes + size, text->size + 1);
}

void text_clear(struct text *text)
{
	text->size = 0;
	text->failed = false;
	if (text->bytes)
		text->bytes[0] = '\0';
}

void text_done(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

char *text_take(struct text *text)
{
	char *bytes;

	if (text->failed) {
		text_done(text);
		return NULL;
	}
	bytes = text->bytes ? text->bytes : calloc(1, 1);
	*text = (struct text){ 0 };
	return bytes;
}

char *text_format(const char *format, ...)
{
	struct text text = { 0 };
	va_list args;

	va_start(args, format);
	text_addv(&text, format, args);
	va_end(args);
	return text_take(&text);
}

int strings_add(struct strings *strings, const char *string)
{
	char **items = realloc(strings->items, (strings->count + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	strings->items = items;
	items[strings->count] = strdup(string);
	if (!items[strings->count])
		return -ENOMEM;
	strings->count++;
	return 0;
}

bool strings_have(const struct strings *strings, const char *string)
{
	for (size_t i = 0; i < strings->count; i++)
		if (strcmp(strings->items[i], string) == 0)
			return true;
	return false;
}

void strings_done(struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct strings){ 0 };
}

bool text_starts(const char *string, const char *prefix)
{
	return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *string, const char *suffix)
{
	size_t size = strlen(string), tail = strlen(suffix);

	return size >= tail && strcmp(string + size - tail, suffix) == 0;
}

/* Damerau-Levenshtein, optimal string alignment: a swap of neighbours costs one. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t a_size = strlen(a), b_size = strlen(b);

	if (a_size > WORD_MAX || b_size > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned *now = rows[i % 3], *last = rows[(i - 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_size; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, last[j] + 1);
			best = MIN(best, now[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1])
				best = MIN(best, rows[(i - 2) % 3][j - 2] + 1);
			now[j] = best;
		}
	}
	return rows[a_size % 3][b_size];
}

/* "prod" is far from "production", but its beginning. */
static const char *beginning_with(const char *word,
	const char *(*next)(size_t index, const void *data), const void *data)
{
	const char *candidate;

	for (size_t i = 0; strlen(word) >= 3 && (candidate = next(i, data)); i++)
		if (text_starts(candidate, word))
			return candidate;
	return NULL;
}

const char *text_nearest(const char *word,
	const char *(*next)(size_t index, const void *data), const void *data)
{
	unsigned limit = (unsigned)(strlen(word) + 2) / 3, least = limit + 1;
	const char *nearest = NULL, *candidate;

	for (size_t i = 0; (candidate = next(i, data)); i++) {
		unsigned far = distance(word, candidate);

		if (far < least) {
			least = far;
			nearest = candidate;
		}
	}
	return nearest ? nearest : beginning_with(word, next, data);
}

static const char *next_string(size_t index, const void *data)
{
	const struct strings *strings = data;

	return index < strings->count ? strings->items[index] : NULL;
}

const char *text_nearest_of(const char *word, const struct strings *candidates)
{
	return text_nearest(word, next_string, candidates);
}

/* RFC 3629, section 4: what the first byte says about the second. */
static const struct sequence {
	unsigned char first, last, length, second_least, second_most;
} sequences[] = {
	{ 0x00, 0x7f, 1, 0, 0 },
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct sequence *sequence_of(unsigned char first)
{
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
		if (first >= sequences[i].first && first <= sequences[i].last)
			return &sequences[i];
	return NULL;
}

/* Length of the well-formed UTF-8 sequence at `bytes`, 0 when it is not one. */
static size_t utf8_length(const unsigned char *bytes, size_t size)
{
	const struct sequence *sequence = sequence_of(bytes[0]);

	if (!sequence || sequence->length > size)
		return 0;
	if (sequence->length > 1 &&
		(bytes[1] < sequence->second_least || bytes[1] > sequence->second_most))
		return 0;
	for (size_t i = 2; i < sequence->length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return sequence->length;
}

/* C0, DEL and C1 (as UTF-8: c2 80 … c2 9f) move cursors and set titles; U+202A … 202E and
 * U+2066 … 2069 turn the direction, so that a line reads as what it is not. */
static bool is_control(const unsigned char *bytes, size_t length)
{
	if (length == 1)
		return (bytes[0] < 0x20 && bytes[0] != '\t') || bytes[0] == 0x7f;
	if (length == 3 && bytes[0] == 0xe2)
		return (bytes[1] == 0x80 && bytes[2] >= 0xaa && bytes[2] <= 0xae) ||
		       (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9);
	return length == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0;
}

void text_add_shown(struct text *text, const char *string, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)string;

	for (size_t i = 0; i < size;) {
		size_t length = utf8_length(bytes + i, size - i);

		if (length == 0 || is_control(bytes + i, length)) {
			text_addf(text, "\\x%02x", bytes[i]);
			i++;
			continue;
		}
		text_add_bytes(text, bytes + i, length);
		i += length;
	}
}

size_t text_find_bad_utf8(const char *bytes, size_t size)
{
	size_t i = 0, length;

	while (i < size &&
		(length = utf8_length((const unsigned char *)bytes + i, size - i)) > 0)
		i += length;
	return i;
}

unsigned long long text_hash(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3;
	return hash;
}
