/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * expand.c - texts with `${…}` in them. Names and arithmetic inside are compute.c's.
 */
#include "document/expand.h"

#include <math.h>
#include <string.h>

#include "document/compute.h"

enum { SHOWN_MAX_BYTES = 60 };
/* 0.29 * 100 is 28.999…: what is as good as whole is not rounded down. */
static const double almost = 1e-9;

struct expansion {
	struct naming naming;
	struct text out;
};

/* The blanks before the end of `out`, when nothing else stands on that line; else "". */
static char *indentation(const struct text *out)
{
	size_t begin = out->size;

	while (begin > 0 && out->bytes[begin - 1] != '\n')
		begin--;
	for (size_t i = begin; i < out->size; i++)
		if (out->bytes[i] != ' ' && out->bytes[i] != '\t')
			return strdup("");
	return strndup(out->bytes ? out->bytes + begin : "", out->size - begin);
}

/* Lines after the first get the indentation of the first; a last newline is the
 * template's. */
static int add_lines(struct text *out, const char *lines)
{
	_cleanup_free_ char *indent = indentation(out);
	size_t size = strlen(lines);

	if (!indent)
		return -ENOMEM;
	while (size > 0 && lines[size - 1] == '\n')
		size--;
	for (size_t i = 0; i < size && out->size <= EXPAND_MAX_BYTES; i++) {
		text_add_bytes(out, &lines[i], 1);
		if (lines[i] == '\n' && lines[i + 1] != '\n')
			text_add(out, indent);
	}
	return 0;
}

/* A value in kept form goes into a text that is final. */
static int finish_value(struct expansion *self, const char *value, char **ret)
{
	struct text plain = { 0 };

	for (const char *at = value; *at; at++) {
		if (at[0] == '$' && at[1] == '{') {
			text_done(&plain);
			return error_set(self->naming.err, -EINVAL,
				"%.*s differs by instance and cannot be used here",
				SHOWN_MAX_BYTES, at);
		}
		if (at[0] == '$' && at[1] == '$')
			at++;
		text_add_bytes(&plain, at, 1);
	}
	*ret = text_take(&plain);
	return *ret ? 0 : -ENOMEM;
}

static int add_value(struct expansion *self, const char *value)
{
	_cleanup_free_ char *plain = NULL;
	int r;

	if (!self->naming.keep_instance) {
		r = finish_value(self, value, &plain);
		if (r < 0 || !plain)
			return r;
		value = plain;
	}
	if (strchr(value, '\n'))
		return add_lines(&self->out, value);
	text_add(&self->out, value);
	return 0;
}

static int add_expression(struct expansion *self, const char *begin, const char *end)
{
	struct computed computed;
	int r = compute(&computed, begin, end, &self->naming);

	if (r < 0)
		return r;
	if (computed.by_instance)
		text_addf(&self->out, "${%s}", computed.rewritten);
	else /* + 0.0: nobody wants to read "-0" */
		text_addf(&self->out, "%.0f", floor(computed.number + almost) + 0.0);
	free(computed.rewritten);
	return 0;
}

/* Between "${" and "}": a name alone is a text, everything else is computed. */
static int add_braced(struct expansion *self, const char *begin, const char *end)
{
	const char *value;
	int r;

	while (begin < end && *begin == ' ')
		begin++;
	while (begin < end && end[-1] == ' ')
		end--;
	if (begin == end)
		return error_set(self->naming.err, -EINVAL,
			"${} names nothing; a plain dollar is written $$");
	if (name_length(begin, end) != (size_t)(end - begin))
		return add_expression(self, begin, end);
	if (text_starts(begin, "secret.") &&
		self->naming.names->secrets == SECRETS_KEPT) {
		text_addf(&self->out, "${%.*s}", (int)(end - begin), begin);
		return 0;
	}
	r = naming_find(&self->naming, begin, (size_t)(end - begin), &value);
	if (r < 0)
		return r;
	if (!value) {
		text_add(&self->out, "${instance}");
		return 0;
	}
	return add_value(self, value);
}

/* Takes one piece of the text; returns how many bytes it was. */
static ssize_t add_piece(struct expansion *self, const char *at)
{
	const char *close;
	size_t plain;
	int r;

	if (at[0] == '$' && at[1] == '$') {
		text_add(&self->out, self->naming.keep_instance ? "$$" : "$");
		return 2;
	}
	if (at[0] != '$' || at[1] != '{') {
		plain = at[0] == '$' ? 1 : strcspn(at, "$");
		text_add_bytes(&self->out, at, plain);
		return (ssize_t)plain;
	}
	close = at + strcspn(at, "}\n");
	if (*close != '}')
		return error_set(self->naming.err, -EINVAL,
			"a '}' is missing after '%.*s'; a plain dollar is written $$",
			(int)MIN(strcspn(at, "\n"), (size_t)SHOWN_MAX_BYTES), at);
	r = add_braced(self, at + 2, close);
	return r < 0 ? r : close + 1 - at;
}

static int check_size(const struct expansion *self)
{
	size_t *budget = self->naming.names->budget;

	if (self->out.size > EXPAND_MAX_BYTES)
		return error_set(self->naming.err, -EINVAL, "expands to more than %d KiB",
			EXPAND_MAX_BYTES / 1024);
	if (!budget)
		return 0;
	if (self->out.size > *budget)
		return error_set(self->naming.err, -EINVAL,
			"the texts of this declaration expand to too much");
	*budget -= self->out.size;
	return 0;
}

int expand(char **ret, const char *text, const struct names *names, bool keep_instance,
	struct error *err)
{
	struct expansion self = {
		.naming = { .names = names, .keep_instance = keep_instance, .err = err }
	};
	ssize_t r = 0;

	for (const char *at = text; *at && r >= 0 && self.out.size <= EXPAND_MAX_BYTES;) {
		r = add_piece(&self, at);
		at += MAX(r, 0);
	}
	if (r >= 0)
		r = text_failed(&self.out) ? -ENOMEM : check_size(&self);
	if (r < 0) {
		text_done(&self.out);
		return (int)r;
	}
	*ret = text_take(&self.out);
	return *ret ? 0 : -ENOMEM;
}

char *expand_escape(const char *plain)
{
	struct text out = { 0 };

	for (; *plain; plain++) {
		if (*plain == '$')
			text_add(&out, "$");
		text_add_bytes(&out, plain, 1);
	}
	return text_take(&out);
}
