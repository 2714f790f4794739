/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vip_watch.c - what is on lo, by rtnetlink(7): whatever is said to change, all is asked
 * again.
 *
 * The socket with the events is only emptied; a dump has a socket of its own, so that no
 * event is taken for an answer, and none that was lost (ENOBUFS) matters.
 *
 * Not here: what it means (vip.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/netlink.h"

#include "supervisor/vip.h"

enum { EVENT_BYTES = 16 * 1024, ADDRESSES_MAX = 4096, SYSCTL_MAX_BYTES = 64, TRIES = 3 };

struct vip_watch {
	struct netlink *events;
	struct watch *watch;
	struct vip_facts facts;
	vip_changed_fn *changed;
	void *owner;
};

/* ---- one dump ------------------------------------------------------------------ */

struct dump {
	struct vip_facts *facts;
	unsigned lo;
};

static int add(struct vip_facts *facts, int family, const void *bytes, size_t size)
{
	struct vip *bigger;

	if (facts->count >= ADDRESSES_MAX)
		return -E2BIG;
	bigger = reallocarray(facts->items, facts->count + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	facts->items = bigger;
	bigger += facts->count++;
	*bigger = (struct vip){ .family = family };
	memcpy(bigger->bytes, bytes, size);
	return 0;
}

/* IFA_LOCAL is the address itself where IFA_ADDRESS may be the other end's; IPv6 has
 * only the latter. */
static const struct rtattr *address_of(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *head = NLMSG_DATA(message);
	const struct rtattr *found = NULL;
	int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof(*head)));

	for (const struct rtattr *at = IFA_RTA(head); RTA_OK(at, left);
		at = RTA_NEXT(at, left))
		if (at->rta_type == IFA_LOCAL || (at->rta_type == IFA_ADDRESS && !found))
			found = at;
	return found;
}

static int take_address(const struct nlmsghdr *message, void *data)
{
	const struct dump *dump = data;
	const struct ifaddrmsg *head = NLMSG_DATA(message);
	const struct rtattr *address;
	size_t size;

	if (message->nlmsg_type != RTM_NEWADDR ||
		message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
		head->ifa_index != dump->lo ||
		(head->ifa_family != AF_INET && head->ifa_family != AF_INET6))
		return 0;
	size = head->ifa_family == AF_INET ? sizeof(struct in_addr)
					   : sizeof(struct in6_addr);
	address = address_of(message);
	if (!address || RTA_PAYLOAD(address) != size)
		return 0;
	return add(dump->facts, head->ifa_family, RTA_DATA(address), size);
}

static int ask(struct vip_facts *facts)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
	} request = { .header = { .nlmsg_len = sizeof(request),
			      .nlmsg_type = RTM_GETADDR,
			      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	_cleanup_(netlink_closep) struct netlink *netlink = NULL;
	struct dump dump = { facts, if_nametoindex("lo") };
	int r = netlink_open(&netlink, NETLINK_ROUTE, 0);

	if (r == 0)
		r = netlink_ask(netlink, &request.header, take_address, &dump);
	return r;
}

static void ask_anew(struct vip_watch *watch)
{
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < TRIES; i++) {
		vip_facts_done(&watch->facts);
		r = ask(&watch->facts);
	}
	watch->facts.error = r;
}

/* ---- events -------------------------------------------------------------------- */

static void on_event(void *owner, unsigned events, struct instant now)
{
	struct vip_watch *watch = owner;
	char bytes[EVENT_BYTES];
	int r;

	(void)events;
	do {
		r = netlink_receive(watch->events, bytes, sizeof(bytes), false);
	} while (r >= 0 || r == -ENOBUFS || r == -EMSGSIZE);
	ask_anew(watch);
	watch->changed(watch->owner, now);
}

int vip_watch_new(
	struct vip_watch **ret, struct loop *loop, vip_changed_fn *changed, void *owner)
{
	struct vip_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;
	watch->changed = changed;
	watch->owner = owner;
	r = netlink_open(
		&watch->events, NETLINK_ROUTE, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	if (r == 0)
		r = watch_new(&watch->watch, loop, netlink_fd(watch->events), WATCH_READ,
			on_event, watch);
	if (r < 0) {
		vip_watch_free(watch);
		return r;
	}
	ask_anew(watch);
	*ret = watch;
	return 0;
}

struct vip_watch *vip_watch_free(struct vip_watch *watch)
{
	if (!watch)
		return NULL;
	watch_free(watch->watch);
	netlink_close(watch->events);
	vip_facts_done(&watch->facts);
	free(watch);
	return NULL;
}

/* ---- sysctls ------------------------------------------------------------------- */

static int64_t read_sysctl(const char *path)
{
	_cleanup_free_ char *text = NULL;

	if (file_read(&text, NULL, AT_FDCWD, path, SYSCTL_MAX_BYTES) < 0)
		return UNSET;
	return strtoll(text, NULL, 10);
}

const struct vip_facts *vip_watch_facts(struct vip_watch *watch)
{
	watch->facts.arp_ignore = read_sysctl("/proc/sys/net/ipv4/conf/all/arp_ignore");
	watch->facts.arp_announce =
		read_sysctl("/proc/sys/net/ipv4/conf/all/arp_announce");
	return &watch->facts;
}
