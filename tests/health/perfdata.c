/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * perfdata.c - figures as plugins print them, and as they should not.
 */
#include "health/perfdata.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#include "tests/test.h"

static void print(struct text *text, const struct perfdata *perfdata)
{
	for (size_t i = 0; i < perfdata->count; i++)
		text_addf(text, "%s%s=%.9g%s", i ? " " : "", perfdata->items[i].label,
			perfdata->items[i].value, perfdata->items[i].unit);
}

static void figures_are_read_and_the_rest_is_passed_over(void **state)
{
	static const struct {
		const char *output, *want;
	} cases[] = {
		{ "", "" },
		{ "OK", "" },
		{ "OK|", "" },
		{ "OK|a=1", "a=1" },
		{ "OK |a=1 b=2.5s;3;4;0;", "a=1 b=2.5s" },
		{ "HTTP OK|time=0.002s;;;0.000 size=10701B;;;0",
			"time=0.002s size=10701B" },
		{ "x|rta=0.048ms;100;500;0; pl=0%;20;60;;", "rta=4.8e-05s pl=0%" },
		{ "x|/var=3KB us=7us m=2MB n=1GiB",
			"_var=3000B us=7e-06s m=2000000B n=1.07374182e+09B" },
		{ "x|'a b'=1 'it''s'=2 '='=3", "a_b=1 it_s=2 _=3" },
		{ "OK|a=1\nmore|b=2\nno bar\n|c=3", "a=1 b=2 c=3" },
		{ "x|a=U b=~:3 c=1,5 d=0x1p3 e=1e3 f=-2", "e=1000 f=-2" },
		{ "x|a=nan b=inf c=1e999 d=1e15 g=1", "g=1" },
		{ "x|a= =1 '=2 b==3 = '' ''=4", "" },
		{ "x|a=1m b=2h c=3parsecs d=4", "d=4" },
		{ "x|a=1 a=2 A=3", "a=1 A=3" },
		{ "x|a=1;'b=2 c=3'", "a=1" },
		{ "x|'unended a=1 b=2", "" },
		{ "x|\x1b[31m=1 \xff=2", "__31m=1 _=2" },
		{ "x|abcdefghijklmnopqrstuvwxyz=1", "abcdefghijklmnopqrs=1" },
		{ "x|a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9",
			"a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8" },
		{ "x|a=11111111111111111111111111111111111 b=1", "b=1" },
		{ "a|b|c=1|d=2 e=3", "e=3" },
		{ "x|\v\f a=1\vb=2\f\v", "a=1 b=2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct perfdata perfdata = { .count = 3 };
		struct text text = { 0 };

		text_add(&text, "");
		perfdata_read(&perfdata, cases[i].output);
		print(&text, &perfdata);
		if (strcmp(text.bytes, cases[i].want) != 0)
			fail_msg("\"%s\" reads as \"%s\", not \"%s\"", cases[i].output,
				text.bytes, cases[i].want);
		text_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_read_and_the_rest_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
