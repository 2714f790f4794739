/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * origins.c - where each value of an effective declaration was written.
 */
#include <string.h>

#include "document/document.h"
#include "sources/build.h"

struct finding {
	const struct node *tree;
	struct json_t *origins;
	const struct node *shorthand; /* the last one: it stands for its first key only */
};

static char *origin_text(struct mark mark)
{
	const char *slash = mark.file ? strrchr(mark.file, '/') : NULL;

	return text_format("%s%s%s:%u", mark.origin ? mark.origin : "",
		mark.origin ? " " : "", slash ? slash + 1 : mark.file, mark.line);
}

/* `http: /_info` says the path; what else an http check has is default. */
static bool is_told(struct finding *self, const struct node *node, struct json_t *value)
{
	const bool again = node == self->shorthand;

	self->shorthand = node->kind == NODE_SCALAR ? node : NULL;
	return !again && json_kind(value) != JSON_IS_NULL;
}

/* What may stand elsewhere than where it is printed: a check's `headers` beside `http`
 * and not below it, and `match`, the short word for `matches`. */
static const struct node *find_beside(const struct node *tree, const char *path)
{
	static const char *const probes[] = { ".http.", ".openapi." };
	const struct node *node = NULL;

	for (size_t i = 0; !node && i < ARRAY_LEN(probes); i++) {
		const char *at = text_starts(path, "health.checks[")
					 ? strstr(path, probes[i])
					 : NULL;
		_cleanup_free_ char *beside =
			at ? text_format("%.*s.%s", (int)(at - path), path,
				     at + strlen(probes[i]))
			   : NULL;

		node = beside ? node_find(tree, beside) : NULL;
		if (!node && beside && text_ends(beside, ".matches")) {
			beside[strlen(beside) - strlen("es")] = '\0';
			node = node_find(tree, beside);
		}
	}
	return node;
}

static const struct node *find_written(const struct node *tree, const char *path)
{
	const struct node *node = find_beside(tree, path);
	_cleanup_free_ char *brief = NULL;

	if (!node && text_ends(path, ".matches")) {
		brief = strndup(path, strlen(path) - strlen("es"));
		node = brief ? node_find(tree, brief) : NULL;
	}
	return node ? node : node_find(tree, path);
}

static int find_origin(const char *path, struct json_t *value, void *data)
{
	struct finding *self = data;
	const struct node *node = find_written(self->tree, path);
	_cleanup_free_ char *origin = NULL;

	if (!node || !node->mark.file || node->mark.line == 0)
		return 0;
	if (!is_told(self, node, value) && node->kind != NODE_NULL)
		return 0;
	origin = origin_text(node->mark);
	return origin ? json_set_text(self->origins, path, origin) : -ENOMEM;
}

struct json_t *origins_of(struct json_t *effective, const struct node *tree)
{
	_cleanup_(json_freep) struct json_t *origins = json_new_object();
	struct finding self = { tree, origins, NULL };

	if (!origins || leaves_walk(effective, find_origin, &self) < 0)
		return NULL;
	return TAKE(origins);
}
