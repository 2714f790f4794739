/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vip.h - the addresses that LVS sends to: those a declaration wants, those on lo, and
 * whether the host keeps quiet about them (ARP).
 */
#pragma once

#include <netinet/in.h>

#include "base/loop.h"

#include "supervisor/ready.h"

enum { VIP_TEXT_BYTES = 46 };

struct vip {
	int family; /* AF_INET, AF_INET6 */
	unsigned char bytes[sizeof(struct in6_addr)];
};

/* What lo has, and how the host answers ARP. */
struct vip_facts {
	int error; /* -errno: the kernel did not say; else 0 */
	struct vip *items;
	size_t count;
	int64_t arp_ignore, arp_announce; /* of net.ipv4.conf.all; UNSET: not known */
};
void vip_facts_done(struct vip_facts *facts);

/* Pure: the term of a service at this site, when vip_is_wanted(). */
void vip_judge(struct term *ret, const struct declaration *declaration, const char *site,
	const struct vip_facts *facts);
/* Balancers send to it, in the state that it is in. */
bool vip_is_wanted(const struct declaration *declaration);

/* ---- the watch ----------------------------------------------------------------- */

struct vip_watch;
typedef void vip_changed_fn(void *owner, struct instant now);
/* Asks once, and again whenever an address of the host changes. -errno. */
int vip_watch_new(
	struct vip_watch **ret, struct loop *loop, vip_changed_fn *changed, void *owner);
struct vip_watch *vip_watch_free(struct vip_watch *watch);
/* The addresses as the kernel last told; sysctls have no events and are read now. */
const struct vip_facts *vip_watch_facts(struct vip_watch *watch);
