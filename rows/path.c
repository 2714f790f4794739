/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * path.c - questions about dotted paths: is there such a key, what does a change
 * of it need, which one was meant, which ones are there.
 */
#include <assert.h>
#include <string.h>

#include "rows/rows.h"

enum { PATH_MOST_BYTES = 256 };

/* Takes one key and the "[0]"s behind it off the path. False: it is no path. */
static bool take_key(const char **path, char key[static PATH_MOST_BYTES], int *indexes)
{
	size_t size = strcspn(*path, ".[");
	const char *at = *path + size;

	if (size == 0 || size >= PATH_MOST_BYTES)
		return false;
	memcpy(key, *path, size);
	key[size] = '\0';
	for (*indexes = 0; *at == '['; ++*indexes) {
		at += 1 + strspn(at + 1, "0123456789");
		if (*at++ != ']')
			return false;
	}
	if (*at == '.' ? !at[1] : *at != '\0')
		return false;
	*path = *at ? at + 1 : at;
	return true;
}

/* How many "[0]"s may stand behind a key. */
static int indexes_of(const struct field *field)
{
	const bool inner = field->kind->indexes_of_row && field->item && !field->rows;

	return (int)(inner ? field->item->kind->indexes : field->kind->indexes);
}

const struct field *rows_find_path(const struct rows *rows, const char *path)
{
	const struct field *field = NULL;
	char key[PATH_MOST_BYTES];
	int indexes;

	while (*path) {
		if (!rows || !take_key(&path, key, &indexes))
			return NULL;
		field = rows_find(rows, key);
		if (!field || field->kind->free)
			return field;
		if (indexes > indexes_of(field))
			return NULL;
		rows = field->rows;
	}
	return field;
}

enum effect field_effect(const struct field *field)
{
	enum effect effect = field->effect;

	if (!field->rows)
		return effect;
	for (const struct field *row = field->rows->fields; row->key; row++)
		effect = MAX(effect, field_effect(row));
	return effect;
}

int rows_check_at(struct reader *reader, const struct rows *rows, const char *path,
	const struct node *node)
{
	const struct field *field = rows_find_path(rows, path);
	const bool partial = reader->partial;
	struct step step = { .up = reader->at, .key = path };
	struct field fields[2] = { { 0 }, { 0 } };
	const struct rows one = { .fields = fields };
	_cleanup_free_ void *scratch = calloc(1, rows->size);
	int r;

	assert(field);
	if (!scratch)
		return -ENOMEM;
	fields[0] = *field;
	reader->partial = true;
	reader->at = &step;
	r = rows_blank(&one, scratch);
	if (r == 0)
		r = field_read(reader, field, node, scratch);
	rows_done(&one, scratch);
	reader->partial = partial;
	reader->at = step.up;
	return r;
}

/* ---- all paths --------------------------------------------------------------------- */

struct walk {
	field_path_fn *each;
	void *data;
	struct text path;
};

static void walk_rows(struct walk *walk, const struct rows *rows);

static void walk_field(struct walk *walk, const struct field *field)
{
	size_t size = walk->path.size;
	const char *brackets =
		field->kind == &kind_list || field->kind == &kind_one_or_list ? "[]" : "";

	text_addf(&walk->path, "%s%s", size ? "." : "", field->key);
	if (field->rows) {
		text_add(&walk->path, brackets);
		walk_rows(walk, field->rows);
	} else if (!text_failed(&walk->path)) {
		walk->each(walk->path.bytes, field->unset, field->help, walk->data);
	}
	if (!text_failed(&walk->path)) {
		walk->path.size = size;
		walk->path.bytes[size] = '\0';
	}
}

static void walk_rows(struct walk *walk, const struct rows *rows)
{
	for (const struct field *field = rows->fields; field->key; field++)
		walk_field(walk, field);
}

void rows_each_path(const struct rows *rows, field_path_fn *each, void *data)
{
	struct walk walk = { .each = each, .data = data };

	walk_rows(&walk, rows);
	text_done(&walk.path);
}

/* ---- the nearest ------------------------------------------------------------------- */

static void collect(const char *path, const char *unset, const char *help, void *data)
{
	struct strings *paths = data;

	(void)unset;
	(void)help;
	(void)strings_add(
		paths, path); /* without memory there is one word less to offer */
}

/* "instances" may mean "run.instances". */
static const char *path_ending_with(const struct strings *paths, const char *key)
{
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i];
		size_t size = strlen(path), tail = strlen(key);

		if (size > tail && path[size - tail - 1] == '.' && text_ends(path, key))
			return path;
	}
	return NULL;
}

char *rows_nearest_path(const struct rows *rows, const char *path)
{
	_cleanup_(strings_done) struct strings paths = { 0 };
	const char *nearest;

	rows_each_path(rows, collect, &paths);
	nearest = path[0] ? path_ending_with(&paths, path) : NULL;
	if (!nearest)
		nearest = text_nearest_of(path, &paths);
	return nearest ? strdup(nearest) : NULL;
}
