/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ceilings.c - the bounds of `policy.ceilings` by their keys, for who judges by them.
 */
#include <inttypes.h>
#include <string.h>

#include "config/fields.h"
#include "config/keys.h"

int64_t ceiling_bound(const struct host_policy *policy, const char *key)
{
	return *(const int64_t *)member_of(rows_find(&ceilings_rows, key), policy);
}

char *ceiling_print(const char *key, int64_t value)
{
	struct field row = *rows_find(&ceilings_rows, key);
	_cleanup_(json_freep) struct json_t *json = NULL;

	row.at = 0;
	json = row.kind->print(&row, &value);
	return json_kind(json) == JSON_IS_TEXT ? text_format("%s", json_text(json))
					       : text_format("%" PRId64, json_int(json));
}
