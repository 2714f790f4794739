/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wire.c - the fields of a spawn_spec that travel, and how each kind does.
 *
 * A text is its size plus one (0: NULL), its bytes and a NUL; a list is its count plus
 * one and its texts.
 */
#include "spawn/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ITEMS = 1 << 20 };

struct reader {
	struct wired *wired;
	char *at, *end;
	int error; /* the first */
};

static void put(struct text *out, uint32_t number)
{
	text_add_bytes(out, &number, sizeof(number));
}

static void take_bytes(struct reader *reader, void *ret, size_t size)
{
	memset(ret, 0, size);
	if ((size_t)(reader->end - reader->at) < size)
		reader->error = -EINVAL;
	if (reader->error)
		return;
	memcpy(ret, reader->at, size);
	reader->at += size;
}

static uint32_t take(struct reader *reader)
{
	uint32_t number;

	take_bytes(reader, &number, sizeof(number));
	return number;
}

/* Zeroed, and one item longer than asked: vectors end with NULL. */
static void *allocate(struct reader *reader, size_t count, size_t size)
{
	struct wired *wired = reader->wired;
	void *memory = NULL;

	if (count > MAX_ITEMS || wired->owned_count == ARRAY_LEN(wired->owned))
		reader->error = -EINVAL;
	if (reader->error)
		return NULL;
	memory = calloc(count + 1, size);
	if (memory)
		wired->owned[wired->owned_count++] = memory;
	else
		reader->error = -ENOMEM;
	return memory;
}

/* ---- kinds ------------------------------------------------------------------------- */

static void put_text(struct text *out, const char *text)
{
	put(out, text ? (uint32_t)strlen(text) + 1 : 0);
	if (text)
		text_add_bytes(out, text, strlen(text) + 1);
}

static char *take_text(struct reader *reader)
{
	uint32_t size = take(reader);
	char *text = reader->at;

	if (size == 0 || reader->error)
		return NULL;
	if ((size_t)(reader->end - text) < size || text[size - 1] ||
		strlen(text) != size - 1) {
		reader->error = -EINVAL;
		return NULL;
	}
	reader->at += size;
	return text;
}

static void put_items(struct text *out, const char *const *items, size_t count)
{
	put(out, (uint32_t)count + 1);
	for (size_t i = 0; i < count; i++)
		put_text(out, items[i]);
}

/* NULL for none. */
static char **take_items(struct reader *reader, size_t *ret_count)
{
	uint32_t count = take(reader);
	char **items = NULL;

	*ret_count = 0;
	if (count > 0)
		items = allocate(reader, count - 1, sizeof(*items));
	for (size_t i = 0; items && i < count - 1 && !reader->error; i++)
		items[i] = take_text(reader);
	if (items)
		*ret_count = count - 1;
	return items;
}

static void print_text(struct text *out, const void *at)
{
	put_text(out, *(const char *const *)at);
}

static void read_text(struct reader *reader, void *at)
{
	*(const char **)at = take_text(reader);
}

static void print_strings(struct text *out, const void *at)
{
	const struct strings *strings = *(const struct strings *const *)at;

	if (strings)
		put_items(out, (const char *const *)strings->items, strings->count);
	else
		put(out, 0);
}

static void read_strings(struct reader *reader, void *at)
{
	size_t count;
	char **items = take_items(reader, &count);
	struct strings *strings = items ? allocate(reader, 1, sizeof(*strings)) : NULL;

	if (strings)
		*strings = (struct strings){ items, count };
	*(const struct strings **)at = strings;
}

static void print_vector(struct text *out, const void *at)
{
	const char *const *vector = *(const char *const *const *)at;
	size_t count = 0;

	while (vector && vector[count])
		count++;
	if (vector)
		put_items(out, vector, count);
	else
		put(out, 0);
}

static void read_vector(struct reader *reader, void *at)
{
	size_t count;

	*(char ***)at = take_items(reader, &count);
}

static void print_number(struct text *out, const void *at)
{
	text_add_bytes(out, at, sizeof(int64_t));
}

static void read_number(struct reader *reader, void *at)
{
	take_bytes(reader, at, sizeof(int64_t));
}

static void print_bool(struct text *out, const void *at)
{
	put(out, *(const bool *)at);
}

static void read_bool(struct reader *reader, void *at)
{
	*(bool *)at = take(reader) != 0;
}

static void print_identity(struct text *out, const void *at)
{
	const struct identity *identity = *(const struct identity *const *)at;

	put(out, identity != NULL);
	if (!identity)
		return;
	put(out, identity->uid);
	put(out, identity->gid);
	put(out, (uint32_t)identity->groups_count);
	text_add_bytes(out, identity->groups, identity->groups_count * sizeof(gid_t));
}

static void read_identity(struct reader *reader, void *at)
{
	struct identity *identity = &reader->wired->identity;

	if (!take(reader))
		return;
	identity->known = true;
	identity->uid = take(reader);
	identity->gid = take(reader);
	identity->groups_count = take(reader);
	identity->groups = allocate(reader, identity->groups_count, sizeof(gid_t));
	if (identity->groups)
		take_bytes(
			reader, identity->groups, identity->groups_count * sizeof(gid_t));
	*(const struct identity **)at = identity;
}

static void print_view(struct text *out, const void *at)
{
	const struct view *view = *(const struct view *const *)at;

	put(out, view ? (uint32_t)view->count + 1 : 0);
	if (!view)
		return;
	put(out, view->read_only);
	print_number(out, &view->fresh_bytes);
	for (size_t i = 0; i < view->count; i++) {
		const struct place *place = &view->places[i];

		put_text(out, place->path);
		put_text(out, place->key);
		put(out, place->act);
		put(out, place->optional);
	}
}

static void read_place(struct reader *reader, struct place *ret)
{
	uint32_t act;

	ret->path = take_text(reader);
	ret->key = take_text(reader);
	act = take(reader);
	ret->optional = take(reader) != 0;
	if (!ret->path || !ret->key || act > PLACE_PROCESSES)
		reader->error = -EINVAL;
	else
		ret->act = (enum place_act)act;
}

static void read_view(struct reader *reader, void *at)
{
	uint32_t count = take(reader);
	struct view *view = &reader->wired->view;

	if (count == 0)
		return;
	view->count = count - 1;
	if (view->count > VIEW_MAX_PLACES)
		reader->error = -EINVAL;
	view->read_only = take(reader) != 0;
	read_number(reader, &view->fresh_bytes);
	view->places = allocate(reader, view->count, sizeof(*view->places));
	for (size_t i = 0; view->places && i < view->count && !reader->error; i++)
		read_place(reader, &view->places[i]);
	*(const struct view **)at = view;
}

static const struct kind {
	void (*print)(struct text *out, const void *at);
	void (*read)(struct reader *reader, void *at);
} text = { print_text, read_text }, strings = { print_strings, read_strings },
  vector = { print_vector, read_vector }, number = { print_number, read_number },
  yes_or_no = { print_bool, read_bool }, identity = { print_identity, read_identity },
  view = { print_view, read_view };

#define AT(member) offsetof(struct spawn_spec, member)
static const struct row {
	size_t offset;
	const struct kind *kind;
} rows[] = {
	{ AT(name), &text },
	{ AT(argv), &strings },
	{ AT(environment), &vector },
	{ AT(directory), &text },
	{ AT(identity), &identity },
	{ AT(umask), &number },
	{ AT(nice), &number },
	{ AT(open_files), &number },
	{ AT(core_bytes), &number },
	{ AT(oom_score), &number },
	{ AT(limits_asked), &number },
	{ AT(view), &view },
	{ AT(network_none), &yes_or_no },
	{ AT(apart), &yes_or_no },
	{ AT(service_calls), &yes_or_no },
	{ AT(no_new_privileges), &yes_or_no },
	{ AT(capabilities), &strings },
	{ AT(keep_privileges), &yes_or_no },
	{ AT(set_listen_pid), &yes_or_no },
	{ AT(set_watchdog_pid), &yes_or_no },
};

void wire_print(struct text *ret, const struct spawn_spec *spec)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i].kind->print(ret, (const char *)spec + rows[i].offset);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): its strings are handed out */
int wire_read(struct wired *ret, char *bytes, size_t size)
{
	struct reader reader = { .wired = ret, .at = bytes, .end = bytes + size };

	*ret = (struct wired){ .spec.cgroup_fd = -1 };
	for (size_t i = 0; i < ARRAY_LEN(rows) && !reader.error; i++)
		rows[i].kind->read(&reader, (char *)&ret->spec + rows[i].offset);
	if (!reader.error && (reader.at != reader.end || !ret->spec.argv ||
				     ret->spec.argv->count == 0))
		reader.error = -EINVAL;
	if (reader.error)
		wire_done(ret);
	return reader.error;
}

void wire_done(struct wired *wired)
{
	while (wired->owned_count > 0)
		free(wired->owned[--wired->owned_count]);
	*wired = (struct wired){ 0 };
}
