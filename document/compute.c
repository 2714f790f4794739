/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compute.c - the arithmetic of `${…}`.
 *
 * sum := product { (+|-) product } ; product := factor { (*|/|%) factor } factor :=
 * number | name | '(' sum ')' | '-' factor
 *
 * A sum is computed and, at the same time, written again with its names replaced: that
 * text is what stays when it needs `instance`. Not here: text around it (expand.c), where
 * names get their values (names.c).
 */
#include "document/compute.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, MAX_DEPTH = 16, SHOWN_MAX_BYTES = 60 };
static const double number_max =
	9007199254740992.0; /* whole numbers are exact below 2^53 */

struct expression {
	const struct naming *naming;
	const char *begin, *at, *end;
	struct text rewritten;
	unsigned depth;
	bool by_instance;
};

/* ---- names ------------------------------------------------------------------------- */

static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '.';
}

size_t name_length(const char *at, const char *end)
{
	size_t size = 0;

	if (at == end || !(isalpha((unsigned char)*at) || *at == '_'))
		return 0;
	while (at + size < end &&
		(is_name_byte(at[size]) || (at[size] == '-' && at + size + 1 < end &&
						   is_name_byte(at[size + 1]))))
		size++;
	return size;
}

static bool is_secret(const char *name)
{
	return text_starts(name, "secret.");
}

static int unknown_name(const struct naming *naming, const char *name)
{
	const struct names *names = naming->names;
	const char *why = names->why ? names->why(name, names->data) : NULL;
	const char *nearest;

	if (why)
		return error_set(
			naming->err, -EINVAL, "${%s} has no value here: %s", name, why);
	if (strcmp(name, "instance") == 0)
		return error_set(naming->err, -EINVAL,
			"${instance} cannot be used here: all instances share this value");
	nearest = names->each ? text_nearest(name, names->each, names->data) : NULL;
	if (nearest)
		return error_set(naming->err, -EINVAL,
			"unknown name '%s' in ${…}; did you mean '%s'?", name, nearest);
	if (is_secret(name))
		return error_set(naming->err, -EINVAL,
			"there is no '%s' among the secrets of this service",
			name + strlen("secret."));
	if (strchr(name, '-'))
		return error_set(naming->err, -EINVAL,
			"unknown name '%s' in ${…}; subtraction has blanks around its '-'",
			name);
	return error_set(naming->err, -EINVAL,
		"unknown name '%s' in ${…}; a plain dollar is written $$", name);
}

int naming_find(
	const struct naming *naming, const char *at, size_t size, const char **ret)
{
	char name[NAME_MAX_BYTES];

	if (size >= sizeof(name))
		return error_set(naming->err, -EINVAL,
			"a name in ${…} has at most %d bytes", NAME_MAX_BYTES - 1);
	memcpy(name, at, size);
	name[size] = '\0';
	*ret = NULL;
	if (naming->keep_instance && strcmp(name, "instance") == 0)
		return 0;
	if (is_secret(name) && naming->names->secrets == SECRETS_REFUSED) {
		return error_set(naming->err, -EINVAL,
			"${%s}: a secret may stand in the text of `files` and in the values "
			"of run.environment alone",
			name);
	}
	*ret = naming->names->find(name, naming->names->data);
	return *ret ? 0 : unknown_name(naming, name);
}

/* ---- arithmetic -------------------------------------------------------------------- */

static int read_sum(struct expression *self, double *ret);

static int refuse(const struct expression *self, const char *why)
{
	return error_set(self->naming->err, -EINVAL, "${%.*s}: %s",
		(int)MIN(self->end - self->begin, SHOWN_MAX_BYTES), self->begin, why);
}

static char next_byte(struct expression *self)
{
	while (self->at < self->end && (*self->at == ' ' || *self->at == '\t'))
		self->at++;
	return (char)(self->at < self->end ? *self->at : '\0');
}

static int check_number(const struct expression *self, double number)
{
	if (!(fabs(number) <= number_max))
		return refuse(self, "the number is too big");
	return 0;
}

/* Plain decimal digits: no exponent, no hex, no "inf". */
static size_t number_length(const char *at, const char *end)
{
	size_t size = 0;
	bool point = false;

	while (at + size < end && (isdigit((unsigned char)at[size]) ||
					  (at[size] == '.' && size > 0 && !point))) {
		point = point || at[size] == '.';
		size++;
	}
	return size;
}

static int take_number(
	struct expression *self, const char *digits, size_t size, double *ret)
{
	char number[NAME_MAX_BYTES];

	if (size >= sizeof(number))
		return refuse(self, "the number is too big");
	memcpy(number, digits, size);
	number[size] = '\0';
	*ret = strtod(number, NULL);
	text_add_bytes(&self->rewritten, digits, size);
	return check_number(self, *ret);
}

/* `value` is itself "${…}": what differs by instance goes in as a parenthesis. */
static int take_live(struct expression *self, const char *value, double *ret)
{
	struct expression inner = { .naming = self->naming,
		.begin = value + 2,
		.at = value + 2,
		.end = value + strlen(value) - 1,
		.depth = self->depth + 1 };
	int r = read_sum(&inner, ret);

	if (r == 0 && next_byte(&inner) != '\0')
		r = refuse(&inner, "only one ${…} can be part of a sum");
	if (r == 0) {
		text_addf(&self->rewritten, "(%s)", inner.rewritten.bytes);
		self->by_instance = self->by_instance || inner.by_instance;
	}
	text_done(&inner.rewritten);
	return r;
}

static int take_name(struct expression *self, size_t size, double *ret)
{
	const char *value = NULL;
	size_t digits;
	int r = text_starts(self->at, "secret.")
			? refuse(self, "a secret is no part of a sum")
			: naming_find(self->naming, self->at, size, &value);

	self->at += size;
	if (r < 0)
		return r;
	if (!value) {
		self->by_instance = true;
		text_add(&self->rewritten, "instance");
		*ret = 1;
		return 0;
	}
	if (text_starts(value, "${") && text_ends(value, "}"))
		return take_live(self, value, ret);
	digits = strlen(value);
	if (digits == 0 || number_length(value, value + digits) != digits)
		return refuse(self, "only numbers can be computed with");
	return take_number(self, value, digits, ret);
}

static int read_inside(struct expression *self, double *ret)
{
	int r;

	self->at++;
	text_add(&self->rewritten, "(");
	r = read_sum(self, ret);
	if (r < 0)
		return r;
	if (next_byte(self) != ')')
		return refuse(self, "a ')' is missing");
	self->at++;
	text_add(&self->rewritten, ")");
	return 0;
}

static int read_minus(struct expression *self, double *ret);

static int read_factor(struct expression *self, double *ret)
{
	char byte = next_byte(self);
	size_t size;

	if (byte == '(')
		return read_inside(self, ret);
	if (byte == '-')
		return read_minus(self, ret);
	size = number_length(self->at, self->end);
	if (size > 0) {
		self->at += size;
		return take_number(self, self->at - size, size, ret);
	}
	size = name_length(self->at, self->end);
	if (size > 0)
		return take_name(self, size, ret);
	return refuse(
		self, byte ? "a name or a number is expected" : "something is missing");
}

static int read_minus(struct expression *self, double *ret)
{
	int r;

	if (++self->depth > MAX_DEPTH)
		return refuse(self, "nested too deeply");
	self->at++;
	text_add(&self->rewritten, "-");
	r = read_factor(self, ret);
	self->depth--;
	*ret = -*ret;
	return r;
}

static int apply_sign(
	const struct expression *self, char sign, double *left, double right)
{
	switch (sign) {
	case '+': *left += right; break;
	case '-': *left -= right; break;
	case '*': *left *= right; break;
	default:
		if (right == 0)
			return refuse(self, "division by zero");
		*left = sign == '/' ? *left / right : fmod(*left, right);
	}
	return check_number(self, *left);
}

typedef int operand_fn(struct expression *self, double *ret);

/* Operands by `operand`, joined by any of `signs`, from the left. */
static int read_chain(
	struct expression *self, operand_fn *operand, const char *signs, double *ret)
{
	double right = 0;
	int r = operand(self, ret);
	char sign;

	while (r == 0 && (sign = next_byte(self)) && strchr(signs, sign)) {
		self->at++;
		text_addf(&self->rewritten, " %c ", sign);
		r = operand(self, &right);
		if (r == 0)
			r = apply_sign(self, sign, ret, right);
	}
	return r;
}

static int read_product(struct expression *self, double *ret)
{
	return read_chain(self, read_factor, "*/%", ret);
}

static int read_sum(struct expression *self, double *ret)
{
	int r;

	*ret = 0;
	if (++self->depth > MAX_DEPTH)
		return refuse(self, "nested too deeply");
	r = read_chain(self, read_product, "+-", ret);
	self->depth--;
	return r;
}

int compute(struct computed *ret, const char *begin, const char *end,
	const struct naming *naming)
{
	struct expression self = {
		.naming = naming, .begin = begin, .at = begin, .end = end
	};
	double number = 0;
	int r = read_sum(&self, &number);

	if (r == 0 && next_byte(&self) != '\0')
		r = refuse(
			&self, "only names, numbers, + - * / % and ( ) are understood");
	if (r == 0 && text_failed(&self.rewritten))
		r = -ENOMEM;
	if (r < 0) {
		text_done(&self.rewritten);
		return r;
	}
	ret->number = number;
	ret->by_instance = self.by_instance;
	ret->rewritten = text_take(&self.rewritten);
	return ret->rewritten ? 0 : -ENOMEM;
}
