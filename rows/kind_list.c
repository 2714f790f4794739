/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_list.c - lists and maps of texts: words, command lines, environments.
 */
#include <string.h>

#include "rows/rows.h"

static void refuse_list(
	struct reader *reader, const struct field *field, const struct node *node)
{
	char text[FOUND_BYTES];

	refuse(reader, node, "must be %s, not %s", field->kind->name, found(node, text));
}

/* One item of a list of texts, at its index. */
static int read_item(struct reader *reader, const struct field *field,
	const struct node *node, struct strings *strings)
{
	_cleanup_free_ char *text = NULL;
	int r = read_scalar(reader, field, node, "a text", &text);

	if (r == 1 && text_fits(reader, field, node, text))
		r = strings_add(strings, text);
	return MIN(r, 0);
}

static int read_texts(struct reader *reader, const struct field *field,
	const struct node *node, struct strings *strings)
{
	int r = 0;

	if (node->kind != NODE_LIST) {
		refuse_list(reader, field, node);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < node->count; i++) {
		struct step step = { .up = reader->at, .index = i };

		reader->at = &step;
		r = read_item(reader, field, node->items[i].value, strings);
		reader->at = step.up;
	}
	return r;
}

static struct json_t *print_texts(const struct strings *strings)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();

	for (size_t i = 0; list && i < strings->count; i++) {
		if (json_append_text(list, strings->items[i]) < 0)
			return NULL;
	}
	return TAKE(list);
}

static struct json_t *schema_texts(const struct field *field)
{
	return schema_list(kind_text.schema(field));
}

/* ---- lists of texts ---------------------------------------------------------------- */

static int read_strings(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	return read_texts(reader, field, node, member(field, base));
}

static struct json_t *print_strings(const struct field *field, const void *base)
{
	return print_texts(member_of(field, base));
}

static void done_strings(const struct field *field, void *base)
{
	strings_done(member(field, base));
}

const struct kind kind_strings = {
	.name = "a list such as [a, b]",
	.read = read_strings,
	.print = print_strings,
	.done = done_strings,
	.schema = schema_texts,
	.indexes = 1,
};

/* ---- command lines ----------------------------------------------------------------- */

/* The kernel's MAX_ARG_STRLEN, 32 pages with the NUL (<linux/binfmts.h>, execve(2)). */
enum { ARGUMENT_MOST_BYTES = 32 * 4096 - 1 };

static int read_command(struct reader *reader, const struct field *field,
	const struct node *node, struct strings *command)
{
	size_t refusals = reader->refusals;
	struct field argument = *field;
	int r;

	argument.lines = true; /* a script behind `sh -c` has several */
	argument.most = ARGUMENT_MOST_BYTES;
	r = read_texts(reader, &argument, node, command);
	if (r < 0 || node->kind != NODE_LIST || reader->partial)
		return r;
	if (refusals != reader->refusals)
		return 0;
	if (command->count == 0 && field->required) {
		refuse(reader, node, "must name a program, not an empty list");
	} else if (command->count > 0 && command->items[0][0] == '\0') {
		refuse(reader, node, "must begin with a program, not with an empty text");
	}
	return 0;
}

static int read_argv(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	return read_command(reader, field, node, member(field, base));
}

const struct kind kind_argv = {
	.name = "a list of words such as [program, argument] (no shell reads it)",
	.read = read_argv,
	.print = print_strings,
	.done = done_strings,
	.schema = schema_texts,
	.indexes = 1,
};

static int read_argvs(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	struct argvs *argvs = member(field, base);
	int r = 0;

	if (node->kind != NODE_LIST) {
		refuse_list(reader, field, node);
		return 0;
	}
	argvs->items = calloc(node->count + 1, sizeof(*argvs->items));
	if (!argvs->items)
		return -ENOMEM;
	for (; r == 0 && argvs->count < node->count; argvs->count++) {
		struct step step = { .up = reader->at, .index = argvs->count };
		struct field command = *field;

		command.kind = &kind_argv;
		command.required = true;
		reader->at = &step;
		r = read_command(reader, &command, node->items[argvs->count].value,
			&argvs->items[argvs->count]);
		reader->at = step.up;
	}
	return r;
}

static struct json_t *print_argvs(const struct field *field, const void *base)
{
	const struct argvs *argvs = member_of(field, base);
	_cleanup_(json_freep) struct json_t *list = json_new_array();

	for (size_t i = 0; list && i < argvs->count; i++) {
		if (json_append(list, print_texts(&argvs->items[i])) < 0)
			return NULL;
	}
	return TAKE(list);
}

static void done_argvs(const struct field *field, void *base)
{
	struct argvs *argvs = member(field, base);

	for (size_t i = 0; i < argvs->count; i++)
		strings_done(&argvs->items[i]);
	free(argvs->items);
	*argvs = (struct argvs){ 0 };
}

static struct json_t *schema_argvs(const struct field *field)
{
	return schema_list(schema_texts(field));
}

const struct kind kind_argvs = {
	.name = "a list of command lines such as [[program, argument]]",
	.read = read_argvs,
	.print = print_argvs,
	.done = done_argvs,
	.schema = schema_argvs,
	.indexes = 2,
};

/* ---- maps of texts ----------------------------------------------------------------- */

static int read_pair(struct reader *reader, const struct field *field,
	const struct node_item *item, struct pairs *pairs)
{
	const struct node name = { .kind = NODE_SCALAR, .mark = item->key_mark };
	const struct field key = { .shape = field->keys };
	_cleanup_free_ char *text = NULL, *copy = NULL;
	int r;

	if (!text_fits(reader, &key, &name, item->key))
		return 0;
	r = read_scalar(reader, field, item->value, "a text", &text);
	if (r <= 0 || !text_fits(reader, field, item->value, text))
		return MIN(r, 0);
	copy = text_format("%s", item->key);
	if (!copy)
		return -ENOMEM;
	pairs->items[pairs->count++] = (struct pair){ TAKE(copy), TAKE(text) };
	return 0;
}

static int read_pairs(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	struct pairs *pairs = member(field, base);
	int r = 0;

	if (node->kind != NODE_MAP) {
		refuse_list(reader, field, node);
		return 0;
	}
	pairs->items = calloc(node->count + 1, sizeof(*pairs->items));
	if (!pairs->items)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < node->count; i++) {
		struct step step = { .up = reader->at, .key = node->items[i].key };

		reader->at = &step;
		r = read_pair(reader, field, &node->items[i], pairs);
		reader->at = step.up;
	}
	return r;
}

static struct json_t *print_pairs(const struct field *field, const void *base)
{
	const struct pairs *pairs = member_of(field, base);
	_cleanup_(json_freep) struct json_t *map = json_new_object();

	for (size_t i = 0; map && i < pairs->count; i++) {
		if (json_set_text(map, pairs->items[i].key, pairs->items[i].value) < 0)
			return NULL;
	}
	return TAKE(map);
}

static void done_pairs(const struct field *field, void *base)
{
	struct pairs *pairs = member(field, base);

	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].key);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct pairs){ 0 };
}

static struct json_t *schema_pairs(const struct field *field)
{
	return schema_map(kind_text.schema(field));
}

const struct kind kind_pairs = {
	.name = "a map of texts such as {NAME: value}",
	.read = read_pairs,
	.print = print_pairs,
	.done = done_pairs,
	.schema = schema_pairs,
	.free = true,
};
