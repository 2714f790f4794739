/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * across.c - rules across declarations: one port for one service of this host, no circle
 * of services that wait for each other.
 *
 * Of two that cannot stand beside each other the one that came later is refused, and
 * names the other; where both are new, the one with the later name: what is refused does
 * not depend on the order in which files were written.
 */
#include <string.h>

#include "document/document.h"
#include "rules/checking.h"

enum { PATH_BYTES = 128, PORTS_COUNT = 65536, PROTOCOLS_COUNT = 2 };

void entry_refuse(struct entry *entry)
{
	entry->declaration =
		entry->declaration ? declaration_free(entry->declaration) : NULL;
	json_free(entry->effective);
	json_free(entry->origins);
	entry->effective = entry->origins = NULL;
}

static void refuse_at_path(struct entry *entry, const struct draft *draft,
	const char *path, const char *sentence)
{
	problem(&entry->problems, node_mark(draft->tree, path), path, "%s", sentence);
	entry_refuse(entry);
}

static bool takes_part(const struct entry *entry)
{
	return entry->declaration && entry->here &&
	       entry->declaration->state != ROLLOUT_RETIRED;
}

/* ---- ports ------------------------------------------------------------------------- */

struct claim {
	const struct entry *entry;
	const struct listen *listen;
	bool spare;  /* of the slot that only a restart uses */
	size_t next; /* of this port; 0: none */
};

struct claims {
	struct claim *items; /* items[0] is nobody's */
	size_t count;
	size_t first[PROTOCOLS_COUNT][PORTS_COUNT];
};

static bool is_any(const struct listen *listen)
{
	return !listen->address || strcmp(listen->address, "*") == 0;
}

static const struct claim *find_claim(
	const struct claims *claims, const struct listen *listen, uint16_t port)
{
	size_t at = claims->first[listen->protocol][port];

	for (; claims->items && at; at = claims->items[at].next) {
		const struct listen *other = claims->items[at].listen;

		if (is_any(listen) || is_any(other) ||
			strcmp(listen->address, other->address) == 0)
			return &claims->items[at];
	}
	return NULL;
}

/* Whatever it is spoken and wherever it is bound. */
static const struct claim *find_any_claim(const struct claims *claims, uint16_t port)
{
	for (size_t i = 0; i < PROTOCOLS_COUNT; i++)
		if (claims->items && claims->first[i][port])
			return &claims->items[claims->first[i][port]];
	return NULL;
}

static int add_claim(struct claims *claims, struct claim claim, uint16_t port)
{
	size_t *first = &claims->first[claim.listen->protocol][port];
	struct claim *items =
		reallocarray(claims->items, claims->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	claims->items = items;
	claim.next = *first;
	*first = claims->count;
	items[claims->count++] = claim;
	return 0;
}

static bool is_spare(const struct declaration *declaration, unsigned slot)
{
	return slot > (unsigned)declaration->run.instances;
}

/* The first port of the entry that somebody has already. */
static bool is_taken(
	const struct claims *claims, struct entry *entry, const struct draft *draft)
{
	const struct declaration *declaration = entry->declaration;
	const unsigned slots = config_slots(declaration);

	for (size_t i = 0; i < declaration->listen_count; i++) {
		for (unsigned j = 1; j <= slots; j++) {
			const struct listen *listen = &declaration->listen[i];
			const uint16_t port = config_port(listen, j);
			const struct claim *claim = find_claim(claims, listen, port);
			_cleanup_free_ char *path = text_format("listen[%zu].port", i);
			_cleanup_free_ char *sentence = NULL;

			if (!claim || !path)
				continue;
			sentence = text_format("port %u belongs to service %s already%s",
				port, claim->entry->name,
				claim->spare || is_spare(declaration, j)
					? "; one of both needs it when a restart starts "
					  "first: run.restart.handover: stop-first does "
					  "without"
					: "");
			if (sentence)
				refuse_at_path(entry, draft, path, sentence);
			return true;
		}
	}
	return false;
}

static int claim_ports(struct claims *claims, const struct entry *entry)
{
	const struct declaration *declaration = entry->declaration;
	const unsigned slots = config_slots(declaration);
	int r = 0;

	for (size_t i = 0; i < declaration->listen_count; i++) {
		for (unsigned j = 1; r == 0 && j <= slots; j++) {
			const struct listen *listen = &declaration->listen[i];

			r = add_claim(claims,
				(struct claim){
					entry, listen, is_spare(declaration, j), 0 },
				config_port(listen, j));
		}
	}
	return r;
}

enum seniority { UNCHANGED, ACCEPTED, NEW, SENIORITIES };

/* Who was accepted as it still is, then who was accepted otherwise, then who is new. */
static enum seniority seniority_of(
	const struct entry *entry, const struct json_t *accepted)
{
	const struct json_t *head = json_get(accepted, entry->name);
	const char *file = json_get_text(json_get(head, "pins"), "file", "");

	if (!head)
		return NEW;
	return text_equal(json_get_text(entry->pins, "file", NULL), file) ? UNCHANGED
									  : ACCEPTED;
}

/* Numbers in `allow` or `deny` that somebody else listens on: that one says who may. */
static void check_numbers(const struct claims *claims, struct entry *entry,
	const struct draft *draft, const char *list)
{
	const struct declaration *declaration = entry->declaration;
	const bool allow = strcmp(list, "allow") == 0;
	const struct allow *rules =
		allow ? declaration->firewall.allow : declaration->firewall.deny;
	const size_t count = allow ? declaration->firewall.allow_count
				   : declaration->firewall.deny_count;

	for (size_t i = 0; i < count; i++) {
		const char *number = rules[i].port;
		const uint16_t port = config_port_of(declaration, number, 1);
		const struct claim *claim = find_any_claim(claims, port);
		_cleanup_free_ char *path = text_format("firewall.%s[%zu].port", list, i);

		if (path && claim && claim->entry != entry &&
			!config_listen(declaration, number)) {
			problem(&entry->problems, node_mark(draft->tree, path), path,
				"port %u is service %s's, which says itself who may reach "
				"it",
				port, claim->entry->name);
		}
	}
}

static void check_all_numbers(
	const struct claims *claims, struct config *config, const struct draft *drafts)
{
	for (size_t i = 0; i < config->entries_count; i++) {
		struct entry *entry = &config->entries[i];

		if (!takes_part(entry))
			continue;
		check_numbers(claims, entry, &drafts[i], "allow");
		check_numbers(claims, entry, &drafts[i], "deny");
		if (entry->problems.lines.count > 0)
			entry_refuse(entry);
	}
}

static int check_ports(
	struct config *config, const struct draft *drafts, const struct json_t *accepted)
{
	_cleanup_free_ struct claims *claims = calloc(1, sizeof(*claims));
	int r = 0;

	if (!claims)
		return -ENOMEM;
	claims->count = 1;
	for (int turn = 0; turn < SENIORITIES; turn++) {
		for (size_t i = 0; r == 0 && i < config->entries_count; i++) {
			struct entry *entry = &config->entries[i];

			if (takes_part(entry) &&
				(int)seniority_of(entry, accepted) == turn &&
				!is_taken(claims, entry, &drafts[i]))
				r = claim_ports(claims, entry);
		}
	}
	if (r == 0)
		check_all_numbers(claims, config, drafts);
	free(claims->items);
	return r;
}

/* ---- circles ----------------------------------------------------------------------- */

enum visit { NOT_SEEN, ON_THE_WAY, SEEN };

struct walk {
	struct config *config;
	enum visit *visits;
	size_t *way; /* indices of entries */
	size_t way_count;
};

static int by_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct entry *)item)->name);
}

static const struct entry *find_entry(const struct config *config, const char *name)
{
	if (config->entries_count == 0)
		return NULL;
	return bsearch(name, config->entries, config->entries_count,
		sizeof(config->entries[0]), by_name);
}

/* True when a circle was found: it is way[from .. way_count). */
static bool find_circle(struct walk *self, size_t index, size_t *from)
{
	const struct entry *entry = &self->config->entries[index];

	self->visits[index] = ON_THE_WAY;
	self->way[self->way_count++] = index;
	for (size_t i = 0; i < entry->declaration->depends.services.count; i++) {
		const char *name = entry->declaration->depends.services.items[i];
		const struct entry *next = find_entry(self->config, name);
		const size_t at = next ? (size_t)(next - self->config->entries) : 0;

		if (!next || !takes_part(next) || self->visits[at] == SEEN)
			continue;
		if (self->visits[at] == ON_THE_WAY) {
			for (*from = 0; self->way[*from] != at;)
				(*from)++;
			return true;
		}
		if (find_circle(self, at, from))
			return true;
	}
	self->visits[index] = SEEN;
	self->way_count--;
	return false;
}

static int refuse_circle(struct walk *self, const struct draft *drafts, size_t from)
{
	struct text sentence = { 0 };
	size_t last = self->way[from];

	text_add(&sentence, "the services wait for each other in a circle: ");
	for (size_t i = from; i < self->way_count; i++) {
		text_addf(&sentence, "%s → ", self->config->entries[self->way[i]].name);
		last = MAX(last, self->way[i]);
	}
	text_add(&sentence, self->config->entries[self->way[from]].name);
	if (text_failed(&sentence))
		return -ENOMEM;
	refuse_at_path(&self->config->entries[last], &drafts[last], "depends.services",
		sentence.bytes);
	text_done(&sentence);
	return 0;
}

/* One circle less; 1: there was none. */
static int break_circle(struct walk *self, const struct draft *drafts)
{
	size_t from;

	memset(self->visits, 0, self->config->entries_count * sizeof(*self->visits));
	self->way_count = 0;
	for (size_t i = 0; i < self->config->entries_count; i++)
		if (takes_part(&self->config->entries[i]) &&
			self->visits[i] == NOT_SEEN && find_circle(self, i, &from))
			return refuse_circle(self, drafts, from);
	return 1;
}

static int check_circles(struct config *config, const struct draft *drafts)
{
	_cleanup_free_ enum visit *visits =
		calloc(config->entries_count, sizeof(*visits));
	_cleanup_free_ size_t *way = calloc(config->entries_count, sizeof(*way));
	struct walk self = { .config = config, .visits = visits, .way = way };
	int r = visits && way ? 0 : -ENOMEM;

	while (r == 0)
		r = break_circle(&self, drafts);
	return r < 0 ? r : 0;
}

int entries_check(
	struct config *config, const struct draft *drafts, const struct json_t *accepted)
{
	int r = check_ports(config, drafts, accepted);

	return r < 0 || config->entries_count == 0 ? r : check_circles(config, drafts);
}
