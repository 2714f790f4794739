/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * record_row.c - a printer and a reader per kind.
 */
#include "service/record_row.h"

#include <limits.h>
#include <string.h>

#include "base/reason.h"
#include "base/text.h"
#include "base/time.h"
#include "base/words.h"

static int print_flag(
	struct json_t *object, const struct record_row *row, const void *from)
{
	bool flag;

	memcpy(&flag, from, sizeof(flag));
	return flag ? json_set_bool(object, row->key, true) : 0;
}

static void read_flag(void *to, const struct record_row *row, const struct json_t *object)
{
	bool flag = json_get_bool(object, row->key, false);

	memcpy(to, &flag, sizeof(flag));
}

static int print_count(
	struct json_t *object, const struct record_row *row, const void *from)
{
	unsigned count;

	memcpy(&count, from, sizeof(count));
	return count ? json_set_int(object, row->key, count) : 0;
}

static void read_count(
	void *to, const struct record_row *row, const struct json_t *object)
{
	int64_t number = json_get_int(object, row->key, 0);
	unsigned count = number > 0 && number <= UINT_MAX ? (unsigned)number : 0;

	memcpy(to, &count, sizeof(count));
}

static int print_number(
	struct json_t *object, const struct record_row *row, const void *from)
{
	int number;

	memcpy(&number, from, sizeof(number));
	return number ? json_set_int(object, row->key, number) : 0;
}

static void read_number(
	void *to, const struct record_row *row, const struct json_t *object)
{
	int64_t told = json_get_int(object, row->key, 0);
	int number = told >= INT_MIN && told <= INT_MAX ? (int)told : 0;

	memcpy(to, &number, sizeof(number));
}

static int print_long(
	struct json_t *object, const struct record_row *row, const void *from)
{
	int64_t number;

	memcpy(&number, from, sizeof(number));
	return number ? json_set_int(object, row->key, number) : 0;
}

static void read_long(void *to, const struct record_row *row, const struct json_t *object)
{
	int64_t number = json_get_int(object, row->key, 0);

	memcpy(to, &number, sizeof(number));
}

static int print_until(
	struct json_t *object, const struct record_row *row, const void *from)
{
	struct instant at;

	memcpy(&at, from, sizeof(at));
	return at.us != NEVER.us ? json_set_int(object, row->key, at.us) : 0;
}

static void read_until(
	void *to, const struct record_row *row, const struct json_t *object)
{
	struct instant at = { json_get_int(object, row->key, NEVER.us) };

	memcpy(to, &at, sizeof(at));
}

static int print_text(
	struct json_t *object, const struct record_row *row, const void *from)
{
	const char *text = from;

	return *text ? json_set_text(object, row->key, text) : 0;
}

static void read_text(void *to, const struct record_row *row, const struct json_t *object)
{
	reason_set(to, row->size, "%s", json_get_text(object, row->key, ""));
}

static int print_remark(
	struct json_t *object, const struct record_row *row, const void *from)
{
	return print_text(object, row, remark_text(from));
}

static void read_remark(
	void *to, const struct record_row *row, const struct json_t *object)
{
	remark_set(to, "%s", json_get_text(object, row->key, ""));
}

static int print_word(
	struct json_t *object, const struct record_row *row, const void *from)
{
	unsigned value;

	memcpy(&value, from, sizeof(value));
	return value > 0 && value < row->words_count
		       ? json_set_text(object, row->key, row->words[value])
		       : 0;
}

static void read_word(void *to, const struct record_row *row, const struct json_t *object)
{
	const char *word = json_get_text(object, row->key, NULL);
	int found = words_find(row->words, row->words_count, word);
	unsigned value;

	if (word && found < 0) /* a newer version's */
		found = words_find(row->words, row->words_count, "unknown");
	value = found > 0 ? (unsigned)found : 0;

	memcpy(to, &value, sizeof(value));
}

static const struct {
	int (*print)(
		struct json_t *object, const struct record_row *row, const void *from);
	void (*read)(void *to, const struct record_row *row, const struct json_t *object);
} kinds[] = {
	[ROW_FLAG] = { print_flag, read_flag },
	[ROW_COUNT] = { print_count, read_count },
	[ROW_NUMBER] = { print_number, read_number },
	[ROW_LONG] = { print_long, read_long },
	[ROW_AT] = { print_long, read_long },
	[ROW_UNTIL] = { print_until, read_until },
	[ROW_TEXT] = { print_text, read_text },
	[ROW_REMARK] = { print_remark, read_remark },
	[ROW_WORD] = { print_word, read_word },
};

int record_print(struct json_t *object, struct record_rows rows, const void *from)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows.count; i++) {
		const struct record_row *row = &rows.items[i];

		r = kinds[row->kind].print(object, row, (const char *)from + row->offset);
	}
	return r;
}

void record_read(void *to, struct record_rows rows, const struct json_t *object)
{
	for (size_t i = 0; i < rows.count; i++) {
		const struct record_row *row = &rows.items[i];

		kinds[row->kind].read((char *)to + row->offset, row, object);
	}
}

bool record_has(struct record_rows rows, const char *key)
{
	for (size_t i = 0; i < rows.count; i++) {
		if (text_equal(rows.items[i].key, key))
			return true;
	}
	return false;
}
