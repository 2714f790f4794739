/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * events.c - of all changes of this host's rules, those of our table that were not
 * ours.
 *
 * A transaction is told as its changes, each with the port of the socket that asked for
 * it, and at the end NEWGEN with the name of the program.
 */
#include "firewall/events.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "base/netlink.h"

#include "firewall/model.h"

enum {
	DATAGRAM_BYTES = 64 * 1024,
	DATAGRAMS_A_TURN = 10000,
	TABLE_ATTRIBUTE = 1, /* the table's name, in messages about whatever */
};

static bool is_about_us(const struct nlmsghdr *message)
{
	const struct nfgenmsg *about = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	if (about->nfgen_family != NFPROTO_INET)
		return false;
	mnl_attr_for_each(attr, message,
		sizeof(*about)) if (mnl_attr_get_type(attr) == TABLE_ATTRIBUTE)
	{
		return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
		       text_equal(mnl_attr_get_str(attr), TABLE_NAME);
	}
	return false;
}

/* "nft (pid 4711)" */
static void name_culprit(char ret[static CULPRIT_BYTES], const struct nlmsghdr *message)
{
	const struct nlattr *attr;
	const char *name = "a program";
	uint32_t pid = 0;

	mnl_attr_for_each(attr, message, sizeof(struct nfgenmsg))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == NFTA_GEN_PROC_PID &&
			mnl_attr_get_payload_len(attr) >= sizeof(pid))
			pid = ntohl(mnl_attr_get_u32(attr));
		if (type == NFTA_GEN_PROC_NAME &&
			mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(attr);
	}
	snprintf(ret, CULPRIT_BYTES, "%.32s (pid %u)", name, pid);
}

/* True at the end of a transaction of somebody else's that was about our table. */
static bool note_event(struct events *events, const struct nlmsghdr *message,
	char culprit[static CULPRIT_BYTES])
{
	bool was_touched = events->touched;

	if (message->nlmsg_pid == events->own_port ||
		NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
		mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return false;
	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWGEN) {
		events->touched = events->touched || is_about_us(message);
		return false;
	}
	events->touched = false;
	if (was_touched)
		name_culprit(culprit, message);
	return was_touched;
}

static bool note_events(struct events *events, const char *bytes, size_t size,
	char culprit[static CULPRIT_BYTES])
{
	const struct nlmsghdr *message;
	bool is_foreign = false;
	size_t at = 0;

	while ((message = netlink_next(bytes, size, &at)))
		is_foreign = note_event(events, message, culprit) || is_foreign;
	return is_foreign;
}

bool events_read(struct events *events, char culprit[static CULPRIT_BYTES])
{
	_Alignas(struct nlmsghdr) char bytes[DATAGRAM_BYTES];
	bool is_foreign = false;

	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		int size = netlink_receive(events->netlink, bytes, sizeof(bytes), false);

		if (size == -EAGAIN)
			break;
		if (size >= 0) {
			is_foreign = note_events(events, bytes, (size_t)size, culprit) ||
				     is_foreign;
			continue;
		}
		/* Events were lost: they may have been about us. */
		snprintf(culprit, CULPRIT_BYTES, "some program among too many changes");
		is_foreign = true;
	}
	return is_foreign;
}
