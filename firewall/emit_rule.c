/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * emit_rule.c - a step of a rule as expressions of nftables.
 *
 * A step is a row of expressions, an expression a row of attributes: the same that nft
 * makes of the text in text.c, which tests compare.
 */
#include "firewall/emit_rule.h"

#include <errno.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>

enum {
	ATTRIBUTES_MAX = 5,
	EXPRESSIONS_MAX = 4,
	LOOPBACK_INDEX = 1, /* lo is the first interface of every network namespace */
	IPV4_SOURCE = 12,
	IPV4_DESTINATION = 16,
	IPV6_SOURCE = 8,
	IPV6_DESTINATION = 24,
	DESTINATION_PORT = 2,
};

enum attribute_kind { NUMBER = 1, BYTE, WORD, NAME };
struct attribute {
	uint16_t type;
	enum attribute_kind kind; /* 0: no more */
	uint32_t value;
};

struct expression {
	const char *name; /* NULL: no more */
	struct attribute attributes[ATTRIBUTES_MAX];
};

/* clang-format off */
#define LOAD_META(key)          { "meta", { { NFTNL_EXPR_META_KEY, NUMBER, key }, \
				{ NFTNL_EXPR_META_DREG, NUMBER, NFT_REG_1 } } }
#define COMPARE(op, kind, data) { "cmp", { { NFTNL_EXPR_CMP_SREG, NUMBER, NFT_REG_1 }, \
				{ NFTNL_EXPR_CMP_OP, NUMBER, op }, { NFTNL_EXPR_CMP_DATA, kind, data } } }
#define LOAD(base, at, size, reg) { "payload", { { NFTNL_EXPR_PAYLOAD_DREG, NUMBER, reg }, \
				{ NFTNL_EXPR_PAYLOAD_BASE, NUMBER, base }, \
				{ NFTNL_EXPR_PAYLOAD_OFFSET, NUMBER, at }, \
				{ NFTNL_EXPR_PAYLOAD_LEN, NUMBER, size } } }
#define LOOK_UP                 { "lookup", { { NFTNL_EXPR_LOOKUP_SREG, NUMBER, NFT_REG_1 }, \
				{ NFTNL_EXPR_LOOKUP_SET, NAME, 0 } } }
#define VERDICT(verdict)        { "immediate", { { NFTNL_EXPR_IMM_DREG, NUMBER, NFT_REG_VERDICT }, \
				{ NFTNL_EXPR_IMM_VERDICT, NUMBER, verdict } } }
#define ADDRESS(family, at, size) { LOAD_META(NFT_META_NFPROTO), COMPARE(NFT_CMP_EQ, BYTE, family), \
				LOAD(NFT_PAYLOAD_NETWORK_HEADER, at, size, NFT_REG_1), LOOK_UP }

static const struct expression step_expressions[STEP_COUNT_OF][EXPRESSIONS_MAX + 1] = {
	[STEP_LOOPBACK] = { LOAD_META(NFT_META_IIF), COMPARE(NFT_CMP_EQ, WORD, LOOPBACK_INDEX) },
	[STEP_ESTABLISHED] = {
		{ "ct", { { NFTNL_EXPR_CT_KEY, NUMBER, NFT_CT_STATE },
			{ NFTNL_EXPR_CT_DREG, NUMBER, NFT_REG_1 } } },
		{ "bitwise", { { NFTNL_EXPR_BITWISE_SREG, NUMBER, NFT_REG_1 },
			{ NFTNL_EXPR_BITWISE_DREG, NUMBER, NFT_REG_1 },
			{ NFTNL_EXPR_BITWISE_LEN, NUMBER, sizeof(uint32_t) },
			{ NFTNL_EXPR_BITWISE_MASK, WORD,
				NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED) },
			{ NFTNL_EXPR_BITWISE_XOR, WORD, 0 } } },
		COMPARE(NFT_CMP_NEQ, WORD, 0) },
	[STEP_FROM_IPV4] = ADDRESS(NFPROTO_IPV4, IPV4_SOURCE, 4),
	[STEP_FROM_IPV6] = ADDRESS(NFPROTO_IPV6, IPV6_SOURCE, 16),
	[STEP_TO_IPV4] = ADDRESS(NFPROTO_IPV4, IPV4_DESTINATION, 4),
	[STEP_TO_IPV6] = ADDRESS(NFPROTO_IPV6, IPV6_DESTINATION, 16),
	[STEP_COUNT] = { { "objref", { { NFTNL_EXPR_OBJREF_IMM_TYPE, NUMBER, NFT_OBJECT_COUNTER },
			{ NFTNL_EXPR_OBJREF_IMM_NAME, NAME, 0 } } } },
	[STEP_MARK_ALLOWED] = {
		{ "immediate", { { NFTNL_EXPR_IMM_DREG, NUMBER, NFT_REG_1 },
			{ NFTNL_EXPR_IMM_DATA, WORD, ALLOWED_MARK } } },
		{ "meta", { { NFTNL_EXPR_META_KEY, NUMBER, NFT_META_MARK },
			{ NFTNL_EXPR_META_SREG, NUMBER, NFT_REG_1 } } } },
	[STEP_ACCEPT] = { VERDICT(NF_ACCEPT) },
	[STEP_DROP] = { VERDICT(NF_DROP) },
	[STEP_TO_SERVICE] = { LOAD_META(NFT_META_L4PROTO),
		LOAD(NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT, 2, NFT_REG32_01),
		{ "lookup", { { NFTNL_EXPR_LOOKUP_SREG, NUMBER, NFT_REG_1 },
			{ NFTNL_EXPR_LOOKUP_SET, NAME, 0 },
			{ NFTNL_EXPR_LOOKUP_DREG, NUMBER, NFT_REG_VERDICT } } } },
};
/* clang-format on */

static void set_attribute(
	struct nftnl_expr *expr, const struct attribute *attribute, const char *name)
{
	uint8_t byte = (uint8_t)attribute->value;

	switch (attribute->kind) {
	case NUMBER: nftnl_expr_set_u32(expr, attribute->type, attribute->value); break;
	case BYTE: nftnl_expr_set(expr, attribute->type, &byte, sizeof(byte)); break;
	case WORD:
		nftnl_expr_set(expr, attribute->type, &attribute->value,
			sizeof(attribute->value));
		break;
	case NAME: nftnl_expr_set_str(expr, attribute->type, name); break;
	}
}

/* Of two steps in a row that ask for the same family, nft asks once. */
static bool is_asked_already(const struct plan_rule *rule, size_t index, size_t row)
{
	enum step_kind kind = rule->steps[index].kind;

	return row < 2 && index > 0 && (kind == STEP_TO_IPV4 || kind == STEP_TO_IPV6);
}

int rule_add_step(struct nftnl_rule *to, const struct plan_rule *rule, size_t index)
{
	const struct plan_step *step = &rule->steps[index];
	const struct expression *rows = step_expressions[step->kind];

	for (size_t i = 0; rows[i].name; i++) {
		struct nftnl_expr *expr;

		if (is_asked_already(rule, index, i))
			continue;
		expr = nftnl_expr_alloc(rows[i].name);
		if (!expr)
			return -ENOMEM;
		for (size_t k = 0; k < ATTRIBUTES_MAX && rows[i].attributes[k].kind; k++)
			set_attribute(expr, &rows[i].attributes[k], step->name);
		nftnl_rule_add_expr(to, expr);
	}
	return 0;
}
