/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan.c - each declared file and each running service meets its counterpart.
 *
 * A change is taken whole or not at all: a new port in the firewall while the process
 * still has the old one would be neither what was nor what is declared.
 */
#include "supervisor/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/accepted.h"
#include "supervisor/scarce.h"

static bool is_wanted(const struct plan_wish *wish, const char *name)
{
	return wish->names->count == 0 || strings_have(wish->names, name) ||
	       strings_have(wish->remove, name);
}

static int entry_by_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct entry *)item)->name);
}

static struct entry *entry_find(const struct config *config, const char *name)
{
	return config->entries_count == 0
		       ? NULL
		       : bsearch(name, config->entries, config->entries_count,
				 sizeof(config->entries[0]), entry_by_name);
}

static enum effect worst_of(const struct changes *changes)
{
	enum effect worst = CHANGE_IN_PLACE;

	for (size_t i = 0; i < changes->count; i++)
		worst = MAX(worst, changes->items[i].effect);
	return worst;
}

bool step_needs_operator(const struct step *step)
{
	return step->kind == STEP_CHANGE && step->worst == CHANGE_RESTART &&
	       step->entry->declaration->run.auto_apply != AUTO_APPLY_RESTART;
}

static bool waits(const struct step *step, enum apply_mode mode)
{
	switch (mode) {
	case APPLY_SAFE: return step->upstream[0] || step_needs_operator(step);
	case APPLY_FIRST: return step->upstream[0];
	case APPLY_COMPARE:
	case APPLY_ALL: break;
	}
	return false;
}

/* What runs is kept as text: most of it is the same, and needs no second look. */
static int find_changes(struct changes *ret, const char *before, struct json_t *after)
{
	_cleanup_free_ char *text = json_print(after, JSON_ONE_LINE);
	_cleanup_(json_freep) struct json_t *old = NULL;
	int r;

	if (!text)
		return -ENOMEM;
	if (strcmp(before, text) == 0)
		return 0;
	r = json_parse(&old, before, strlen(before), SIZE_MAX, NULL);
	return r < 0 ? r : config_diff(ret, old, after);
}

static int compare(
	struct step *step, const struct member *member, const struct plan_wish *wish)
{
	const struct json_t *head = json_get(wish->accepted, step->name);
	int r = find_changes(
		&step->changes, member->service->effective, step->entry->effective);

	if (r < 0)
		return r;
	step->worst = worst_of(&step->changes);
	step->kind = step->changes.count > 0 ? STEP_CHANGE : STEP_SAME;
	if (step->kind == STEP_CHANGE)
		accepted_upstream(json_get(head, "pins"), step->entry->pins,
			step->upstream, sizeof(step->upstream));
	/* who was told to go is declared again: waiting, it would be forgotten */
	step->waits =
		step->kind == STEP_CHANGE && !member->leaving && waits(step, wish->mode);
	return 0;
}

/* `member` has a service or is NULL. */
static int judge(
	struct step *step, const struct member *member, const struct plan_wish *wish)
{
	const struct entry *entry = step->entry;

	if (strings_have(wish->remove, step->name))
		step->kind = member ? STEP_REMOVE : STEP_SAME;
	else if (!entry || (entry->declaration && !entry->here))
		step->kind = member ? STEP_ORPHAN : STEP_SAME;
	else if (!entry->declaration)
		step->kind = STEP_REFUSED;
	else if (entry->declaration->state == ROLLOUT_RETIRED)
		step->kind = member ? STEP_REMOVE : STEP_SAME;
	else if (!member)
		step->kind = STEP_ADD; /* whole: there is nothing to compare it with */
	else
		return compare(step, member, wish);
	return 0;
}

static int add_step(struct plan *plan, const char *name, struct entry *entry,
	const struct member *member, const struct plan_wish *wish)
{
	struct step *bigger = reallocarray(plan->items, plan->count + 1, sizeof(*bigger));
	struct step *step;

	if (!bigger)
		return -ENOMEM;
	plan->items = bigger;
	step = &bigger[plan->count];
	*step = (struct step){ .name = strdup(name), .entry = entry };
	plan->count++;
	if (!step->name)
		return -ENOMEM;
	return judge(step, member && member->service ? member : NULL, wish);
}

static int step_by_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct step *)item)->name);
}

const struct step *plan_find(const struct plan *plan, const char *name)
{
	const struct step *rest = plan->items + plan->declared, *found = NULL;

	if (plan->declared > 0)
		found = bsearch(name, plan->items, plan->declared, sizeof(*plan->items),
			step_by_name);
	if (!found && plan->count > plan->declared)
		found = bsearch(name, rest, plan->count - plan->declared,
			sizeof(*plan->items), step_by_name);
	return found;
}

int step_refuse(struct step *step, const char *format, ...)
{
	struct text sentence = { 0 };
	_cleanup_free_ char *line = NULL;
	va_list args;

	va_start(args, format);
	text_addv(&sentence, format, args);
	va_end(args);
	line = text_take(&sentence);
	step->kind = STEP_REFUSED;
	step->waits = false;
	return line ? strings_add(&step->refused, line) : -ENOMEM;
}

/* All problems of files that every service depends on. */
static int check_whole(const struct members *members, const struct config *config,
	const struct plan_wish *wish, struct error *err)
{
	size_t running = 0;
	const char *first =
		config->problems.lines.count > 0 ? config->problems.lines.items[0] : "";

	for (size_t i = 0; i < members->count; i++)
		running += members->items[i]->service != NULL;
	if ((config->host_refused || config->site_refused) && running > 0)
		return error_set(err, -EINVAL, "%s file refused, nothing is changed: %s",
			config->host_refused ? "host" : "site", first);
	if (config->entries_count == 0 && running > 0 && wish->remove->count == 0) {
		return error_set(err, -EINVAL,
			"no declaration was found, but %zu services run: an emptied directory "
			"is refused; `svcctl apply --remove NAME` removes one%s%s",
			running, first[0] ? ": " : "", first);
	}
	return 0;
}

static int check_names(const struct strings *names, const struct members *members,
	const struct config *config, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		if (!members_find(members, names->items[i]) &&
			!entry_find(config, names->items[i]))
			return error_set(err, -ENOENT,
				"%s: no such service, and no file declares it",
				names->items[i]);
	}
	return 0;
}

static int add_steps(struct plan *plan, const struct members *members,
	const struct config *config, const struct plan_wish *wish)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->entries_count; i++) {
		struct entry *entry = &config->entries[i];

		if (is_wanted(wish, entry->name))
			r = add_step(plan, entry->name, entry,
				members_find(members, entry->name), wish);
	}
	plan->declared = plan->count;
	for (size_t i = 0; r == 0 && i < members->count; i++) {
		const struct member *member = members->items[i];
		bool remove = strings_have(wish->remove, member->name);

		/* where a directory could not be read, its file may well be there */
		if (config->incomplete && !remove)
			continue;
		if (is_wanted(wish, member->name) && !entry_find(config, member->name))
			r = add_step(plan, member->name, NULL, member, wish);
	}
	return r;
}

/* ---- the whole ------------------------------------------------------------------- */

int plan_make(struct plan *ret, const struct members *members,
	const struct config *config, const struct plan_wish *wish, struct error *err)
{
	int r = check_whole(members, config, wish, err);

	*ret = (struct plan){ 0 };
	if (r == 0)
		r = check_names(wish->names, members, config, err);
	if (r == 0)
		r = check_names(wish->remove, members, config, err);
	if (r < 0)
		return r;
	ret->whole = wish->names->count == 0;
	r = add_steps(ret, members, config, wish);
	if (r == 0)
		r = scarce_judge(ret, members, wish);
	if (r < 0) {
		plan_done(ret);
		return error_errno(err, r, "comparing");
	}
	return 0;
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->items[i].name);
		changes_done(&plan->items[i].changes);
		strings_done(&plan->items[i].refused);
	}
	free(plan->items);
	*plan = (struct plan){ 0 };
}

/* ---- printing ------------------------------------------------------------------ */

static struct json_t *print_changes(const struct changes *changes)
{
	static const char *const effects[] = { [CHANGE_IN_PLACE] = "in place",
		[CHANGE_RELOAD] = "reload",
		[CHANGE_RESTART] = "restart" };
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];
		struct json_t *row = json_new_object();

		r |= json_set_text(row, "key", change->key);
		r |= json_set_text(row, "before", change->before);
		r |= json_set_text(row, "after", change->after);
		r |= json_set_text(row, "effect", effects[change->effect]);
		r |= json_append(list, row);
	}
	return r ? NULL : TAKE(list);
}

static struct json_t *print_problems(const struct step *step)
{
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	const struct entry *entry = step->entry;
	int r = 0;

	if (step->kind == STEP_ORPHAN)
		r |= json_append_text(list,
			"no file declares it for this host any more; it runs on until "
			"`svcctl apply --remove` or `state: retired`");
	for (size_t i = 0; entry && i < entry->problems.lines.count; i++)
		r |= json_append_text(list, entry->problems.lines.items[i]);
	for (size_t i = 0; i < step->refused.count; i++)
		r |= json_append_text(list, step->refused.items[i]);
	return r ? NULL : TAKE(list);
}

struct json_t *plan_print(const struct plan *plan)
{
	static const char *const kinds[] = { [STEP_SAME] = NULL,
		[STEP_ADD] = "added",
		[STEP_CHANGE] = "changed",
		[STEP_REMOVE] = "removed",
		[STEP_ORPHAN] = "removed",
		[STEP_REFUSED] = "refused" };
	_cleanup_(json_freep) struct json_t *list = json_new_array();
	int r = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->items[i];
		struct json_t *row;

		if (!kinds[step->kind])
			continue;
		row = json_new_object();
		r |= json_set_text(row, "service", step->name);
		r |= json_set_text(row, "kind", kinds[step->kind]);
		r |= json_set(row, "changes", print_changes(&step->changes));
		r |= json_set_text(row, "upstream", step->upstream);
		r |= json_set(row, "problems", print_problems(step));
		r |= json_append(list, row);
	}
	return r ? NULL : TAKE(list);
}
