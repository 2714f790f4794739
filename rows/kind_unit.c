/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kind_unit.c - numbers that need a unit (durations, sizes, percentages, rates), and
 * fractions. A bare number where a unit is needed is refused with the words to write
 * instead.
 */
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "rows/rows.h"

struct unit {
	const char *name;
	int64_t factor;
	const char *others; /* how hands used to other programs write it */
};

/* Units from small to large; the first one that divides, from the end, prints. */
struct scale {
	const char *says;  /* "must be …" */
	const char *usual; /* the unit that somebody who wrote none may have meant */
	bool zero_is_bare;
	const struct unit *units; /* ends with factor 0 */
};

static const struct scale durations = {
	.says = "a duration such as 250ms, 5s, 2m, 1h or 7d",
	.usual = "s",
	.units = (const struct unit[]){ { "ms", 1, "msec msecs millis" },
		{ "s", 1000, "sec secs second seconds" },
		{ "m", 60000, "min mins minute minutes" },
		{ "h", 3600000, "hr hrs hour hours" }, { "d", 86400000, "day days" },
		{ 0 } },
};

static const struct scale sizes = {
	.says = "a size such as 512K, 100M or 3G (1024-based)",
	.usual = "M",
	.zero_is_bare = true,
	.units = (const struct unit[]){ { "B", 1, "bytes" }, { "K", 1 << 10, "KB KiB" },
		{ "M", 1 << 20, "MB MiB" }, { "G", 1 << 30, "GB GiB" },
		{ "T", INT64_C(1) << 40, "TB TiB" }, { 0 } },
};

static const struct scale percents = {
	.says = "a percentage such as 150%",
	.usual = "%",
	.units = (const struct unit[]){ { "%", 1, "percent" }, { 0 } },
};

static const struct scale rates = {
	.says = "a rate such as 200/s",
	.usual = "/s",
	.units = (const struct unit[]){ { "/s", 1, "ps /sec /second" }, { 0 } },
};

static const struct scale *scale_of(const struct field *field)
{
	return field->kind == &kind_duration  ? &durations
	       : field->kind == &kind_size    ? &sizes
	       : field->kind == &kind_percent ? &percents
					      : &rates;
}

static const struct unit *find_unit(const struct scale *scale, const char *name)
{
	for (const struct unit *unit = scale->units; unit->factor; unit++) {
		if (strcmp(unit->name, name) == 0)
			return unit;
	}
	return NULL;
}

/* "5s" into number and unit; *ret_unit is NULL when there is none or an unknown one. */
static bool parse(const struct scale *scale, const char *text, int64_t *ret,
	const struct unit **ret_unit)
{
	size_t digits = strspn(text, "0123456789");
	int64_t value = 0;

	*ret_unit = find_unit(scale, text + digits);
	if (digits == 0 || digits > 18)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	*ret = value;
	return *ret_unit ? !__builtin_mul_overflow(value, (*ret_unit)->factor, ret)
			 : text[digits] == '\0';
}

/* In the largest unit that leaves a whole number. */
static char *format(const struct scale *scale, int64_t value)
{
	const struct unit *best = NULL;

	if (value == 0)
		return text_format("0%s", scale->zero_is_bare ? "" : scale->usual);
	for (const struct unit *unit = scale->units; unit->factor; unit++) {
		if (value % unit->factor == 0)
			best = unit;
	}
	assert(best); /* the smallest factor is 1 */
	return text_format("%" PRId64 "%s", value / best->factor, best->name);
}

static int refuse_range(struct reader *reader, const struct field *field,
	const struct node *node, const char *text)
{
	_cleanup_free_ char *least = format(scale_of(field), field->least);
	_cleanup_free_ char *most = format(scale_of(field), field->most);

	if (!least || !most)
		return -ENOMEM;
	if (field->most) {
		refuse(reader, node, "must be from %s to %s, not %s", least, most, text);
	} else {
		refuse(reader, node, "must be at least %s, not %s", least, text);
	}
	return 0;
}

static bool is_among(const char *word, const char *words)
{
	size_t size = strlen(word);

	for (const char *at = words; *at; at += strspn(at, " ")) {
		if (strcspn(at, " ") == size && strncasecmp(at, word, size) == 0)
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

/* "30 sec" is nearly 30s, "2GiB" nearly 2G. NULL: no unit comes near. */
static const struct unit *nearest_unit(const struct scale *scale, const char *word)
{
	word += strspn(word, " ");
	for (const struct unit *unit = scale->units; unit->factor; unit++) {
		if (strcasecmp(unit->name, word) == 0 || is_among(word, unit->others))
			return unit;
	}
	return NULL;
}

static void refuse_unit(struct reader *reader, const struct field *field,
	const struct node *node, const char *text)
{
	const struct scale *scale = scale_of(field);
	size_t digits = strspn(text, "0123456789");
	const struct unit *nearest = nearest_unit(scale, text + digits);
	char found_text[FOUND_BYTES];

	if (digits && nearest && !find_unit(scale, text + digits) &&
		strcmp(text, node->text) == 0) {
		refuse(reader, node, "must be %s, not %s: write %.*s%s", scale->says,
			found(node, found_text), (int)digits, text, nearest->name);
	} else if (digits && text[digits] == '\0') {
		refuse(reader, node, "must be %s, not a bare %s: write %s%s", scale->says,
			text, text, scale->usual);
	} else {
		refuse(reader, node, "must be %s, not %s", scale->says,
			found(node, found_text));
	}
}

static int read_unit(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	const struct scale *scale = scale_of(field);
	_cleanup_free_ char *text = NULL;
	const struct unit *unit;
	int64_t value;
	int r = read_scalar(reader, field, node, scale->says, &text);

	if (r <= 0)
		return r;
	if (!parse(scale, text, &value, &unit) ||
		(!unit && !(value == 0 && scale->zero_is_bare))) {
		refuse_unit(reader, field, node, text);
	} else if (value < field->least || (field->most && value > field->most)) {
		return refuse_range(reader, field, node, text);
	} else {
		*(int64_t *)member(field, base) = value;
	}
	return 0;
}

static struct json_t *print_unit(const struct field *field, const void *base)
{
	int64_t value = *(const int64_t *)member_of(field, base);
	_cleanup_free_ char *text =
		value == UNSET ? NULL : format(scale_of(field), value);

	if (value == UNSET)
		return json_new_null();
	return text ? json_new_text(text) : NULL;
}

static void blank_unit(const struct field *field, void *base)
{
	*(int64_t *)member(field, base) = UNSET;
}

static struct json_t *schema_unit(const struct field *field)
{
	const struct scale *scale = scale_of(field);
	_cleanup_(json_freep) struct json_t *schema = schema_of_type("string");
	struct text pattern = { 0 };
	int r;

	text_add(&pattern, "^[0-9]{1,18}(");
	for (const struct unit *unit = scale->units; unit->factor; unit++)
		text_addf(&pattern, "%s%s", unit == scale->units ? "" : "|", unit->name);
	text_add(&pattern, ")$|\\$\\{");
	r = !schema || text_failed(&pattern)
		    ? -ENOMEM
		    : json_set_text(schema, "pattern", pattern.bytes);
	text_done(&pattern);
	if (r < 0)
		return NULL;
	if (!scale->zero_is_bare)
		return TAKE(schema);
	return schema_either(TAKE(schema), schema_constant(json_new_int(0)));
}

#define UNIT_KIND(word)                                                                  \
	{                                                                                \
		.name = (word), .read = read_unit, .print = print_unit,                  \
		.blank = blank_unit, .schema = schema_unit                               \
	}
const struct kind kind_duration = UNIT_KIND("a duration");
const struct kind kind_size = UNIT_KIND("a size");
const struct kind kind_percent = UNIT_KIND("a percentage");
const struct kind kind_rate = UNIT_KIND("a rate");

/* ---- fractions --------------------------------------------------------------------- */

static int read_fraction(struct reader *reader, const struct field *field,
	const struct node *node, void *base)
{
	static const char says[] = "a fraction from 0 to 1 such as 0.5";
	_cleanup_free_ char *text = NULL;
	char found_text[FOUND_BYTES], *end;
	double value;
	int r = read_scalar(reader, field, node, says, &text);

	if (r <= 0)
		return r;
	value = strtod(text, &end);
	if (!isdigit((unsigned char)text[0]) ||
		strspn(text, "0123456789.") != strlen(text) || *end || value > 1) {
		refuse(reader, node, "must be %s, not %s", says, found(node, found_text));
	} else {
		*(double *)member(field, base) = value;
	}
	return 0;
}

static struct json_t *print_fraction(const struct field *field, const void *base)
{
	return json_new_double(*(const double *)member_of(field, base));
}

static struct json_t *schema_fraction(const struct field *field)
{
	_cleanup_(json_freep) struct json_t *schema = schema_of_type("number");

	(void)field;
	if (!schema || json_set_int(schema, "minimum", 0) < 0 ||
		json_set_int(schema, "maximum", 1) < 0)
		return NULL;
	return schema_or_expression(TAKE(schema));
}

const struct kind kind_fraction = {
	.name = "a fraction",
	.read = read_fraction,
	.print = print_fraction,
	.schema = schema_fraction,
};
