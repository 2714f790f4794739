/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lists.c - two hash tables: words to list, content to set.
 *
 * A thousand services name some thirty lists. A set's name is the hash of its content,
 * so that two lists that mean the same share one set, and a set with a known name needs
 * no comparing.
 */
#include "firewall/lists.h"

#include <errno.h>
#include <string.h>

#include "firewall/names.h"
#include "firewall/peers.h"

enum { BUCKETS = 1024 };

struct set_entry {
	struct set_entry *next;
	struct plan_set *set;
};

struct lists {
	const struct plan_input *input;
	struct list *by_words[BUCKETS];
	struct set_entry *by_content[BUCKETS];
	size_t sets_count;
};

int lists_new(struct lists **ret, const struct plan_input *input)
{
	struct lists *lists = calloc(1, sizeof(*lists));

	if (!lists)
		return -ENOMEM;
	lists->input = input;
	*ret = lists;
	return 0;
}

static struct list *list_free(struct list *list)
{
	if (!list)
		return NULL;
	free(list->refused);
	free(list->key);
	strings_done(&list->unresolved);
	free(list);
	return NULL;
}
CLEANUP(struct list *, list_free)

struct plan_set *plan_set_free(struct plan_set *set)
{
	if (set)
		ranges_done(&set->ranges);
	free(set);
	return NULL;
}
CLEANUP(struct plan_set *, plan_set_free)

struct lists *lists_free(struct lists *lists)
{
	if (!lists)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (lists->by_words[i]) {
			struct list *list = lists->by_words[i];

			lists->by_words[i] = list->next;
			list_free(list);
		}
		while (lists->by_content[i]) {
			struct set_entry *entry = lists->by_content[i];

			lists->by_content[i] = entry->next;
			plan_set_free(entry->set);
			free(entry);
		}
	}
	free(lists);
	return NULL;
}

char *list_words(const struct strings *words, const char *between)
{
	struct text text = { 0 };

	for (size_t i = 0; i < words->count; i++) {
		text_add(&text, i > 0 ? between : "");
		text_add(&text, words->items[i]);
	}
	return text_take(&text);
}

static struct set_entry **bucket_of(struct lists *lists, const char *name)
{
	return &lists->by_content[text_hash(name, strlen(name)) % BUCKETS];
}

/* Takes the ranges when the set is new. */
static int intern_set(struct plan_set **ret, struct lists *lists, enum family family,
	struct ranges *ranges)
{
	_cleanup_(plan_set_freep) struct plan_set *set = calloc(1, sizeof(*set));
	struct set_entry **bucket, *entry;

	if (!set)
		return -ENOMEM;
	set->family = family;
	set->ranges = *ranges;
	*ranges = (struct ranges){ 0 };
	set_name_make(set->name, family, &set->ranges);
	bucket = bucket_of(lists, set->name);
	for (entry = *bucket; entry; entry = entry->next) {
		if (text_equal(entry->set->name, set->name)) {
			*ret = entry->set;
			return 0;
		}
	}
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*ret = entry->set = TAKE(set);
	entry->next = *bucket;
	*bucket = entry;
	lists->sets_count++;
	return 0;
}

static int list_fill(struct list *list, struct lists *lists, const struct strings *words)
{
	struct error err = { 0 };
	struct peers peers;
	int r = peers_collect(&peers, lists->input, words, &err);

	if (r == -EINVAL)
		list->refused = strdup(err.text);
	if (r < 0)
		return list->refused ? 0 : -ENOMEM;
	list->world = peers.world;
	list->unresolved = peers.unresolved;
	peers.unresolved = (struct strings){ 0 };
	for (enum family family = 0; r >= 0 && family < FAMILY_COUNT; family++) {
		if (peers.ranges[family].count > 0 && !peers.world) {
			r = intern_set(&list->sets[family], lists, family,
				&peers.ranges[family]);
		}
	}
	peers_done(&peers);
	return r;
}

int lists_find(const struct list **ret, struct lists *lists, const struct strings *words)
{
	_cleanup_free_ char *key = list_words(words, "\n");
	_cleanup_(list_freep) struct list *list = NULL;
	struct list **bucket;
	int r;

	if (!key)
		return -ENOMEM;
	bucket = &lists->by_words[text_hash(key, strlen(key)) % BUCKETS];
	for (struct list *known = *bucket; known; known = known->next) {
		if (text_equal(known->key, key)) {
			*ret = known;
			return 0;
		}
	}
	list = calloc(1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list->key = TAKE(key);
	r = list_fill(list, lists, words);
	if (r < 0)
		return r;
	list->next = *bucket;
	*ret = *bucket = list;
	list = NULL;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct plan_set *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static size_t take_bucket(struct set_entry *entry, struct plan_set **ret)
{
	size_t count = 0;

	for (; entry; entry = entry->next) {
		if (entry->set->used)
			ret[count++] = TAKE(entry->set);
	}
	return count;
}

int lists_take_sets(struct lists *lists, struct plan_set ***ret, size_t *ret_count)
{
	struct plan_set **sets = calloc(lists->sets_count + 1, sizeof(struct plan_set *));
	size_t count = 0;

	if (!sets)
		return -ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++)
		count += take_bucket(lists->by_content[i], sets + count);
	qsort(sets, count, sizeof(*sets), by_name);
	*ret = sets;
	*ret_count = count;
	return 0;
}
