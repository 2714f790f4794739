/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wanted.c - a table by name, kept as the JSON that it is written as.
 *
 * Not here: writing it (a deed of supervisor.c, since a disk may stall).
 */
#include "supervisor/wanted.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/words.h"

int wanted_read(struct wanted_table *ret, const char *path, struct error *err)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size = 0;
	int r;

	ret->json = NULL;
	r = file_read(&bytes, &size, AT_FDCWD, path, WANTED_MAX_BYTES);
	if (r == 0)
		r = json_parse(&ret->json, bytes, size, WANTED_MAX_BYTES, err);
	else if (r == -ENOENT)
		r = 0;
	else
		error_errno(err, r, "read");
	if (r == 0 && ret->json && json_kind(ret->json) != JSON_IS_MAP)
		r = error_set(err, -EINVAL, "not a JSON object");
	if (r < 0) {
		json_free(ret->json);
		ret->json = NULL;
	}
	if (!ret->json)
		ret->json = json_new_object();
	if (!ret->json)
		return error_errno(err, -ENOMEM, "%s", path);
	return r < 0 ? error_prefix(err, "%s", path) : 0;
}

void wanted_done(struct wanted_table *table)
{
	json_free(table->json);
	table->json = NULL;
}

bool wanted_get(const struct wanted_table *table, const char *service, struct wish *ret)
{
	const struct json_t *row = json_get(table->json, service);
	const char *value = json_get_text(row, "value", NULL);
	int found = words_find(wanted_words, ARRAY_LEN(wanted_words), value);

	if (found < 0)
		return false;
	*ret = (struct wish){ .value = (enum wanted)found,
		.who = json_get_text(row, "who", ""),
		.why = json_get_text(row, "why", ""),
		.since = { json_get_int(row, "since_us", 0) },
		.until = { json_get_int(row, "until_us", 0) } };
	return true;
}

bool wanted_put(struct wanted_table *table, const char *service, const struct wish *wish)
{
	struct json_t *old = json_get(table->json, service);
	_cleanup_(json_freep) struct json_t *row =
		old ? json_clone(old) : json_new_object();
	int r = 0;

	r |= json_set_text(row, "value", wanted_words[wish->value]);
	r |= json_set_text(row, "who", wish->who);
	r |= json_set_text(row, "why", wish->why);
	r |= json_set_int(row, "since_us", wish->since.us);
	r |= json_set_int(row, "until_us", wish->until.us);
	if (r != 0 || (old && json_same(old, row)))
		return false;
	return json_set(table->json, service, TAKE(row)) == 0;
}

bool wanted_forget(struct wanted_table *table, const char *service)
{
	if (!json_get(table->json, service))
		return false;
	json_remove(table->json, service);
	return true;
}
