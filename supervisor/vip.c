/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vip.c - pure: is a packet of LVS for this service taken here, and nobody else's ARP
 * answered.
 *
 * Not here: how the facts come (vip_watch.c), and that the term gates only becoming
 * ready (ready.c).
 */
#include "supervisor/vip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With anything less, a host answers for an address that the balancer owns. */
enum { ARP_IGNORE = 1, ARP_ANNOUNCE = 2 };

struct judgement {
	struct term *term;
	const struct vip_facts *facts;
	bool any_v4;
};

__attribute__((format(printf, 2, 3))) static void refuse(
	struct judgement *self, const char *format, ...)
{
	va_list args;

	if (!self->term->ok)
		return; /* the first is told: it is repaired first */
	self->term->ok = false;
	va_start(args, format);
	vsnprintf(self->term->reason, sizeof(self->term->reason), format, args);
	va_end(args);
}

static bool is_on_lo(const struct vip_facts *facts, const struct vip *wanted)
{
	size_t size = wanted->family == AF_INET ? sizeof(struct in_addr)
						: sizeof(struct in6_addr);

	for (size_t i = 0; i < facts->count; i++)
		if (facts->items[i].family == wanted->family &&
			memcmp(facts->items[i].bytes, wanted->bytes, size) == 0)
			return true;
	return false;
}

static void judge_address(struct judgement *self, const char *text)
{
	struct vip vip = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(vip.family, text, vip.bytes) != 1) {
		refuse(self,
			"lvs.address %.60s is no IP address: correct the declaration",
			text);
		return;
	}
	self->any_v4 = self->any_v4 || vip.family == AF_INET;
	if (is_on_lo(self->facts, &vip))
		return;
	if (vip.family == AF_INET)
		refuse(self, "VIP %s is not on lo: ip addr add %s/32 dev lo label lo:LVS",
			text, text);
	else
		refuse(self, "VIP %s is not on lo: ip addr add %s/128 dev lo", text,
			text);
}

static void judge_arp(
	struct judgement *self, const char *key, int64_t found, int64_t want)
{
	if (found == want)
		return;
	if (found == UNSET)
		refuse(self, "net.ipv4.conf.all.%s cannot be read", key);
	else {
		refuse(self,
			"net.ipv4.conf.all.%s is %lld, so this host answers ARP for the VIP: "
			"sysctl -w net.ipv4.conf.all.%s=%lld",
			key, (long long)found, key, (long long)want);
	}
}

/* An address, or a map of labels to addresses. */
static void judge_site(struct judgement *self, struct json_t *address)
{
	const char *key;
	struct json_t *value;

	if (json_text(address)) {
		judge_address(self, json_text(address));
		return;
	}
	json_each(address, key, value)
	{
		(void)key;
		if (json_text(value))
			judge_address(self, json_text(value));
	}
}

static void judge_pool(struct judgement *self, struct json_t *address, const char *site)
{
	if (json_kind(address) == JSON_IS_MAP)
		judge_site(self, json_get(address, site ? site : ""));
	else if (text_equal(json_text(address), "auto")) {
		snprintf(self->term->reason, sizeof(self->term->reason),
			"lvs.address is auto: which address that is cannot be known here, "
			"so lo is not looked at");
	} else {
		judge_site(self, address);
	}
}

bool vip_is_wanted(const struct declaration *declaration)
{
	return declaration->lvs_count > 0 &&
	       (declaration->state == ROLLOUT_LVS ||
		       declaration->state == ROLLOUT_PRODUCTION);
}

void vip_judge(struct term *ret, const struct declaration *declaration, const char *site,
	const struct vip_facts *facts)
{
	struct judgement self = { .term = ret, .facts = facts };

	*ret = (struct term){ .ok = true };
	if (facts->error < 0) {
		refuse(&self, "cannot ask the kernel for the addresses on lo: %s",
			strerror(-facts->error));
		return;
	}
	for (size_t i = 0; i < declaration->lvs_count; i++)
		if (declaration->lvs[i].address)
			judge_pool(&self, declaration->lvs[i].address, site);
	if (!self.any_v4)
		return;
	judge_arp(&self, "arp_ignore", facts->arp_ignore, ARP_IGNORE);
	judge_arp(&self, "arp_announce", facts->arp_announce, ARP_ANNOUNCE);
}

void vip_facts_done(struct vip_facts *facts)
{
	free(facts->items);
	*facts = (struct vip_facts){ 0 };
}
