/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kernel_read.c - what is in our table: names by dumps, and whether a set holds what
 * its name says.
 *
 * Rules are not read: whoever does not know the table writes all chains anew, which
 * costs no packet.
 */
#include "firewall/kernel_read.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/netlink.h"

#include "firewall/names.h"

enum {
	REQUEST_BYTES = 1024,
	TABLE_ATTRIBUTE = 1, /* the table's name, in questions about whatever */
	ELEMENTS_AT_MOST = 4 * 1024 * 1024,
};

struct request {
	_Alignas(struct nlmsghdr) char bytes[REQUEST_BYTES];
};

/* A question about table `svcd`, and with `name` about one thing in it. */
static struct nlmsghdr *ask_about(
	struct request *request, uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *header = nftnl_nlmsg_build_hdr(
		request->bytes, type, NFPROTO_INET, NLM_F_REQUEST | flags, 0);

	mnl_attr_put_strz(header, TABLE_ATTRIBUTE, TABLE_NAME);
	if (name)
		mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, name);
	return header;
}

static int note_chain(const struct nlmsghdr *message, void *data)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct item item = { .kind = ITEM_CHAIN };
	int r = 0;

	if (!chain)
		return -ENOMEM;
	if (nftnl_chain_nlmsg_parse(message, chain) == 0 &&
		text_equal(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE), TABLE_NAME) &&
		nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY) == NFPROTO_INET) {
		snprintf(item.name, sizeof(item.name), "%s",
			nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
		r = shape_add(data, &item);
	}
	nftnl_chain_free(chain);
	return r;
}

static int note_set(const struct nlmsghdr *message, void *data)
{
	struct nftnl_set *set = nftnl_set_alloc();
	static const struct item map = { .kind = ITEM_MAP, .name = MAP_PORTS, .hash = 1 };
	struct item item = { .kind = ITEM_SET };
	const char *name;
	int r = 0;

	if (!set)
		return -ENOMEM;
	if (nftnl_set_nlmsg_parse(message, set) == 0) {
		name = nftnl_set_get_str(set, NFTNL_SET_NAME);
		snprintf(item.name, sizeof(item.name), "%s", name ? name : "");
		if (text_equal(name, MAP_PORTS))
			item = map;
		r = shape_add(data, &item);
	}
	nftnl_set_free(set);
	return r;
}

static int note_counter(const struct nlmsghdr *message, void *data)
{
	struct nftnl_obj *counter = nftnl_obj_alloc();
	struct item item = { .kind = ITEM_COUNTER, .hash = 1 };
	int r = 0;

	if (!counter)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(message, counter) == 0) {
		snprintf(item.name, sizeof(item.name), "%s",
			nftnl_obj_get_str(counter, NFTNL_OBJ_NAME));
		r = shape_add(data, &item);
	}
	nftnl_obj_free(counter);
	return r;
}

/* What one element of the map or of a set says. */
struct element {
	struct address key;
	uint32_t key_size, flags;
};
typedef int element_fn(const struct element *element, void *data);
struct elements_reader {
	element_fn *each;
	void *data;
};

static int read_element(struct nftnl_set_elem *elem, void *data)
{
	const struct elements_reader *reader = data;
	struct element element = { 0 };
	const void *key = nftnl_set_elem_get(elem, NFTNL_SET_ELEM_KEY, &element.key_size);

	if (!key || element.key_size > sizeof(element.key.bytes))
		return 0;
	memcpy(element.key.bytes, key, element.key_size);
	if (nftnl_set_elem_is_set(elem, NFTNL_SET_ELEM_FLAGS))
		element.flags = nftnl_set_elem_get_u32(elem, NFTNL_SET_ELEM_FLAGS);
	return reader->each(&element, reader->data);
}

static int read_elements(const struct nlmsghdr *message, void *data)
{
	struct nftnl_set *set = nftnl_set_alloc();
	int r = 0;

	if (!set)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(message, set) == 0)
		r = nftnl_set_elem_foreach(set, read_element, data);
	nftnl_set_free(set);
	return r;
}

static int ask_elements(
	struct netlink *ask, const char *set, element_fn *each, void *data)
{
	struct elements_reader reader = { each, data };
	struct request request;

	return netlink_ask(ask, ask_about(&request, NFT_MSG_GETSETELEM, NLM_F_DUMP, set),
		read_elements, &reader);
}

/* The key: protocol in the first of four bytes, port in the next two. */
static int note_port(const struct element *element, void *data)
{
	const uint8_t *key = element->key.bytes;
	uint16_t port;

	memcpy(&port, key + 4, sizeof(port));
	return shape_add_port(data, key[0], ntohs(port));
}

/* ---- sets ------------------------------------------------------------------------- */

/* A start or an end, kept as a range: `last` is not zero for an end. */
static int note_bound(const struct element *element, void *data)
{
	struct ranges *bounds = data;
	struct range bound = { .first = element->key };

	if (bounds->count >= ELEMENTS_AT_MOST)
		return -E2BIG;
	bound.last.bytes[0] = element->flags & NFT_SET_ELEM_INTERVAL_END;
	return ranges_add(bounds, &bound);
}

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct address));
}

static int pair_bounds(struct ranges *ret, enum family family, struct ranges *bounds)
{
	struct range range = { 0 };
	bool is_open = false;
	int r = 0;

	if (bounds->count > 0)
		qsort(bounds->items, bounds->count, sizeof(*bounds->items), by_address);
	for (size_t i = 0; r >= 0 && i < bounds->count; i++) {
		const struct range *bound = &bounds->items[i];
		bool is_end = bound->last.bytes[0] != 0;

		if (is_end && is_open) {
			address_previous(&range.last, family, &bound->first);
			r = ranges_add(ret, &range);
		}
		range.first = bound->first;
		is_open = !is_end;
	}
	if (r >= 0 && is_open) {
		memset(range.last.bytes, 0, sizeof(range.last.bytes));
		memset(range.last.bytes, UINT8_MAX, family_bytes[family]);
		r = ranges_add(ret, &range);
	}
	return r;
}

/* A set is named by its content, so one name tells whether all of it is as it should
 * be. */
static int judge_set(struct netlink *ask, struct item *item)
{
	enum family family = text_starts(item->name, "ipv6") ? FAMILY_IPV6 : FAMILY_IPV4;
	struct ranges bounds = { 0 }, ranges = { 0 };
	char name[NAME_BYTES];
	int r = ask_elements(ask, item->name, note_bound, &bounds);

	if (r >= 0)
		r = pair_bounds(&ranges, family, &bounds);
	if (r >= 0) {
		set_name_make(name, family, &ranges);
		item->hash = text_equal(name, item->name) ? 1 : HASH_UNKNOWN;
	}
	ranges_done(&bounds);
	ranges_done(&ranges);
	return r;
}

/* ---- all of it -------------------------------------------------------------------- */

static int table_exists(struct netlink *ask)
{
	struct request request;

	return netlink_ask(
		ask, ask_about(&request, NFT_MSG_GETTABLE, NLM_F_ACK, NULL), NULL, NULL);
}

static int read_names(struct shape *shape, struct netlink *ask)
{
	static const struct {
		uint16_t type;
		netlink_answer_fn *note;
	} rows[] = {
		{ NFT_MSG_GETCHAIN, note_chain },
		{ NFT_MSG_GETSET, note_set },
		{ NFT_MSG_GETOBJ, note_counter },
	};
	struct request request;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(rows); i++) {
		r = netlink_ask(ask, ask_about(&request, rows[i].type, NLM_F_DUMP, NULL),
			rows[i].note, shape);
	}
	return r;
}

static bool has_map(const struct shape *shape)
{
	for (size_t i = 0; i < shape->count; i++) {
		if (shape->items[i].kind == ITEM_MAP)
			return true;
	}
	return false;
}

int table_read(struct shape *ret, struct netlink *ask)
{
	struct shape shape = { 0 };
	int r = table_exists(ask);

	if (r == -ENOENT) {
		*ret = shape;
		return TABLE_OURS;
	}
	if (r >= 0)
		r = read_names(&shape, ask);
	for (size_t i = 0; r >= 0 && i < shape.count; i++) {
		if (shape.items[i].kind == ITEM_SET)
			r = judge_set(ask, &shape.items[i]);
	}
	if (r >= 0 && has_map(&shape))
		r = ask_elements(ask, MAP_PORTS, note_port, &shape);
	if (r < 0) {
		shape_done(&shape);
		return r;
	}
	shape_sort(&shape);
	*ret = shape;
	return has_map(&shape) ? TABLE_OURS : TABLE_FOREIGN;
}

/* ---- counters --------------------------------------------------------------------- */

struct counters_reader {
	counter_fn *each;
	void *data;
};

static int read_counter(const struct nlmsghdr *message, void *data)
{
	const struct counters_reader *reader = data;
	struct nftnl_obj *counter = nftnl_obj_alloc();

	if (!counter)
		return -ENOMEM;
	if (nftnl_obj_nlmsg_parse(message, counter) == 0 &&
		nftnl_obj_is_set(counter, NFTNL_OBJ_CTR_PKTS)) {
		reader->each(nftnl_obj_get_str(counter, NFTNL_OBJ_NAME),
			nftnl_obj_get_u64(counter, NFTNL_OBJ_CTR_PKTS), reader->data);
	}
	nftnl_obj_free(counter);
	return 0;
}

int table_counters(struct netlink *ask, counter_fn *each, void *data)
{
	struct counters_reader reader = { each, data };
	struct request request;

	return netlink_ask(ask, ask_about(&request, NFT_MSG_GETOBJ, NLM_F_DUMP, NULL),
		read_counter, &reader);
}
