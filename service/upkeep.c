/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * upkeep.c - looks at a process that is up and is to be replaced at some age, or when it
 * uses too much; gracefully, through the same roll as an operator's restart, and so never
 * all of a service at once.
 *
 * The decision is renewal.c's. Costs nothing where neither key is declared.
 */
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

#include "base/file.h"
#include "base/reason.h"

#include "service/process.h"

enum {
	LOOK_MS = 5 * MS_PER_S,
	RETRY_MS = 10 * 60 * MS_PER_S, /* after a restart that was refused */
	MAX_PIDS = 1024,
	STATM_MAX_BYTES = 256,
	HOST_NAME_BYTES = 256,
	SIZE_TEXT_BYTES = 32,
};
static const int64_t bytes_per_kib = 1 << 10, bytes_per_mib = 1 << 20;

static const struct restart_policy_spec *spec_of(const struct process *process)
{
	return &process->instance->service->declaration->run.restart;
}

/* ---- what it uses -------------------------------------------------------------- */

struct resident {
	int64_t own_pages, shared_pages;
};

/* statm asks for no lock of the process: one that hangs does not make us hang. */
static struct resident resident_of(pid_t pid)
{
	_cleanup_free_ char *path = text_format("/proc/%d/statm", pid), *text = NULL;
	char *at;
	int64_t all, shared;

	if (!path || file_read(&text, NULL, AT_FDCWD, path, STATM_MAX_BYTES) < 0)
		return (struct resident){ 0, 0 };
	(void)strtoll(text, &at, 10); /* its address space */
	all = strtoll(at, &at, 10);
	shared = strtoll(at, NULL, 10);
	return (struct resident){ all - shared, shared };
}

/* Without the memory controller: what each has of its own, and what they share once. */
static int64_t sum_resident_bytes(struct cgroup *cgroup)
{
	pid_t pids[MAX_PIDS];
	size_t count = cgroup_pids(cgroup, pids, MAX_PIDS);
	int64_t own = 0, shared = 0;

	for (size_t i = 0; i < count; i++) {
		struct resident one = resident_of(pids[i]);

		own += one.own_pages;
		shared = MAX(shared, one.shared_pages);
	}
	return (own + shared) * sysconf(_SC_PAGESIZE);
}

static int64_t memory_of(const struct process *process)
{
	struct usage usage;

	instance_usage(process->instance, &usage);
	if (usage.memory_bytes != UNSET)
		return usage.memory_bytes - MAX(usage.inactive_file_bytes, 0);
	return process->cgroup ? sum_resident_bytes(process->cgroup) : UNSET;
}

/* ---- when ---------------------------------------------------------------------- */

static uint64_t place_of(const struct process *process)
{
	char host[HOST_NAME_BYTES] = "";
	_cleanup_free_ char *place = NULL;

	(void)gethostname(host, sizeof(host) - 1);
	place = text_format("%s/%s/%u", host, process->instance->service->name,
		process->instance->number);
	return place ? text_hash(place, strlen(place)) : 0;
}

static void look_again(struct process *process, struct instant now)
{
	const struct restart_policy_spec *spec = spec_of(process);
	struct instant at = NEVER;

	if (spec->memory_above_bytes > 0)
		at = instant_add_ms(now, LOOK_MS);
	if (spec->max_age_ms > 0) {
		struct instant due = instant_add_ms(
			process->began, renewal_age_ms(spec, place_of(process)));

		at = instant_earlier(
			at, due.us > now.us ? due : instant_add_ms(now, LOOK_MS));
	}
	timer_arm(process->upkeep, at);
}

static void note_how(struct process *process)
{
	static const char text[] =
		"run.restart.memory_above is judged by /proc: no memory controller";
	struct instance *instance = process->instance;
	struct usage usage;

	const char *note = remark_text(&instance->note);

	if (spec_of(process)->memory_above_bytes <= 0 || strstr(note, text))
		return;
	instance_usage(instance, &usage);
	if (usage.memory_bytes == UNSET)
		remark_set(&instance->note, "%s%s%s", note, note[0] ? "; " : "", text);
}

void process_begin_upkeep(struct process *process, struct instant now)
{
	process->renewal = (struct renewal){ 0 };
	note_how(process);
	look_again(process, now);
}

/* Its keys take effect at once. */
void process_declare_upkeep(struct process *process, struct instant now)
{
	if (process->instance->state != STATE_UP)
		return;
	note_how(process);
	look_again(process, now);
}

static const char *size_text(int64_t bytes, char ret[static SIZE_TEXT_BYTES])
{
	bool is_large = bytes >= bytes_per_mib;

	snprintf(ret, SIZE_TEXT_BYTES, "%lld%c",
		(long long)(bytes / (is_large ? bytes_per_mib : bytes_per_kib)),
		is_large ? 'M' : 'K');
	return ret;
}

static void explain(const struct process *process, enum renewal_decision decision,
	const struct renewal_facts *facts, char *ret)
{
	const struct restart_policy_spec *spec = spec_of(process);
	char text[DURATION_TEXT_BYTES], used[SIZE_TEXT_BYTES], most[SIZE_TEXT_BYTES];

	if (decision == RENEWAL_AGE) {
		duration_format(spec->max_age_ms * US_PER_MS, text);
		reason_set(ret, REASON_BYTES,
			"replaced for its age (run.restart.max_age %s)", text);
		return;
	}
	duration_format((int64_t)RENEWAL_PATIENCE_MS * US_PER_MS, text);
	reason_set(ret, REASON_BYTES,
		"used %s, more than run.restart.memory_above %s for %s",
		size_text(facts->memory_bytes, used),
		size_text(spec->memory_above_bytes, most), text);
}

void process_look_after(void *owner, struct instant now)
{
	struct process *process = owner;
	struct service_host *host = process->instance->service->host;
	struct renewal_facts facts = { .memory_bytes = UNSET,
		.age_ms = instant_since_ms(now, process->began),
		.place = place_of(process),
		.now = now };
	static const enum exit_cause causes[] = {
		[RENEWAL_MEMORY] = CAUSE_MEMORY, [RENEWAL_AGE] = CAUSE_AGE
	};
	enum renewal_decision due;
	char text[REASON_BYTES];
	struct decision decision = { .why = text };

	if (process->instance->state != STATE_UP || process->leaving)
		return;
	if (spec_of(process)->memory_above_bytes > 0)
		facts.memory_bytes = memory_of(process);
	look_again(process, now);
	due = renewal_judge(&process->renewal, spec_of(process), &facts);
	if (due == RENEWAL_NOT || !instant_reached(now, host->own_restarts_from))
		return;
	explain(process, due, &facts, text);
	decision.cause = causes[due];
	/* a job that runs comes first; it is looked at again */
	if (service_renew(process->instance, &decision, now)) {
		host->own_restarts_from = instant_add_ms(now, OWN_RESTARTS_APART_MS);
		instance_tell(process->instance, "renewed", LOG_NOTICE, "%s", text);
		timer_arm(process->upkeep, instant_add_ms(now, RETRY_MS));
	}
}
