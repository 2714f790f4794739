/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * emit.c - plans as nftables messages. With its emit_*.c and kernel.c the only user of
 * libnftnl.
 *
 * A batch is a row of passes, in the order in which the kernel can follow: what is
 * named comes before what names it, and goes after.
 *
 * Base chain, table and counters are made once and kept, so that no packet meets a
 * half-made filter; rules and elements are replaced inside the transaction.
 */
#include "firewall/emit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/emit_rule.h"
#include "firewall/emit_set.h"

enum {
	MESSAGE_ROOM = 128 * 1024, /* more than the longest: an element list of 64 KiB */
};

/* ---- messages --------------------------------------------------------------------- */

static bool make_room(struct batch *batch)
{
	size_t capacity = batch->capacity ? batch->capacity * 2 : (size_t)MESSAGE_ROOM;
	size_t traces = batch->next_sequence - batch->first_sequence;

	if (batch->capacity - batch->size < MESSAGE_ROOM) {
		char *bigger = realloc(batch->bytes, capacity);

		batch->failed = batch->failed || !bigger;
		if (!bigger)
			return false;
		batch->bytes = bigger;
		batch->capacity = capacity;
	}
	if (traces == batch->traces_capacity) {
		size_t count = traces ? traces * 2 : 64;
		struct trace *bigger =
			reallocarray(batch->traces, count, sizeof(*bigger));

		batch->failed = batch->failed || !bigger;
		if (!bigger)
			return false;
		batch->traces = bigger;
		batch->traces_capacity = count;
	}
	return !batch->failed;
}

struct nlmsghdr *message_begin(struct batch *batch, struct message message)
{
	const struct item *item = message.item;
	struct trace *trace;

	if (!make_room(batch))
		return NULL;
	trace = &batch->traces[batch->next_sequence - batch->first_sequence];
	*trace = (struct trace){ .service = item ? item->service : NULL,
		.verb = message.verb };
	snprintf(trace->name, sizeof(trace->name), "%s", item ? item->name : TABLE_NAME);
	return nftnl_nlmsg_build_hdr(batch->bytes + batch->size, message.type,
		NFPROTO_INET, message.flags, batch->next_sequence++);
}

void message_end(struct batch *batch, const struct nlmsghdr *header)
{
	batch->size += MNL_ALIGN(header->nlmsg_len);
}

uint32_t put_comment(
	uint8_t ret[static USERDATA_BYTES], uint8_t type, const char *comment)
{
	size_t size = strlen(comment) + 1;

	if (size == 1)
		return 0;
	ret[0] = type;
	ret[1] = (uint8_t)size;
	memcpy(ret + 2, comment, size);
	return (uint32_t)size + 2;
}

static void emit_table(struct batch *batch, uint16_t type, uint16_t flags)
{
	const struct message message = { type, flags,
		type == NFT_MSG_NEWTABLE ? "add table" : "delete table", NULL };
	struct nlmsghdr *header = message_begin(batch, message);
	struct nftnl_table *table = header ? nftnl_table_alloc() : NULL;
	uint8_t data[USERDATA_BYTES];
	uint32_t size = put_comment(data, NFTNL_UDATA_TABLE_COMMENT, TABLE_COMMENT);

	if (!table) {
		batch->failed = true;
		return;
	}
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, TABLE_NAME);
	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	if (type == NFT_MSG_NEWTABLE) {
		nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, 0);
		nftnl_table_set_data(table, NFTNL_TABLE_USERDATA, data, size);
	}
	nftnl_table_nlmsg_build_payload(header, table);
	nftnl_table_free(table);
	message_end(batch, header);
}

static void emit_counter(
	struct batch *batch, const struct item *item, struct message message)
{
	struct nlmsghdr *header = message_begin(batch, message);
	struct nftnl_obj *counter = header ? nftnl_obj_alloc() : NULL;

	if (!counter) {
		batch->failed = true;
		return;
	}
	nftnl_obj_set_str(counter, NFTNL_OBJ_TABLE, TABLE_NAME);
	nftnl_obj_set_str(counter, NFTNL_OBJ_NAME, item->name);
	nftnl_obj_set_u32(counter, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	if (message.type == NFT_MSG_NEWOBJ) {
		nftnl_obj_set_u64(counter, NFTNL_OBJ_CTR_PKTS, 0);
		nftnl_obj_set_u64(counter, NFTNL_OBJ_CTR_BYTES, 0);
	}
	nftnl_obj_nlmsg_build_payload(header, counter);
	nftnl_obj_free(counter);
	message_end(batch, header);
}

static void emit_chain(
	struct batch *batch, const struct item *item, struct message message)
{
	struct nlmsghdr *header = message_begin(batch, message);
	struct nftnl_chain *chain = header ? nftnl_chain_alloc() : NULL;

	if (!chain) {
		batch->failed = true;
		return;
	}
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, TABLE_NAME);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, item->name);
	if (message.type == NFT_MSG_NEWCHAIN && !item->service) {
		nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, NF_INET_LOCAL_IN);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, INPUT_PRIORITY);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(header, chain);
	nftnl_chain_free(chain);
	message_end(batch, header);
}

static void emit_flush(
	struct batch *batch, const struct item *item, struct message message)
{
	struct nlmsghdr *header = message_begin(batch, message);
	struct nftnl_rule *rule = header ? nftnl_rule_alloc() : NULL;

	if (!rule) {
		batch->failed = true;
		return;
	}
	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, TABLE_NAME);
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, item->name);
	nftnl_rule_nlmsg_build_payload(header, rule);
	nftnl_rule_free(rule);
	message_end(batch, header);
}

static void emit_rule(struct batch *batch, const struct plan_chain *chain,
	const struct plan_rule *planned, struct message message)
{
	struct nlmsghdr *header = message_begin(batch, message);
	struct nftnl_rule *rule = header ? nftnl_rule_alloc() : NULL;
	uint8_t data[USERDATA_BYTES];
	uint32_t size = put_comment(data, NFTNL_UDATA_RULE_COMMENT, planned->comment);

	if (!rule) {
		batch->failed = true;
		return;
	}
	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, TABLE_NAME);
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain->name);
	if (size > 0)
		nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, data, size);
	for (size_t i = 0; i < planned->count; i++) {
		if (rule_add_step(rule, planned, i) < 0)
			batch->failed = true;
	}
	nftnl_rule_nlmsg_build_payload(header, rule);
	nftnl_rule_free(rule);
	message_end(batch, header);
}

static void emit_rules(
	struct batch *batch, const struct item *item, struct message message)
{
	const struct plan_chain *chain = item->planned;

	for (size_t i = 0; i < chain->rules_count; i++)
		emit_rule(batch, chain, &chain->rules[i], message);
}

/* ---- the batch -------------------------------------------------------------------- */

/* clang-format off */
static const struct pass {
	enum item_kind kind;
	unsigned verbs;
	void (*emit)(struct batch *batch, const struct item *item, struct message message);
	struct message message;
} passes[] = {
	{ ITEM_COUNTER, CHANGE_ADD, emit_counter, { NFT_MSG_NEWOBJ, NLM_F_CREATE, "add counter", NULL } },
	{ ITEM_SET, CHANGE_ADD | CHANGE_REPLACE, emit_set, { NFT_MSG_NEWSET, NLM_F_CREATE, "add set", NULL } },
	{ ITEM_SET, CHANGE_REPLACE, emit_set_flush, { NFT_MSG_DELSETELEM, 0, "empty set", NULL } },
	{ ITEM_SET, CHANGE_ADD | CHANGE_REPLACE, emit_set_elements, { NFT_MSG_NEWSETELEM, NLM_F_CREATE, "fill set", NULL } },
	{ ITEM_MAP, CHANGE_ADD, emit_map, { NFT_MSG_NEWSET, NLM_F_CREATE, "add map", NULL } },
	{ ITEM_CHAIN, CHANGE_ADD | CHANGE_REPLACE, emit_chain, { NFT_MSG_NEWCHAIN, NLM_F_CREATE, "add chain", NULL } },
	{ ITEM_CHAIN, CHANGE_REPLACE | CHANGE_REMOVE, emit_flush, { NFT_MSG_DELRULE, 0, "flush chain", NULL } },
	{ ITEM_CHAIN, CHANGE_ADD | CHANGE_REPLACE, emit_rules, { NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "add rule to", NULL } },
	{ ITEM_PORT, CHANGE_REPLACE | CHANGE_REMOVE, emit_port, { NFT_MSG_DELSETELEM, 0, "remove port", NULL } },
	{ ITEM_PORT, CHANGE_ADD | CHANGE_REPLACE, emit_port, { NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add port", NULL } },
	{ ITEM_CHAIN, CHANGE_REMOVE, emit_chain, { NFT_MSG_DELCHAIN, 0, "delete chain", NULL } },
	{ ITEM_SET, CHANGE_REMOVE, emit_set, { NFT_MSG_DELSET, 0, "delete set", NULL } },
	{ ITEM_COUNTER, CHANGE_REMOVE, emit_counter, { NFT_MSG_DELOBJ, 0, "delete counter", NULL } },
};
/* clang-format on */

static bool belongs(enum batch_start start, const struct table_change *change)
{
	bool is_new_set = change->item->kind == ITEM_SET && change->verb == CHANGE_ADD;

	if (start == BATCH_PREPARES)
		return is_new_set;
	return start != BATCH_FINISHES || !is_new_set;
}

static void emit_pass(struct batch *batch, const struct pass *pass,
	enum batch_start start, const struct table_changes *changes)
{
	struct message message = pass->message;

	for (size_t i = 0; i < changes->count; i++) {
		const struct table_change *change = &changes->items[i];

		if (change->item->kind != pass->kind || !(change->verb & pass->verbs) ||
			!belongs(start, change))
			continue;
		message.item = change->item;
		pass->emit(batch, change->item, message);
	}
}

static void emit_begin(struct batch *batch, uint32_t generation)
{
	struct nlmsghdr *header;

	if (!make_room(batch))
		return;
	batch->traces[0] = (struct trace){ .verb = "begin" };
	header = nftnl_batch_begin(batch->bytes + batch->size, batch->next_sequence++);
	mnl_attr_put_u32(header, NFNL_BATCH_GENID, htonl(generation));
	message_end(batch, header);
}

static void emit_end(struct batch *batch)
{
	if (!make_room(batch))
		return;
	message_end(
		batch, nftnl_batch_end(batch->bytes + batch->size, batch->next_sequence));
}

/* Adding what is there changes nothing; the first one is acknowledged when all of it is
 * done. */
static void emit_body(
	struct batch *batch, enum batch_start start, const struct table_changes *changes)
{
	emit_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK);
	if (start == BATCH_REMAKES_TABLE || start == BATCH_REMOVES_TABLE)
		emit_table(batch, NFT_MSG_DELTABLE, 0);
	if (start == BATCH_REMOVES_TABLE)
		return;
	if (start == BATCH_REMAKES_TABLE)
		emit_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	for (size_t i = 0; i < ARRAY_LEN(passes); i++)
		emit_pass(batch, &passes[i], start, changes);
}

int batch_make(struct batch *ret, enum batch_start start, uint32_t generation,
	const struct table_changes *changes)
{
	struct batch batch = { .first_sequence = 1, .next_sequence = 1 };

	emit_begin(&batch, generation);
	emit_body(&batch, start, changes);
	emit_end(&batch);
	if (batch.failed) {
		batch_done(&batch);
		return -ENOMEM;
	}
	*ret = batch;
	return 0;
}

void batch_done(struct batch *batch)
{
	free(batch->bytes);
	free(batch->traces);
	*batch = (struct batch){ 0 };
}

const struct trace *batch_trace(const struct batch *batch, uint32_t sequence)
{
	if (sequence < batch->first_sequence || sequence >= batch->next_sequence)
		return NULL;
	return &batch->traces[sequence - batch->first_sequence];
}
