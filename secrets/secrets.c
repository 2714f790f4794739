/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * secrets.c - the values behind `${secret.KEY}`, for the one process that needs them.
 *
 * A file of root alone, one KEY: VALUE per line (a value may be a block). Nothing of a
 * value stands in what is said about a file that cannot be used: libyaml's words and ours
 * name a place only.
 *
 * Owns the values, and erases them when it ends. Not here: which keys there are, for
 * everyone else (keys.c).
 */
#include "secrets/secrets.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/paths.h"

#include "document/document.h"

struct secrets {
	char *file; /* for messages */
	struct secret {
		char *name;  /* "secret.KEY" */
		char *value; /* in kept form (expand.h) */
	} * items;
	size_t count;
};

static void erase(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

struct secrets *secrets_free(struct secrets *self)
{
	if (!self)
		return NULL;
	for (size_t i = 0; i < self->count; i++) {
		free(self->items[i].name);
		erase(self->items[i].value);
	}
	free(self->items);
	free(self->file);
	free(self);
	return NULL;
}

/* ---- reading ----------------------------------------------------------------------- */

/* A tree that held values goes without leaving them in memory that others get. */
static void erase_tree(struct node *tree)
{
	for (size_t i = 0; tree && i < tree->count; i++)
		erase_tree(tree->items[i].value);
	if (tree && tree->text)
		explicit_bzero(tree->text, strlen(tree->text));
}

static int refuse(const struct secrets *self, struct mark mark, struct error *err,
	const char *sentence)
{
	return error_set(err, -EINVAL, "%s:%u:%u: %s", self->file, mark.line, mark.column,
		sentence);
}

static int add(struct secrets *self, const struct node_item *item, struct error *err)
{
	const struct node *value = item->value;
	struct secret *secret = &self->items[self->count];

	if (!secret_key_fits(item->key, strlen(item->key)) || item->key_mark.column != 1)
		return refuse(self, item->key_mark, err,
			"a key is letters, digits, _ and -, at the beginning of a line");
	if (value->kind != NODE_SCALAR || !value->text[0])
		return refuse(self, item->key_mark, err,
			"its value must be a text; what begins with { or [ is put in "
			"quotes");
	if (strlen(value->text) > SECRET_MAX_BYTES)
		return refuse(self, item->key_mark, err, "its value is too long");
	secret->name = text_format("secret.%s", item->key);
	secret->value = expand_escape(value->text);
	self->count++;
	return secret->name && secret->value ? 0 : -ENOMEM;
}

static int add_all(struct secrets *self, const struct node *tree, struct error *err)
{
	int r = 0;

	if (tree->count > SECRETS_MAX_KEYS)
		return error_set(err, -E2BIG, "%s: %zu keys; at most %d are read",
			self->file, tree->count, SECRETS_MAX_KEYS);
	self->items = calloc(tree->count + 1, sizeof(self->items[0]));
	if (!self->items)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < tree->count; i++)
		r = add(self, &tree->items[i], err);
	return r;
}

/* Of what libyaml has to say only the place is told. */
static int refuse_yaml(
	const struct secrets *self, const struct problems *problems, struct error *err)
{
	const char *line = problems->lines.count > 0 ? problems->lines.items[0] : "";
	const char *rest = line + MIN(strlen(self->file), strlen(line));
	const size_t place = strspn(rest, ":0123456789");

	return error_set(err, -EINVAL, "%s%.*s cannot be read: write KEY: VALUE lines",
		self->file, (int)place, rest);
}

static int parse(struct secrets *self, const char *bytes, size_t size, struct error *err)
{
	struct problems problems = { 0 };
	struct node *tree = NULL;
	int r = node_from_yaml(&tree, self->file, bytes, size, &problems);

	if (r == 0)
		r = tree ? add_all(self, tree, err) : refuse_yaml(self, &problems, err);
	problems_done(&problems);
	erase_tree(tree);
	node_free(tree);
	return r;
}

int secrets_read(struct secrets **ret, const struct paths *paths, const char *service,
	struct error *err)
{
	_cleanup_(secrets_freep) struct secrets *self = calloc(1, sizeof(*self));
	char *bytes = NULL;
	size_t size = 0;
	int r = self ? 0 : -ENOMEM;

	if (r == 0)
		self->file = secrets_file(paths, service);
	if (r == 0)
		r = self->file ? secret_bytes_read(&bytes, &size, self->file, err)
			       : -ENOMEM;
	if (r == 0)
		r = parse(self, bytes, size, err);
	if (bytes)
		explicit_bzero(bytes, size);
	free(bytes);
	if (r < 0)
		return err && error_is_set(err) ? r : error_errno(err, r, "secrets");
	*ret = TAKE(self);
	return 0;
}

const char *secrets_find(const struct secrets *self, const char *name)
{
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->items[i].name, name) == 0)
			return self->items[i].value;
	return NULL;
}
