/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * peers.c - words to ranges of addresses, both families at once.
 *
 * Every set is opened once per list, however many sets name it: circles end and sets
 * that double with each step of nesting cost nothing. Names are never looked up here:
 * what they had as addresses comes with the input.
 */
#include "firewall/peers.h"

#include <errno.h>
#include <string.h>

#define HOST_PREFIX "host:"
#define WORLD       "world"

struct collector {
	struct peers *peers;
	const struct plan_input *input;
	bool *seen;                       /* by index of a set */
	const struct network_set **queue; /* sets that are still to be opened */
	size_t queued, opened;
};

static int add_address(struct peers *peers, const char *text, struct error *err)
{
	enum family family;
	struct range range;
	int r = cidr_read(&range, &family, text, err);

	if (r < 0)
		return r;
	return ranges_add(&peers->ranges[family], &range);
}

static const struct strings *addresses_of(
	const struct plan_input *input, const char *name)
{
	for (size_t i = 0; i < input->resolved_count; i++) {
		if (text_equal(input->resolved[i].name, name))
			return &input->resolved[i].addresses;
	}
	return NULL;
}

static int add_host(struct collector *collector, const char *name, struct error *err)
{
	const struct strings *addresses = addresses_of(collector->input, name);
	int r = 0;

	if (!addresses || addresses->count == 0)
		return strings_add(&collector->peers->unresolved, name);
	for (size_t i = 0; r >= 0 && i < addresses->count; i++)
		r = add_address(collector->peers, addresses->items[i], err);
	return r;
}

/* A name that no set has is left for the reader of addresses to refuse. */
static bool add_set(struct collector *collector, const char *name)
{
	const struct site *site = collector->input->site;
	const struct network_set *set = site ? site_set(site, name) : NULL;

	if (!set)
		return false;
	if (!collector->seen[set - site->networks]) {
		collector->seen[set - site->networks] = true;
		collector->queue[collector->queued++] = set;
	}
	return true;
}

static int add_word(struct collector *collector, const char *word, struct error *err)
{
	if (text_starts(word, HOST_PREFIX))
		return add_host(collector, word + strlen(HOST_PREFIX), err);
	if (add_set(collector, word))
		return 0;
	return add_address(collector->peers, word, err);
}

/* `world` is said by a service about itself; inside a set it would widen whoever uses
 * the set. */
static int add_list_word(struct collector *collector, const char *word, struct error *err)
{
	if (!text_equal(word, WORLD))
		return add_word(collector, word, err);
	collector->peers->world = true;
	return 0;
}

static int open_sets(struct collector *collector, struct error *err)
{
	while (collector->opened < collector->queued) {
		const struct network_set *set = collector->queue[collector->opened++];

		for (size_t i = 0; i < set->members.count; i++) {
			int r = add_word(collector, set->members.items[i], err);

			if (r == -EINVAL)
				error_prefix(err, "set %s", set->name);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int collect(
	struct collector *collector, const struct strings *words, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < words->count; i++)
		r = add_list_word(collector, words->items[i], err);
	if (r >= 0)
		r = open_sets(collector, err);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		ranges_merge(family, &collector->peers->ranges[family]);
	return r;
}

int peers_collect(struct peers *ret, const struct plan_input *input,
	const struct strings *words, struct error *err)
{
	size_t sets = input->site ? input->site->networks_count : 0;
	_cleanup_free_ bool *seen = calloc(sets + 1, sizeof(*seen));
	_cleanup_free_ const struct network_set **queue =
		calloc(sets + 1, sizeof(struct network_set *));
	struct collector collector = {
		.peers = ret, .input = input, .seen = seen, .queue = queue
	};
	int r;

	*ret = (struct peers){ 0 };
	if (!seen || !queue)
		return -ENOMEM;
	r = collect(&collector, words, err);
	if (r < 0)
		peers_done(ret);
	return r;
}

void peers_done(struct peers *peers)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		ranges_done(&peers->ranges[family]);
	strings_done(&peers->unresolved);
	*peers = (struct peers){ 0 };
}
