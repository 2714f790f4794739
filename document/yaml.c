/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * yaml.c - bytes of one file into a tree of nodes, with limits. The only user of libyaml.
 *
 * Events are pulled one by one, so that a file which goes too deep or too wide is left at
 * that place. Scalars stay the text that was written: YAML's guesses (octal, sexagesimal,
 * yes and no) are not made here; the type of a key decides. Aliases are copied, and what
 * they copy counts.
 *
 * Refused by name: tags, merge keys, keys that are no scalars, a second document.
 */
#include <string.h>
#include <yaml.h>

#include "document/bytes.h"
#include "document/node.h"
#include "document/problem.h"
#include "document/yaml_hint.h"

struct anchor {
	char *name;
	const struct node *node; /* borrowed from the tree */
};

struct builder {
	yaml_parser_t parser;
	const char *file;
	struct problems *problems;
	struct node *root; /* owned */
	struct open { /* maps and lists that are not closed yet; the innermost is last */
		struct node *node; /* borrowed from the tree */
		char *key;         /* owned: of a map, whose value comes next */
		struct mark key_mark;
	} open[DOCUMENT_MAX_DEPTH];
	size_t depth;
	size_t count; /* keys and items so far */
	struct anchor *anchors;
	size_t anchors_count;
	unsigned documents;
	bool refused; /* a problem was found; the tree is thrown away */
	bool stop;    /* and nothing after it can be trusted */
};

static struct mark mark_at(const struct builder *builder, yaml_mark_t mark)
{
	return (struct mark){ .file = builder->file,
		.line = (unsigned)mark.line + 1,
		.column = (unsigned)mark.column + 1 };
}

static void refuse(struct builder *builder, yaml_mark_t mark, const char *sentence)
{
	problem(builder->problems, mark_at(builder, mark), NULL, "%s", sentence);
	builder->refused = true;
}

static void refuse_and_stop(
	struct builder *builder, yaml_mark_t mark, const char *sentence)
{
	refuse(builder, mark, sentence);
	builder->stop = true;
}

/* ---- anchors ----------------------------------------------------------------------- */

static int remember_anchor(
	struct builder *builder, const yaml_char_t *name, const struct node *node)
{
	_cleanup_free_ char *copy = name ? text_format("%s", (const char *)name) : NULL;
	struct anchor *anchors;

	if (!name)
		return 0;
	anchors = reallocarray(
		builder->anchors, builder->anchors_count + 1, sizeof(*anchors));
	if (anchors)
		builder->anchors = anchors;
	if (!anchors || !copy)
		return -ENOMEM;
	anchors[builder->anchors_count++] = (struct anchor){ TAKE(copy), node };
	return 0;
}

/* The latest wins, as YAML says. */
static const struct node *find_anchor(
	const struct builder *builder, const yaml_char_t *name)
{
	for (size_t i = builder->anchors_count; i > 0; i--) {
		if (strcmp(builder->anchors[i - 1].name, (const char *)name) == 0)
			return builder->anchors[i - 1].node;
	}
	return NULL;
}

static bool is_open(const struct builder *builder, const struct node *node)
{
	for (size_t i = 0; i < builder->depth; i++) {
		if (builder->open[i].node == node)
			return true;
	}
	return false;
}

/* ---- building ---------------------------------------------------------------------- */

static bool is_null(const yaml_event_t *event)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	const char *text = (const char *)event->data.scalar.value;

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(nulls); i++) {
		if (strcmp(text, nulls[i]) == 0)
			return true;
	}
	return false;
}

static bool expects_key(const struct builder *builder)
{
	const struct open *top;

	if (builder->depth == 0)
		return false;
	top = &builder->open[builder->depth - 1];
	return top->node->kind == NODE_MAP && !top->key;
}

static int take_key(struct builder *builder, const yaml_event_t *event)
{
	struct open *top = &builder->open[builder->depth - 1];
	const char *text = (const char *)event->data.scalar.value;

	if (strcmp(text, "<<") == 0) {
		refuse(builder, event->start_mark,
			"<<: merge keys are not read; write the keys out, or use a template");
	}
	top->key = strdup(text);
	top->key_mark = mark_at(builder, event->start_mark);
	return top->key ? 0 : -ENOMEM;
}

/* Puts a value where the file says. Takes `node`. */
static int place(struct builder *builder, struct node *node, yaml_mark_t mark)
{
	struct open *top;
	int r;

	if (!node)
		return -ENOMEM;
	if (builder->depth == 0) {
		builder->root = node;
		return 0;
	}
	top = &builder->open[builder->depth - 1];
	if (++builder->count > DOCUMENT_MAX_KEYS) {
		refuse_and_stop(builder, mark,
			"more than 10000 keys and items, counting what aliases repeat");
	}
	r = node_append(top->node, top->key, top->key_mark, node);
	free(TAKE(top->key));
	return r;
}

static int on_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct node *node;

	if (event->data.scalar.tag) {
		refuse(builder, event->start_mark,
			"tags (!...) are not read; leave it out");
	}
	if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
		refuse(builder, event->start_mark, "a NUL character inside a text");
	if (expects_key(builder))
		return take_key(builder, event);
	node = node_new(is_null(event) ? NODE_NULL : NODE_SCALAR,
		mark_at(builder, event->start_mark));
	if (node && node->kind == NODE_SCALAR &&
		!(node->text = strdup((const char *)event->data.scalar.value)))
		node = node_free(node);
	if (node)
		node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (place(builder, node, event->start_mark) < 0)
		return -ENOMEM;
	return remember_anchor(builder, event->data.scalar.anchor, node);
}

static int on_start(struct builder *builder, const yaml_event_t *event)
{
	bool map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *anchor = map ? event->data.mapping_start.anchor
					: event->data.sequence_start.anchor;
	struct node *node;

	if (map ? event->data.mapping_start.tag : event->data.sequence_start.tag) {
		refuse(builder, event->start_mark,
			"tags (!...) are not read; leave it out");
	}
	if (expects_key(builder)) {
		refuse_and_stop(builder, event->start_mark,
			map ? "a key must be a word, not a map: quote text that begins with {"
			    : "a key must be a word, not a list: quote text that begins with [");
		return 0;
	}
	if (builder->depth == DOCUMENT_MAX_DEPTH) {
		refuse_and_stop(builder, event->start_mark, "nested deeper than 32");
		return 0;
	}
	node = node_new(map ? NODE_MAP : NODE_LIST, mark_at(builder, event->start_mark));
	if (place(builder, node, event->start_mark) < 0)
		return -ENOMEM;
	builder->open[builder->depth++] = (struct open){ .node = node };
	return remember_anchor(builder, anchor, node);
}

static int on_alias(struct builder *builder, const yaml_event_t *event)
{
	const struct node *node = find_anchor(builder, event->data.alias.anchor);
	size_t count = builder->count, deepest = 0;

	if (expects_key(builder)) {
		refuse_and_stop(
			builder, event->start_mark, "a key must be a word, not an alias");
		return 0;
	}
	if (!node || is_open(builder, node)) {
		refuse_and_stop(builder, event->start_mark,
			node ? "an alias inside of what it names"
			     : "an alias to an anchor that is not above it");
		return 0;
	}
	node_measure(node, builder->depth + 1, &count, &deepest);
	if (count > DOCUMENT_MAX_KEYS || deepest > DOCUMENT_MAX_DEPTH) {
		refuse_and_stop(builder, event->start_mark,
			count > DOCUMENT_MAX_KEYS
				? "more than 10000 keys and items, counting what aliases repeat"
				: "nested deeper than 32, counting what aliases repeat");
		return 0;
	}
	builder->count = count;
	return place(builder, node_copy(node), event->start_mark);
}

static int find_duplicates(struct builder *builder, const struct node *map)
{
	_cleanup_free_ const struct node_item **items = NULL;
	size_t first = 0;
	int r = node_sort(&items, map);

	for (size_t i = 1; r == 0 && i < map->count; i++) {
		if (strcmp(items[i]->key, items[first]->key) != 0) {
			first = i;
			continue;
		}
		problem(builder->problems, items[i]->key_mark, NULL,
			"%s: written twice; the first is in line %u", items[i]->key,
			items[first]->key_mark.line);
		builder->refused = true;
	}
	return r;
}

static int on_end(struct builder *builder, const yaml_event_t *event)
{
	const struct node *node = builder->open[--builder->depth].node;

	(void)event;
	return node->kind == NODE_MAP ? find_duplicates(builder, node) : 0;
}

static int on_document(struct builder *builder, const yaml_event_t *event)
{
	if (++builder->documents > 1) {
		refuse_and_stop(builder, event->start_mark,
			"a second document begins here; a file holds one");
	}
	return 0;
}

static int on_event(struct builder *builder, const yaml_event_t *event)
{
	static int (*const handlers[])(struct builder *, const yaml_event_t *) = {
		[YAML_DOCUMENT_START_EVENT] = on_document,
		[YAML_SCALAR_EVENT] = on_scalar,
		[YAML_ALIAS_EVENT] = on_alias,
		[YAML_SEQUENCE_START_EVENT] = on_start,
		[YAML_MAPPING_START_EVENT] = on_start,
		[YAML_SEQUENCE_END_EVENT] = on_end,
		[YAML_MAPPING_END_EVENT] = on_end,
	};

	if (event->type >= ARRAY_LEN(handlers) || !handlers[event->type])
		return 0;
	return handlers[event->type](builder, event);
}

/* ---- syntax ------------------------------------------------------------------------ */

/* The parser counts characters and lines, but not where it cannot read at all. */
static struct mark mark_of_failure(
	const struct builder *builder, bool at_begin, const char *bytes)
{
	const yaml_parser_t *parser = &builder->parser;

	if (parser->error == YAML_READER_ERROR)
		return bytes_mark(builder->file, bytes, parser->problem_offset);
	return mark_at(builder, at_begin && parser->context ? parser->context_mark
							    : parser->problem_mark);
}

static void refuse_syntax(struct builder *builder, const char *bytes, size_t size)
{
	const struct yaml_hint hint = yaml_hint(builder->parser.problem);
	struct mark at = mark_at(builder, builder->parser.problem_mark), tab;

	builder->refused = builder->stop = true;
	if (bytes_find_tab(bytes, size, at.line, &tab.line, &tab.column)) {
		at.line = tab.line;
		at.column = tab.column;
		problem(builder->problems, at, NULL,
			"a tab where YAML wants spaces: indent with spaces");
		return;
	}
	at = mark_of_failure(builder, hint.at_begin, bytes);
	problem(builder->problems, at, NULL, "%s",
		bytes_is_dollar_brace(bytes, size, at)
			? "${...} inside of { } or [ ] needs quotes: \"${...}\""
			: hint.sentence);
}

static int parse(struct builder *builder, const char *bytes, size_t size)
{
	int r = 0;

	if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
		bytes += 3;
		size -= 3;
	}
	yaml_parser_set_encoding(&builder->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&builder->parser, (const unsigned char *)bytes, size);
	while (r == 0 && !builder->stop) {
		yaml_event_t event;

		if (!yaml_parser_parse(&builder->parser, &event)) {
			if (builder->parser.error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			refuse_syntax(builder, bytes, size);
			return 0;
		}
		r = on_event(builder, &event);
		builder->stop |= event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	return r;
}

static void builder_done(struct builder *builder)
{
	for (size_t i = 0; i < builder->depth; i++)
		free(builder->open[i].key);
	for (size_t i = 0; i < builder->anchors_count; i++)
		free(builder->anchors[i].name);
	free(builder->anchors);
	node_free(builder->root);
	yaml_parser_delete(&builder->parser);
}

static void require_map(struct builder *builder)
{
	struct mark mark = { .file = builder->file, .line = 1, .column = 1 };

	if (builder->refused)
		return;
	if (builder->root && builder->root->kind == NODE_MAP)
		return;
	builder->refused = true;
	if (!builder->root || builder->root->kind == NODE_NULL) {
		problem(builder->problems, mark, NULL,
			"the file is empty: keys are missing");
	} else {
		problem(builder->problems, builder->root->mark, NULL,
			"must be a map (`key: value` lines), not %s",
			builder->root->kind == NODE_LIST ? "a list" : "a text");
	}
}

int node_from_yaml(struct node **ret, const char *file, const char *bytes, size_t size,
	struct problems *problems)
{
	struct builder builder = { .file = file, .problems = problems };
	int r;

	*ret = NULL;
	if (!bytes_check(file, bytes, size, problems))
		return 0;
	if (!yaml_parser_initialize(&builder.parser))
		return -ENOMEM;
	r = parse(&builder, bytes, size);
	if (r == 0)
		require_map(&builder);
	if (r == 0 && !builder.refused)
		*ret = TAKE(builder.root);
	builder_done(&builder);
	return r;
}
