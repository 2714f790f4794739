/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * emit_set.c - sets of addresses and the map of ports, as messages.
 *
 * A set of ranges is kept by the kernel as starts and ends: an end is the first address
 * that is not in the range any more. A range up to the last address has a start only.
 */
#include "firewall/emit_set.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* nft's numbers for the types of keys; it prints a set by them. */
	TYPE_IPV4_ADDR = 7,
	TYPE_IPV6_ADDR = 8,
	TYPE_INET_PROTO = 12,
	TYPE_INET_SERVICE = 13,
	TYPE_BITS = 6,
	BYTEORDER_BIG = 2,
	ELEMENT_IS_OPEN = 1, /* the range has no end because the addresses have none */
};

static const uint32_t key_types[FAMILY_COUNT] = { TYPE_IPV4_ADDR, TYPE_IPV6_ADDR };

/* A concatenated key: every part is padded to four bytes. */
struct port_key {
	uint8_t protocol, padding[3];
	uint16_t port, more_padding;
};

static struct nftnl_set *set_new(struct batch *batch, const char *name)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set) {
		batch->failed = true;
		return NULL;
	}
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, TABLE_NAME);
	nftnl_set_set_str(set, NFTNL_SET_NAME, name);
	return set;
}

/* Takes the set. */
static void put_set(struct batch *batch, struct nftnl_set *set, struct message message)
{
	struct nlmsghdr *header = message_begin(batch, message);

	if (header) {
		nftnl_set_set_u32(set, NFTNL_SET_ID, header->nlmsg_seq);
		nftnl_set_nlmsg_build_payload(header, set);
		message_end(batch, header);
	}
	nftnl_set_free(set);
}

/* How nft reads the keys: most significant byte first. */
static void put_byteorder(struct nftnl_set *set)
{
	uint8_t data[2 + sizeof(uint32_t)] = { NFTNL_UDATA_SET_KEYBYTEORDER,
		sizeof(uint32_t), BYTEORDER_BIG };

	nftnl_set_set_data(set, NFTNL_SET_USERDATA, data, sizeof(data));
}

void emit_set(struct batch *batch, const struct item *item, struct message message)
{
	const struct plan_set *planned = item->planned;
	struct nftnl_set *set = set_new(batch, item->name);

	if (!set)
		return;
	if (message.type == NFT_MSG_NEWSET) {
		nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_INTERVAL);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, key_types[planned->family]);
		nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, family_bytes[planned->family]);
		put_byteorder(set);
	}
	put_set(batch, set, message);
}

void emit_map(struct batch *batch, const struct item *item, struct message message)
{
	struct nftnl_set *set = set_new(batch, item->name);

	if (!set)
		return;
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_MAP);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE,
		(TYPE_INET_PROTO << TYPE_BITS) | TYPE_INET_SERVICE);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, sizeof(struct port_key));
	nftnl_set_set_u32(set, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
	put_set(batch, set, message);
}

/* ---- elements --------------------------------------------------------------------- */

static struct nftnl_set_elem *element_new(
	struct batch *batch, struct nftnl_set *set, const void *key, uint32_t size)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (!element) {
		batch->failed = true;
		return NULL;
	}
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, size);
	nftnl_set_elem_add(set, element);
	return element;
}

static void add_end(struct batch *batch, struct nftnl_set *set, enum family family,
	const struct address *address)
{
	struct nftnl_set_elem *end =
		element_new(batch, set, address->bytes, family_bytes[family]);

	if (end) {
		nftnl_set_elem_set_u32(
			end, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	}
}

static void add_range(struct batch *batch, struct nftnl_set *set, enum family family,
	const struct range *range)
{
	static const uint8_t open[] = { NFTNL_UDATA_SET_ELEM_FLAGS, sizeof(uint32_t),
		ELEMENT_IS_OPEN, 0, 0, 0 };
	struct nftnl_set_elem *start =
		element_new(batch, set, range->first.bytes, family_bytes[family]);
	struct address end;

	if (address_next(&end, family, &range->last)) {
		add_end(batch, set, family, &end);
	} else if (start) {
		nftnl_set_elem_set(start, NFTNL_SET_ELEM_USERDATA, open, sizeof(open));
	}
}

/* A list longer than an attribute can be goes on in the next message. */
static void put_elements(
	struct batch *batch, struct nftnl_set *set, struct message message)
{
	struct nftnl_set_elems_iter *iter = nftnl_set_elems_iter_create(set);
	bool more = iter;

	batch->failed = batch->failed || !iter;
	while (more) {
		struct nlmsghdr *header = message_begin(batch, message);

		more = header &&
		       nftnl_set_elems_nlmsg_build_payload_iter(header, iter) > 0;
		if (header)
			message_end(batch, header);
	}
	if (iter)
		nftnl_set_elems_iter_destroy(iter);
	nftnl_set_free(set);
}

/* nft begins with an end at zero; so do we, so that both make the same set. */
void emit_set_elements(
	struct batch *batch, const struct item *item, struct message message)
{
	static const struct address zero;
	const struct plan_set *planned = item->planned;
	struct nftnl_set *set = set_new(batch, item->name);

	if (!set)
		return;
	if (memcmp(&planned->ranges.items[0].first, &zero, sizeof(zero)) != 0)
		add_end(batch, set, planned->family, &zero);
	for (size_t i = 0; i < planned->ranges.count; i++)
		add_range(batch, set, planned->family, &planned->ranges.items[i]);
	put_elements(batch, set, message);
}

void emit_set_flush(struct batch *batch, const struct item *item, struct message message)
{
	struct nftnl_set *set = set_new(batch, item->name);
	struct nlmsghdr *header;

	if (!set)
		return;
	header = message_begin(batch, message);
	if (header) {
		nftnl_set_elems_nlmsg_build_payload(header, set);
		message_end(batch, header);
	}
	nftnl_set_free(set);
}

static void put_verdict(struct nftnl_set_elem *element, const struct plan_port *planned)
{
	uint8_t data[USERDATA_BYTES];
	uint32_t size = put_comment(data, NFTNL_UDATA_SET_ELEM_COMMENT, planned->comment);

	nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_VERDICT, (uint32_t)NFT_JUMP);
	nftnl_set_elem_set_str(element, NFTNL_SET_ELEM_CHAIN, planned->chain->name);
	if (size > 0)
		nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, data, size);
}

void emit_port(struct batch *batch, const struct item *item, struct message message)
{
	struct port_key key = { .protocol = item->protocol, .port = htons(item->port) };
	struct nftnl_set *set = set_new(batch, MAP_PORTS);
	struct nftnl_set_elem *element;

	if (!set)
		return;
	element = element_new(batch, set, &key, sizeof(key));
	if (element && message.type == NFT_MSG_NEWSETELEM)
		put_verdict(element, item->planned);
	if (element) {
		put_elements(batch, set, message);
	} else {
		nftnl_set_free(set);
	}
}
