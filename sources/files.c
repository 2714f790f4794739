/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * files.c - the content of the files that a declaration has rendered before its start.
 *
 * A template's text is expanded line by line, so that a refusal can name the line. What
 * stays is content in kept form: `${instance}` is the only name left in it.
 */
#include <stdarg.h>
#include <string.h>

#include "base/paths.h"

#include "document/document.h"
#include "sources/build.h"
#include "sources/names.h"

/* Where the package puts the shipped ones, whatever prefix this build has. */
static const char *const shipped[] = { SVCD_SHARE_DIR "/files/",
	"/usr/share/svcd/files/" };

struct rendering {
	const struct sources *sources;
	struct name_table *table;
	struct problems *problems;
	struct json_t *pins;
	size_t index; /* of the file in `files` */
	/* 1 in a template; a block of the declaration has one place */
	unsigned lines_step;
};

/* NULL key: the place says enough. */
__attribute__((format(printf, 4, 5))) static void refuse(struct rendering *self,
	struct mark mark, const char *key, const char *format, ...)
{
	_cleanup_free_ char *path =
		key ? text_format("files[%zu].%s", self->index, key) : NULL;
	struct text sentence = { 0 };
	va_list args;

	va_start(args, format);
	text_addv(&sentence, format, args);
	va_end(args);
	if (!text_failed(&sentence))
		problem(self->problems, mark, path, "%s", sentence.bytes);
	text_done(&sentence);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* By its path, or by its name alone: then what the operator wrote comes before what is
 * shipped. */
static const struct source *find_text(const struct sources *sources, const char *path)
{
	const char *name = path;

	for (size_t i = 0; i < ARRAY_LEN(shipped); i++)
		if (text_starts(path, shipped[i]))
			name = path + strlen(shipped[i]);
	for (size_t i = sources->count; i > 0; i--) {
		const struct source *source = &sources->items[i - 1];

		if (source->kind != SOURCE_TEXT)
			continue;
		if (strcmp(source->path, path) == 0 ||
			strcmp(base_name(source->path), name) == 0)
			return source;
	}
	return NULL;
}

static const char *text_name_at(size_t index, const void *data)
{
	const struct sources *sources = data;

	for (size_t i = 0; i < sources->count; i++)
		if (sources->items[i].kind == SOURCE_TEXT && index-- == 0)
			return base_name(sources->items[i].path);
	return NULL;
}

/* ---- expansion --------------------------------------------------------------------- */

/* One line (with its newline, when it has one) of the text that is in `mark.file`. */
static int expand_line(
	struct rendering *self, struct text *out, const char *line, struct mark mark)
{
	const struct names names = name_table_names(self->table);
	_cleanup_free_ char *expanded = NULL;
	struct error err = { 0 };
	int r = expand(&expanded, line, &names, true, &err);

	if (r == -EINVAL)
		refuse(self, mark, self->lines_step ? NULL : "content", "%s", err.text);
	else if (r == 0)
		text_add(out, expanded);
	return r == -EINVAL ? 0 : r;
}

static int expand_lines(
	struct rendering *self, struct text *out, const char *text, struct mark mark)
{
	int r = 0;

	while (r == 0 && *text && self->problems->lines.count < DOCUMENT_MAX_PROBLEMS) {
		const char *newline = strchr(text, '\n');
		size_t size = newline ? (size_t)(newline + 1 - text) : strlen(text);
		_cleanup_free_ char *line = strndup(text, size);

		if (!line)
			return -ENOMEM;
		r = expand_line(self, out, line, mark);
		mark.line += self->lines_step;
		text += size;
	}
	return r;
}

/* ---- one file ---------------------------------------------------------------------- */

static const struct source *template_of(
	struct rendering *self, const struct node *template)
{
	const struct source *source = find_text(self->sources, template->text);
	const char *nearest;

	if (source && source->refused)
		refuse(self, template->mark, "template", "%s: %s", source->path,
			source->refused);
	else if (source &&
		 bytes_check(source->path, source->bytes, source->size, self->problems))
		return source;
	if (source)
		return NULL;
	nearest = text_nearest(base_name(template->text), text_name_at, self->sources);
	refuse(self, template->mark, "template", "there is no file template '%s'%s%s%s",
		template->text,
		nearest ? "; did you mean '"
			: "; they are kept in /etc/svcd/templates/files",
		nearest ? nearest : "", nearest ? "'?" : "");
	return NULL;
}

/* The content as text and where its first line is; NULL: there is none, or it was
 * refused. */
static const char *raw_content(
	struct rendering *self, const struct node *file, struct mark *mark)
{
	const struct node *template = node_get(file, "template");
	const struct node *content = node_get(file, "content");
	const struct source *source;

	if (template && content && template->kind == NODE_SCALAR) {
		refuse(self, content->mark, "content",
			"there is a template too; one of both");
		return "";
	}
	if (template && template->kind == NODE_SCALAR) {
		source = template_of(self, template);
		self->lines_step = 1;
		*mark = (struct mark){
			.file = source ? source->path : "", .line = 1, .column = 1
		};
		return source ? source->bytes : ""; /* refused: one complaint is enough */
	}
	if (!content || content->kind != NODE_SCALAR)
		return NULL;
	*mark = content->mark;
	self->lines_step = 0;
	return content->text;
}

static int pin_template(struct rendering *self, const struct node *file)
{
	const struct node *template = node_get(file, "template");
	const struct source *source = template && template->kind == NODE_SCALAR
					      ? find_text(self->sources, template->text)
					      : NULL;

	return source ? pin_add(self->pins, "file template", base_name(source->path),
				source)
		      : 0;
}

static int render(struct rendering *self, struct node *file)
{
	struct mark mark, place;
	const char *raw = raw_content(self, file, &mark);
	struct text out = { 0 };
	_cleanup_free_ char *content = NULL;
	int r;

	if (!raw)
		return 0;
	r = pin_template(self, file);
	if (r == 0)
		r = name_table_push(self->table, node_get(file, "values"));
	if (r == 0)
		r = expand_lines(self, &out, raw, mark);
	name_table_pop(self->table);
	content = text_take(&out);
	if (r < 0 || !content)
		return -ENOMEM;
	place = node_mark(file, node_get(file, "template") ? "template" : "content");
	return node_set(file, "content", place, node_new_text(content, place));
}

int file_texts_render(struct node *tree, const struct sources *sources,
	struct name_table *names, struct entry *entry)
{
	struct rendering self = { .sources = sources,
		.table = names,
		.problems = &entry->problems,
		.pins = entry->pins };
	struct node *files = node_get(tree, "files");
	int r = 0;

	if (!files || files->kind != NODE_LIST)
		return 0;
	for (size_t i = 0; r == 0 && i < files->count; i++) {
		if (files->items[i].value->kind == NODE_MAP) {
			self.index = i;
			r = render(&self, files->items[i].value);
		}
	}
	return r;
}
