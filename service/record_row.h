/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * record_row.h - private to record.c: a member of a struct and its key in JSON, both
 * ways, from one row.
 *
 * What has its usual value is not printed, and what is not there, or makes no sense, gets
 * it: a record of the version before or after is read like our own.
 */
#pragma once

#include <stddef.h>

#include "base/json.h"

enum record_kind {
	ROW_FLAG,   /* bool */
	ROW_COUNT,  /* unsigned */
	ROW_NUMBER, /* int, pid_t */
	ROW_LONG,   /* int64_t, uint64_t, struct wall */
	ROW_AT,     /* struct instant; usually 0 */
	ROW_UNTIL,  /* struct instant; usually NEVER */
	ROW_TEXT,   /* char[] */
	ROW_REMARK, /* struct remark */
	ROW_WORD,   /* an enum that begins with 0, which is usual */
};

struct record_row {
	const char *key;
	enum record_kind kind;
	size_t offset, size;
	const char *const *words; /* of ROW_WORD */
	size_t words_count;
};

#define ROW(id, type, member, key)                                                       \
	{                                                                                \
		key, ROW_##id, offsetof(type, member), sizeof(((type *)0)->member),      \
			NULL, 0                                                          \
	}
#define ROW_OF(table, type, member, key)                                                 \
	{                                                                                \
		key, ROW_WORD, offsetof(type, member), sizeof(((type *)0)->member),      \
			table, ARRAY_LEN(table)                                          \
	}

struct record_rows {
	const struct record_row *items;
	size_t count;
};

/* 0 or -ENOMEM. */
int record_print(struct json_t *object, struct record_rows rows, const void *from);
void record_read(void *to, struct record_rows rows, const struct json_t *object);
bool record_has(struct record_rows rows, const char *key);
