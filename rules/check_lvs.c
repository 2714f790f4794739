/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_lvs.c - what the words of `lvs` must be: addresses by site, the scheduler.
 */
#include <string.h>

#include "base/json.h"

#include "rules/address.h"
#include "rules/checking.h"

enum { PATH_BYTES = 192 };

static const char *const schedulers[] = { "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh",
	"sh", "sed", "nq", "fo", "ovf", "mh", "twos" };

static const char *scheduler_at(size_t index, const void *data)
{
	(void)data;
	return index < ARRAY_LEN(schedulers) ? schedulers[index] : NULL;
}

static void check_scheduler(struct checking *self, const char *path, const char *name)
{
	const char *nearest = text_nearest(name, scheduler_at, NULL);

	if (text_equal(nearest, name))
		return;
	checking_refuse(self, path, "'%s' is no scheduler of IPVS%s%s%s", name,
		nearest ? "; did you mean '" : ", such as wrr, sh or mh",
		nearest ? nearest : "", nearest ? "'?" : "");
}

/* An address, not a network. */
static void check_address(
	struct checking *self, const char *path, struct json_t *address, const char *says)
{
	const char *text = json_text(address);
	struct error err = { 0 };

	if (!text || strchr(text, '/') || !is_address_like(text))
		checking_refuse(self, path, "must be %s", says);
	else if (address_check(text, &err) < 0)
		checking_refuse(self, path, "%s", err.text);
}

static void check_labels(struct checking *self, const char *path, struct json_t *labels)
{
	for (void *at = json_first(labels); at; at = json_next(labels, at)) {
		_cleanup_free_ char *key = text_format("%s.%s", path, json_key_at(at));

		if (key)
			check_address(self, key, json_value_at(at), "an address");
	}
}

static void check_addresses(
	struct checking *self, const char *path, struct json_t *addresses)
{
	static const char says[] = "auto, {SITE: ADDRESS} or {SITE: {LABEL: ADDRESS}}";

	if (!addresses || text_equal(json_text(addresses), "auto"))
		return;
	if (json_kind(addresses) != JSON_IS_MAP) {
		checking_refuse(self, path, "must be %s", says);
		return;
	}
	for (void *at = json_first(addresses); at; at = json_next(addresses, at)) {
		struct json_t *address = json_value_at(at);
		_cleanup_free_ char *key = text_format("%s.%s", path, json_key_at(at));

		if (key && json_kind(address) == JSON_IS_MAP)
			check_labels(self, key, address);
		else if (key)
			check_address(
				self, key, address, "an address, or {LABEL: ADDRESS}");
	}
}

static void check_pool(struct checking *self, const struct lvs *lvs, const char *at)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s.port", at);
	checking_port(self, path, lvs->port);
	snprintf(path, sizeof(path), "%s.address", at);
	check_addresses(self, path, lvs->address);
	snprintf(path, sizeof(path), "%s.scheduler", at);
	check_scheduler(self, path, lvs->scheduler);
}

void lvs_check(struct checking *self)
{
	/* One map has no index in its paths. */
	const struct node *written = node_find(self->tree, "lvs");
	const bool one = written && written->kind == NODE_MAP;

	for (size_t i = 0; i < self->declaration->lvs_count; i++) {
		char at[PATH_BYTES / 2] = "lvs";

		if (!one)
			snprintf(at, sizeof(at), "lvs[%zu]", i);
		check_pool(self, &self->declaration->lvs[i], at);
	}
}
