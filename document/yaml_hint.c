/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * yaml_hint.c - pure: libyaml's problems, by their text, and what to do about them.
 */
#include "document/yaml_hint.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *problem;
	struct yaml_hint hint;
} hints[] = {
	{ "mapping values are not allowed in this context",
		{ "a colon where no key can be: is the line indented like its "
		  "neighbours? Text with `: ` in it needs quotes",
			false } },
	{ "found character that cannot start any token",
		{ "text that begins with this character needs quotes", false } },
	{ "did not find expected key",
		{ "the indentation does not fit: keys of one map begin in one column, "
		  "and a list begins with `- `",
			false } },
	{ "did not find expected '-' indicator",
		{ "the indentation does not fit: items of one list begin in one column "
		  "with `- `",
			false } },
	{ "could not find expected ':'",
		{ "a key without its colon: write `key: value`", true } },
	{ "did not find expected ',' or '}'",
		{ "a map is opened with { and not closed with }", false } },
	{ "did not find expected ',' or ']'",
		{ "a list is opened with [ and not closed with ]", false } },
	{ "found unexpected end of stream",
		{ "a quote is opened here and not closed", true } },
	{ "found unexpected document indicator",
		{ "a quote is opened here and not closed", true } },
	{ "did not find expected <document start>",
		{ "something stands after the end of the document", false } },
	{ "found undefined tag handle",
		{ "tags (!...) are not read; leave it out", false } },
	{ "found incompatible YAML document",
		{ "only YAML 1.1 and 1.2 are read", false } },
	{ "found unknown escape character",
		{ "\\ in double quotes begins an escape: write \\\\, or use single "
		  "quotes",
			false } },
	{ "did not find expected hexdecimal number",
		{ "an escape without its hexadecimal digits: write \\\\ for a backslash",
			false } },
	{ "found invalid Unicode character escape code",
		{ "an escape that is no character", false } },
	{ "found unexpected ':'", { "text with a : at its end needs quotes", false } },
	{ "did not find expected alphabetic or numeric character",
		{ "& and * begin the name of an alias: text that begins so needs quotes",
			false } },
	{ "did not find expected comment or line break",
		{ "something stands behind | or >: the text begins on the next line",
			false } },
	{ "control characters are not allowed",
		{ "a control character: only tabs, spaces and line ends may stand "
		  "here",
			false } },
};

struct yaml_hint yaml_hint(const char *problem)
{
	for (size_t i = 0; problem && i < ARRAY_LEN(hints); i++) {
		if (strcmp(problem, hints[i].problem) == 0)
			return hints[i].hint;
	}
	return (struct yaml_hint){ problem ? problem : "this is not YAML", false };
}
