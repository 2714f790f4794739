/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * kernel.c - one socket for questions and transactions, one for events.
 *
 * What the table holds is remembered after each transaction (`known`), so that a change
 * costs what it changes. It is forgotten when an event tells that somebody else was
 * there, when events were lost, and after a refusal: then the table is read back, and
 * written with that. A transaction carries the generation of the rules that it was made
 * for; the kernel refuses it when another one came first.
 *
 * Not here: when to apply and what to do about a culprit (guard.c).
 */
#include "firewall/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/netlink.h"

#include "firewall/emit.h"
#include "firewall/events.h"
#include "firewall/kernel_read.h"

enum {
	TRIES = 8,
	EVENT_BYTES =
		4 * 1024 * 1024, /* a big reload of another table is some 20,000 events */
	ANSWERS_BYTES = 1024 * 1024,
	ANSWER_BYTES = 16 * 1024,
	SEND_BYTES = 256 * 1024, /* at least */
};

struct kernel {
	struct netlink *ask;
	struct events events;
	struct shape known;
	bool is_known;
};

int kernel_open(struct kernel **ret)
{
	_cleanup_(kernel_closep) struct kernel *kernel = calloc(1, sizeof(*kernel));
	int r;

	if (!kernel)
		return -ENOMEM;
	r = netlink_open(&kernel->ask, NETLINK_NETFILTER, 0);
	if (r >= 0) {
		r = netlink_open(&kernel->events.netlink, NETLINK_NETFILTER,
			1U << (NFNLGRP_NFTABLES - 1));
	}
	if (r >= 0)
		r = netlink_set_buffers(kernel->ask, 0, ANSWERS_BYTES);
	if (r >= 0)
		r = netlink_set_buffers(kernel->events.netlink, 0, EVENT_BYTES);
	if (r < 0)
		return r;
	kernel->events.own_port = netlink_port(kernel->ask);
	*ret = TAKE(kernel);
	return 0;
}

struct kernel *kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return NULL;
	netlink_close(kernel->ask);
	netlink_close(kernel->events.netlink);
	shape_done(&kernel->known);
	free(kernel);
	return NULL;
}

/* ---- transactions ----------------------------------------------------------------- */

static int note_generation(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message,
		sizeof(struct nfgenmsg)) if (mnl_attr_get_type(attr) == NFTA_GEN_ID &&
					     mnl_attr_get_payload_len(attr) >=
						     sizeof(uint32_t)) *
		(uint32_t *)data = ntohl(mnl_attr_get_u32(attr));
	return 0;
}

static int ask_generation(struct kernel *kernel, uint32_t *ret)
{
	_Alignas(struct nlmsghdr) char bytes[NLMSG_SPACE(sizeof(struct nfgenmsg))];

	return netlink_ask(kernel->ask,
		nftnl_nlmsg_build_hdr(bytes, NFT_MSG_GETGEN, NFPROTO_UNSPEC,
			NLM_F_REQUEST | NLM_F_ACK, 0),
		note_generation, ret);
}

struct outcome {
	uint32_t sequence; /* of the first message that was refused */
	int code;          /* 0: none */
	bool acknowledged;
};

static void note_answers(struct outcome *outcome, const char *bytes, size_t size)
{
	const struct nlmsghdr *message;
	size_t at = 0;

	while ((message = netlink_next(bytes, size, &at))) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

		if (message->nlmsg_type != NLMSG_ERROR ||
			mnl_nlmsg_get_payload_len(message) < sizeof(*error))
			continue;
		if (error->error == 0) {
			outcome->acknowledged = true;
		} else if (outcome->code == 0) {
			*outcome = (struct outcome){ message->nlmsg_seq, error->error,
				outcome->acknowledged };
		}
	}
}

/* The kernel works the batch off inside the send; all answers are there when it
 * returns. */
static int send_batch(
	struct kernel *kernel, const struct batch *batch, struct outcome *outcome)
{
	_Alignas(struct nlmsghdr) char answers[ANSWER_BYTES];
	int r = netlink_set_buffers(
		kernel->ask, MAX(batch->size * 2, (size_t)SEND_BYTES), 0);

	*outcome = (struct outcome){ 0 };
	if (r >= 0)
		r = netlink_send(kernel->ask, batch->bytes, batch->size);
	if (r < 0)
		return r;
	while ((r = netlink_receive(kernel->ask, answers, sizeof(answers), false)) >= 0)
		note_answers(outcome, answers, (size_t)r);
	if (outcome->code != 0)
		return outcome->code;
	if (r != -EAGAIN)
		return r;
	return outcome->acknowledged ? 0 : -EIO;
}

static void explain(const struct batch *batch, const struct outcome *outcome,
	struct refusal *refusal, struct error *err)
{
	const struct trace *trace = batch_trace(batch, outcome->sequence);

	if (!trace || outcome->code == 0)
		return;
	error_errno(err, outcome->code, "nftables refuses to %s %s", trace->verb,
		trace->name);
	if (trace->service) {
		snprintf(refusal->service, sizeof(refusal->service), "%s",
			trace->service->name);
	}
}

/* One batch and what became of it. */
struct part {
	enum batch_start start;
	uint32_t generation;
	const struct table_changes *changes;
};

static int send_part(struct kernel *kernel, const struct part *part,
	struct refusal *refusal, struct error *err)
{
	struct outcome outcome = { 0 };
	struct batch batch = { 0 };
	int r = batch_make(&batch, part->start, part->generation, part->changes);

	if (r >= 0)
		r = send_batch(kernel, &batch, &outcome);
	if (r < 0)
		error_errno(err, r, "the rules of this host cannot be changed");
	explain(&batch, &outcome, refusal, err);
	batch_done(&batch);
	return r;
}

static bool has_new_set(const struct table_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->items[i].item->kind == ITEM_SET &&
			changes->items[i].verb == CHANGE_ADD)
			return true;
	}
	return false;
}

/* A set of ranges is found empty for a moment when the transaction that makes it also
 * makes the rule that asks it (seen on Linux 6.18: 2 packets in 100 lost). So new sets
 * come first, in a transaction of their own, which nobody notices; the second one must
 * follow it directly. */
static int send_changes(struct kernel *kernel, struct part part, struct refusal *refusal,
	struct error *err)
{
	int r = 0;

	if (part.start == BATCH_KEEPS_TABLE && part.changes->count == 0)
		return 0;
	if (part.start == BATCH_KEEPS_TABLE && has_new_set(part.changes)) {
		part.start = BATCH_PREPARES;
		r = send_part(kernel, &part, refusal, err);
		part.start = BATCH_FINISHES;
		part.generation++;
	}
	return r < 0 ? r : send_part(kernel, &part, refusal, err);
}

static int transact(struct kernel *kernel, enum batch_start start,
	const struct shape *want, struct refusal *refusal, struct error *err)
{
	static const struct shape nothing;
	struct table_changes changes = { 0 };
	struct part part = { .start = start, .changes = &changes };
	int r = ask_generation(kernel, &part.generation);

	*refusal = (struct refusal){ 0 };
	if (r >= 0 && !kernel->is_known) {
		shape_done(&kernel->known);
		r = table_read(&kernel->known, kernel->ask);
		if (r == TABLE_FOREIGN && start == BATCH_KEEPS_TABLE)
			part.start = BATCH_REMAKES_TABLE;
	}
	if (r >= 0) {
		r = shape_diff(&changes,
			part.start == BATCH_KEEPS_TABLE ? &kernel->known : &nothing,
			want);
	}
	if (r < 0)
		return error_errno(err, r, "the rules of this host cannot be read");
	r = send_changes(kernel, part, refusal, err);
	table_changes_done(&changes);
	return r;
}

/* Names of what is there now; what they borrowed from the plan is of no use any more. */
static void remember(struct kernel *kernel, struct shape *shape)
{
	shape_done(&kernel->known);
	for (size_t i = 0; i < shape->count; i++) {
		shape->items[i].service = NULL;
		shape->items[i].planned = NULL;
	}
	kernel->known = *shape;
	kernel->is_known = true;
	*shape = (struct shape){ 0 };
}

/* Errors that say that what is in the table is in the way. */
static bool is_about_content(int code)
{
	static const int codes[] = { -EEXIST, -ENOENT, -EBUSY, -EINVAL, -EOPNOTSUPP };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

/* Refused on what we remember: look. Refused on what is there: somebody made our table
 * into something else, so make it anew. Refused still: it is the plan. */
static int apply_shape(struct kernel *kernel, struct shape *want, enum batch_start start,
	struct refusal *refusal, struct error *err)
{
	char culprit[CULPRIT_BYTES];
	int r = -ERESTART;

	for (int i = 0; i < TRIES && r < 0; i++) {
		bool was_known;

		kernel_read_events(kernel, culprit);
		was_known = kernel->is_known;
		r = transact(kernel, start, want, refusal, err);
		if (r >= 0)
			break;
		kernel->is_known = false;
		if (r == -ERESTART || r == -EINTR || was_known)
			continue;
		if (start != BATCH_KEEPS_TABLE || !is_about_content(r))
			break;
		start = BATCH_REMAKES_TABLE;
	}
	if (r >= 0)
		remember(kernel, want);
	return r;
}

int kernel_apply(struct kernel *kernel, const struct plan *plan, struct refusal *refusal,
	struct error *err)
{
	struct shape want = { 0 };
	int r = shape_of_plan(&want, plan);

	if (r >= 0) {
		r = apply_shape(kernel, &want, BATCH_KEEPS_TABLE, refusal, err);
	} else {
		error_errno(err, r, "the plan cannot be compared");
	}
	shape_done(&want);
	return r;
}

int kernel_remove(struct kernel *kernel, struct error *err)
{
	struct shape nothing = { 0 };
	struct refusal refusal;

	return apply_shape(kernel, &nothing, BATCH_REMOVES_TABLE, &refusal, err);
}

int kernel_counters(struct kernel *kernel, counter_fn *each, void *data)
{
	return table_counters(kernel->ask, each, data);
}

/* ---- events ----------------------------------------------------------------------- */

int kernel_events_fd(const struct kernel *kernel)
{
	return netlink_fd(kernel->events.netlink);
}

bool kernel_read_events(struct kernel *kernel, char culprit[static CULPRIT_BYTES])
{
	bool is_foreign = events_read(&kernel->events, culprit);

	kernel->is_known = kernel->is_known && !is_foreign;
	return is_foreign;
}
