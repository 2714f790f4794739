/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plan.c - each declared file and each running service meets its counterpart.
 *
 * A change is taken whole or not at all: a new port in the firewall while the process
 * still has the old one would be neither what was nor what is declared.
 */
#include "supervisor/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_wanted(const struct plan_wish *wish, const char *name)
{
	return wish->names->count == 0 || strings_have(wish->names, name) ||
	       strings_have(wish->remove, name);
}

static struct entry *entry_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->entries_count; i++)
		if (strcmp(config->entries[i].name, name) == 0)
			return &config->entries[i];
	return NULL;
}

static enum effect worst_of(const struct changes *changes)
{
	enum effect worst = CHANGE_IN_PLACE;

	for (size_t i = 0; i < changes->count; i++)
		worst = MAX(worst, changes->items[i].effect);
	return worst;
}

static int compare(struct step *step, const struct member *member)
{
	int r = config_diff(
		&step->changes, member->service->effective, step->entry->effective);

	if (r < 0)
		return r;
	step->worst = worst_of(&step->changes);
	step->kind = step->changes.count > 0 ? STEP_CHANGE : STEP_SAME;
	return 0;
}

/* `member` has a service or is NULL. */
static int judge(struct step *step, const struct member *member, bool remove)
{
	const struct entry *entry = step->entry;

	if (remove)
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
		return compare(step, member);
	return 0;
}

static int add_step(struct plan *plan, const char *name, struct entry *entry,
	const struct member *member, bool remove)
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
	return judge(step, member && member->service ? member : NULL, remove);
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
				members_find(members, entry->name),
				strings_have(wish->remove, entry->name));
	}
	for (size_t i = 0; r == 0 && i < members->count; i++) {
		const struct member *member = members->items[i];
		bool remove = strings_have(wish->remove, member->name);

		/* where a directory could not be read, its file may well be there */
		if (config->incomplete && !remove)
			continue;
		if (is_wanted(wish, member->name) && !entry_find(config, member->name))
			r = add_step(plan, member->name, NULL, member, remove);
	}
	return r;
}

/* ---- ports ----------------------------------------------------------------------- */

/* Whether what runs is still as it is when the plan is done. */
static bool stays(const struct plan *plan, const struct member *member)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->items[i];

		if (strcmp(step->name, member->name) == 0)
			return step_waits(step) ||
			       (step->kind != STEP_CHANGE && step->kind != STEP_REMOVE);
	}
	return true;
}

static bool is_any(const struct listen *listen)
{
	return !listen->address || strcmp(listen->address, "*") == 0;
}

static bool listens_meet(const struct listen *a, const struct listen *b)
{
	return a->protocol == b->protocol &&
	       (is_any(a) || is_any(b) || strcmp(a->address, b->address) == 0);
}

static bool has_port(
	const struct declaration *declaration, const struct listen *listen, uint16_t port)
{
	for (size_t i = 0; i < declaration->listen_count; i++) {
		const struct listen *own = &declaration->listen[i];

		for (unsigned n = 1; n <= config_slots(declaration); n++)
			if (config_port(own, n) == port && listens_meet(own, listen))
				return true;
	}
	return false;
}

/* A port that both want; 0: none. */
static uint16_t shared_port(const struct declaration *a, const struct declaration *b)
{
	for (size_t i = 0; i < a->listen_count; i++) {
		for (unsigned n = 1; n <= config_slots(a); n++) {
			const uint16_t port = config_port(&a->listen[i], n);

			if (has_port(b, &a->listen[i], port))
				return port;
		}
	}
	return 0;
}

/* 1 when the step was refused because somebody who stays has a port of it. */
static int judge_ports(
	const struct plan *plan, struct step *step, const struct members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = members->items[i];
		_cleanup_free_ char *sentence = NULL;
		uint16_t port;

		if (!member->service || strcmp(member->name, step->name) == 0 ||
			!stays(plan, member))
			continue;
		port = shared_port(
			step->entry->declaration, member->service->declaration);
		if (port == 0)
			continue;
		sentence = text_format(
			"listen: port %u belongs to service %s, which runs and keeps it: "
			"another port, or first `svcctl apply` what moves %s",
			port, member->name, member->name);
		if (!sentence || strings_add(&step->entry->problems.lines, sentence) < 0)
			return -ENOMEM;
		step->kind = STEP_REFUSED;
		return 1;
	}
	return 0;
}

/* Of two files with one port the reader refuses one, by name; but the port, and its
 * rules in the firewall, are of who runs. Who is refused here stays too, so again until
 * nobody is. */
static int refuse_taken_ports(struct plan *plan, const struct members *members)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < plan->count; i++) {
			struct step *step = &plan->items[i];
			int r = step->kind == STEP_ADD || step->kind == STEP_CHANGE
					? judge_ports(plan, step, members)
					: 0;

			if (r < 0)
				return r;
			again = again || r > 0;
		}
	}
	return 0;
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
	r = add_steps(ret, members, config, wish);
	if (r == 0)
		r = refuse_taken_ports(ret, members);
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
	}
	free(plan->items);
	*plan = (struct plan){ 0 };
}

bool step_waits(const struct step *step)
{
	return step->kind == STEP_CHANGE && step->worst == CHANGE_RESTART &&
	       step->entry->declaration->run.auto_apply != AUTO_APPLY_RESTART;
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
		r |= json_set(row, "problems", print_problems(step));
		r |= json_append(list, row);
	}
	return r ? NULL : TAKE(list);
}
