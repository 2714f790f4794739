/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * emit.h - changes as one batch of netlink messages for nftables.
 */
#pragma once

#include "firewall/shape.h"

struct batch {
	char *bytes;
	size_t size, capacity;
	uint32_t first_sequence, next_sequence;
	/* What each message is about, by sequence; for errors. */
	struct trace {
		const struct plan_service *service; /* NULL: nobody's alone */
		const char *verb;                   /* "add chain" */
		char name[NAME_BYTES];
	} * traces;
	size_t traces_capacity;
	bool failed; /* memory ran out; nothing more is added */
};

enum batch_start {
	BATCH_KEEPS_TABLE,
	BATCH_PREPARES,      /* only what nobody asks yet: the sets */
	BATCH_FINISHES,      /* the rest */
	BATCH_REMAKES_TABLE, /* for a table that is not as we would make it at all */
	BATCH_REMOVES_TABLE, /* `changes` is empty */
};

/* The whole transaction. It is refused with -ERESTART when the rules of this host are
 * no more of generation `generation`. -ENOMEM. */
int batch_make(struct batch *ret, enum batch_start start, uint32_t generation,
	const struct table_changes *changes);
void batch_done(struct batch *batch);
/* NULL: no message of this batch. */
const struct trace *batch_trace(const struct batch *batch, uint32_t sequence);

/* ---- inside emit*.c --------------------------------------------------------------- */

struct nlmsghdr;

enum { USERDATA_BYTES = 256 };

struct message {
	uint16_t type, flags;
	const char *verb;
	const struct item *item; /* NULL: the table itself */
};

/* A message at the end of the batch, with room for all that may be put into it; NULL once
 * memory ran out. */
struct nlmsghdr *message_begin(struct batch *batch, struct message message);
void message_end(struct batch *batch, const struct nlmsghdr *header);
/* A comment as nft keeps it; its size, 0 when there is none. */
uint32_t put_comment(
	uint8_t ret[static USERDATA_BYTES], uint8_t type, const char *comment);
