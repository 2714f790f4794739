/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * yaml_hint.c - pure: libyaml's problems, by their text, and what to do about them.
 */
#include "config/yaml_hint.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

static const struct hint {
	const char *problem, *sentence;
} hints[] = {
	{ "mapping values are not allowed in this context",
		"a colon where no key can be: is the line indented like its neighbours? "
		"Text with `: ` in it needs quotes" },
	{ "found character that cannot start any token",
		"text that begins with this character needs quotes" },
	{ "did not find expected key",
		"the indentation does not fit: keys of one map begin in one column, "
		"and a list begins with `- `" },
	{ "did not find expected '-' indicator",
		"the indentation does not fit: items of one list begin in one column "
		"with `- `" },
	{ "could not find expected ':'", "a key without its colon: write `key: value`" },
	{ "did not find expected ',' or '}'",
		"a map is opened with { and not closed with }" },
	{ "did not find expected ',' or ']'",
		"a list is opened with [ and not closed with ]" },
	{ "found unexpected end of stream", "a quote is opened and not closed" },
	{ "did not find expected <document start>",
		"something stands after the end of the document" },
	{ "found undefined tag handle", "tags (!...) are not read; leave it out" },
	{ "control characters are not allowed",
		"a control character: only tabs, spaces and line ends may stand here" },
};

const char *yaml_hint(const char *problem)
{
	for (size_t i = 0; problem && i < ARRAY_LEN(hints); i++) {
		if (strcmp(problem, hints[i].problem) == 0)
			return hints[i].sentence;
	}
	return problem ? problem : "this is not YAML";
}
