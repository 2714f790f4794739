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

/* ---- whose an address is ----------------------------------------------------------- */

/* Whoever brings an address up answers for it, to this host too: only those that the site
 * keeps for balancers. */
static const char *const never[] = { "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
	"224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8" };

struct ranges {
	bool any; /* the site names some */
	bool holds;
};

static void look_in_class(
	struct json_t *sites, const char *address, struct ranges *ranges)
{
	for (void *at = json_first(sites); at; at = json_next(sites, at)) {
		const char *cidr = json_get_text(json_value_at(at), "cidr", NULL);

		ranges->any = ranges->any || cidr;
		ranges->holds = ranges->holds || (cidr && address_is_in(address, cidr));
	}
}

static struct ranges look_in_classes(const struct site *site, const char *address)
{
	struct json_t *classes = json_get(json_get(site->rest, "lvs"), "classes");
	struct ranges ranges = { 0 };

	for (void *at = json_first(classes); at; at = json_next(classes, at))
		look_in_class(json_value_at(at), address, &ranges);
	return ranges;
}

static const char *find_reason(const struct site *site, const char *address)
{
	struct json_t *reserved = json_get(json_get(site->rest, "lvs"), "reserved");

	for (void *at = json_first(reserved); at; at = json_next(reserved, at))
		if (address_is_in(address, json_key_at(at)))
			return json_text(json_value_at(at)) ? json_text(json_value_at(at))
							    : "no reason is given";
	return NULL;
}

static void check_owner(struct checking *self, const char *path, const char *address)
{
	const struct ranges ranges = look_in_classes(self->site, address);
	const char *reason = find_reason(self->site, address);

	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		if (address_is_in(address, never[i]))
			checking_refuse(self, path,
				"'%s' is in %s, which no balancer serves", address,
				never[i]);
	}
	if (reason)
		checking_refuse(self, path,
			"'%s' is reserved by lvs.reserved of site.yaml: %s", address,
			reason);
	if (ranges.any && !ranges.holds) {
		checking_refuse(self, path,
			"'%s' is in no network of lvs.classes of site.yaml: it may be "
			"somebody else's",
			address);
	}
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
	else
		check_owner(self, path, text);
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
