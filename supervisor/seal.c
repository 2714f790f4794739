/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * seal.c - when everything is accepted, and whether it still is.
 */
#include "supervisor/seal.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/accepted.h"

/* A sum, as the order of the heads means nothing. */
static unsigned long long hash_heads(struct json_t *heads)
{
	unsigned long long sum = 0;
	const char *name;
	struct json_t *head;

	json_each(heads, name, head)
	{
		char line[NAME_MAX + 64];

		if (strcmp(name, ACCEPTED_HOST) == 0)
			continue;
		snprintf(line, sizeof(line), "%s %.16s %" PRId64, name,
			json_get_text(head, "hash", ""), json_get_int(head, "asked", -1));
		sum += text_hash(line, strlen(line));
	}
	return sum;
}

static void print_hash(char ret[static HASH_TEXT_BYTES], struct json_t *heads)
{
	snprintf(ret, HASH_TEXT_BYTES, "%016llx", hash_heads(heads));
}

struct json_t *seal_print(const char *made_of, struct json_t *heads)
{
	_cleanup_(json_freep) struct json_t *seal = json_new_object();
	char hash[HASH_TEXT_BYTES];
	int r = seal ? json_set_text(seal, "made_of", made_of) : -ENOMEM;

	print_hash(hash, heads);
	r = r < 0 ? r : json_set_text(seal, "services", hash);
	return r < 0 ? NULL : TAKE(seal);
}

bool seal_holds(const struct json_t *seal, const char *made_of, struct json_t *heads)
{
	char hash[HASH_TEXT_BYTES];

	print_hash(hash, heads);
	return text_equal(json_get_text(seal, "made_of", NULL), made_of) &&
	       text_equal(json_get_text(seal, "services", NULL), hash);
}

/* The file is good and of this host: it runs as it says. A file of another host is none
 * of our business, and one of no file has nothing to run. */
static bool is_taken(const struct step *step, const struct json_t *heads)
{
	const struct entry *entry = step->entry;
	const struct json_t *head = json_get(heads, step->name);
	char hash[HASH_TEXT_BYTES];
	_cleanup_free_ char *text = NULL;

	if (step->waits || (step->kind != STEP_SAME && step->kind != STEP_ADD &&
				   step->kind != STEP_CHANGE))
		return false;
	if (!entry || !entry->here)
		return !head;
	if (!head || step->kind != STEP_CHANGE)
		return head;
	text = json_print(entry->effective, JSON_ONE_LINE);
	snprintf(hash, sizeof(hash), "%016llx", text ? text_hash(text, strlen(text)) : 0);
	return text_equal(json_get_text(head, "hash", NULL), hash);
}

bool seal_deserved(const struct plan *plan, const struct config *config,
	const struct members *members, const struct json_t *heads)
{
	const size_t services = json_size(heads) - (json_get(heads, ACCEPTED_HOST) != 0);

	if (!plan->whole || !config->made_of || config->host_refused ||
		config->site_refused || config->incomplete ||
		config->problems.lines.count > 0 || services != members->count)
		return false;
	for (size_t i = 0; i < plan->count; i++) {
		if (!is_taken(&plan->items[i], heads))
			return false;
	}
	return true;
}
