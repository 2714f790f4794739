/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * leaves.c - the walk over what is shown and compared as one.
 */
#include "document/leaves.h"

#include "base/text.h"

#include "document/problem.h"

static bool is_container(const struct json_t *value)
{
	return json_kind(value) == JSON_IS_MAP || json_kind(value) == JSON_IS_LIST;
}

bool json_is_leaf(struct json_t *value)
{
	if (!is_container(value) || json_size(value) == 0)
		return true;
	if (json_kind(value) == JSON_IS_MAP)
		return false;
	for (size_t i = 0; i < json_size(value); i++)
		if (is_container(json_item(value, i)))
			return false;
	return true;
}

struct walk {
	struct text path;
	leaf_fn *each;
	void *data;
};

/* The depth is that of what was read, which is bounded (DOCUMENT_MAX_DEPTH,
 * JSON_MAX_DEPTH). */
static int walk_value(struct walk *self, struct json_t *value);

static int walk_below(struct walk *self, size_t size, struct json_t *value)
{
	int r = text_failed(&self->path) ? -ENOMEM : walk_value(self, value);

	if (r == 0) {
		self->path.size = size;
		self->path.bytes[size] = '\0';
	}
	return r;
}

static int walk_value(struct walk *self, struct json_t *value)
{
	const size_t size = self->path.size;
	const char *key;
	struct json_t *item;
	int r = 0;

	if (json_is_leaf(value) && size > 0)
		return self->each(self->path.bytes, value, self->data);
	for (size_t i = 0;
		json_kind(value) == JSON_IS_LIST && r == 0 && i < json_size(value); i++) {
		text_addf(&self->path, "[%zu]", i);
		r = walk_below(self, size, json_item(value, i));
	}
	if (json_kind(value) != JSON_IS_MAP)
		return r;
	json_each(value, key, item)
	{
		if (r < 0)
			break;
		text_addf(&self->path, "%s%s", size ? "." : "", key);
		r = walk_below(self, size, item);
	}
	return r;
}

int leaves_walk(struct json_t *tree, leaf_fn *each, void *data)
{
	struct walk self = { .each = each, .data = data };
	int r = walk_value(&self, tree);

	text_done(&self.path);
	return r;
}
