/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * match.c - PCRE2 with limits: a pattern that backtracks for ever gives up instead of
 * holding the loop.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "health/match.h"

#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

enum { STEPS_MAX = 100000, HEAP_MAX_KIB = 4096 };

CLEANUP(pcre2_code *, pcre2_code_free)
CLEANUP(pcre2_match_data *, pcre2_match_data_free)
CLEANUP(pcre2_match_context *, pcre2_match_context_free)

enum match match_text(const char *pattern, const char *text, size_t size, char *trouble,
	size_t trouble_size)
{
	_cleanup_(pcre2_code_freep) pcre2_code *code = NULL;
	_cleanup_(pcre2_match_data_freep) pcre2_match_data *found = NULL;
	_cleanup_(pcre2_match_context_freep) pcre2_match_context *limits = NULL;
	PCRE2_SIZE at = 0;
	int error = 0, r;

	code = pcre2_compile(
		(PCRE2_SPTR)pattern, strlen(pattern), PCRE2_MULTILINE, &error, &at, NULL);
	if (!code) {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)trouble, trouble_size);
		return MATCH_TROUBLE;
	}
	found = pcre2_match_data_create(1, NULL);
	limits = pcre2_match_context_create(NULL);
	if (!found || !limits) {
		snprintf(trouble, trouble_size, "out of memory");
		return MATCH_TROUBLE;
	}
	pcre2_set_match_limit(limits, STEPS_MAX);
	pcre2_set_heap_limit(limits, HEAP_MAX_KIB);
	r = pcre2_match(code, (PCRE2_SPTR)text, size, 0, 0, found, limits);
	if (r >= 0)
		return MATCH_YES;
	if (r == PCRE2_ERROR_NOMATCH)
		return MATCH_NO;
	pcre2_get_error_message(r, (PCRE2_UCHAR *)trouble, trouble_size);
	return MATCH_TROUBLE;
}
