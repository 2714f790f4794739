/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * model.h - what a plan is made of. Private to this room.
 *
 * A rule is a list of steps; text.c and emit.c each have one row per kind of step, so
 * that the text that people read and the expressions that the kernel gets are the same
 * rules.
 *
 *   input: lo and established pass; map `ports` finds the service's chain by protocol
 *     and port
 *   chain of a service: who is denied drops, who is allowed is marked and passes, the
 *     rest drops
 */
#pragma once

#include "firewall/cidr.h"
#include "firewall/plan.h"

#define TABLE_NAME    "svcd"
#define TABLE_COMMENT "made by svcd; a change by hand is undone"
#define MAP_PORTS     "ports"
#define CHAIN_INPUT   "input"

enum {
	NAME_BYTES = 96,     /* nft takes 128 and the kernel 256 */
	COMMENT_BYTES = 128, /* with NUL, as much as nft prints */
	STEPS_MAX = 6,
	INPUT_PRIORITY =
		-10, /* before the host's own chains, so that they see the mark */
	ALLOWED_MARK = 0x53564344, /* "SVCD", on what a service's list allowed */
};

#define STEPS(X)                                                                         \
	X(LOOPBACK)    /* came in over lo */                                             \
	X(ESTABLISHED) /* belongs to a known flow */                                     \
	X(FROM_IPV4)   /* its source is in set NAME */                                   \
	X(FROM_IPV6)                                                                     \
	X(TO_IPV4) /* its destination is in set NAME */                                  \
	X(TO_IPV6)                                                                       \
	X(COUNT) /* by counter NAME */                                                   \
	X(MARK_ALLOWED)                                                                  \
	X(ACCEPT)                                                                        \
	X(DROP)                                                                          \
	X(TO_SERVICE) /* to the chain that map NAME has for protocol and port */
enum step_kind {
#define X(id) STEP_##id,
	STEPS(X)
#undef X
		STEP_COUNT_OF
};

struct plan_step {
	enum step_kind kind;
	const char *name; /* borrowed from the plan; NULL when the kind needs none */
};

struct plan_rule {
	struct plan_step steps[STEPS_MAX];
	size_t count;
	char comment[COMMENT_BYTES]; /* which row of which service; "" none */
};

/* Its name is made of its content: a set with this name never changes. */
struct plan_set {
	char name[NAME_BYTES];
	enum family family;
	bool used; /* by a rule; others do not reach the kernel */
	struct ranges ranges;
};

struct plan_chain {
	char name[NAME_BYTES];
	const struct plan_service *service; /* NULL: the base chain */
	struct plan_rule *rules;
	size_t rules_count;
	unsigned long long hash; /* of everything above */
};

struct plan_port {
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	uint16_t port;
	const struct plan_chain *chain;
	char comment[COMMENT_BYTES];
};

struct plan_service {
	char name[NAME_BYTES]; /* as the declaration has it, cut */
	char accepted[NAME_BYTES], dropped[NAME_BYTES]; /* names of its counters */
	char *reason; /* why it is closed, or what was left out; NULL: all is well */
	bool closed;  /* its rules could not be made: its ports drop */
	size_t gates; /* 0: no port of it can be reached, so it has no counters either */
};

/* Everything sorted: sets, chains and services by name, ports by protocol and number. */
struct plan {
	struct plan_set **sets;
	size_t sets_count;
	struct plan_chain **chains; /* with the base chain */
	size_t chains_count;
	struct plan_port *ports;
	size_t ports_count;
	struct plan_service **services;
	size_t services_count;
};

const struct plan_service *plan_service(const struct plan *plan, const char *name);
/* Whose counter `name` is; NULL: nobody's. */
const struct plan_service *plan_service_of_counter(
	const struct plan *plan, const char *name);
struct plan_set *plan_set_free(struct plan_set *set);
