/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * limits.c - limits that a changed declaration gives to what runs already: the control
 * files of its cgroup, and the OOM score of its processes.
 *
 * Not here: the limits of a process that starts (launch.c), those that only a start can
 * give (open files, core).
 */
#include "service/limits.h"

#include <string.h>
#include <syslog.h>

#include "base/reason.h"

#include "service/process.h"

/* The note of an instance begins with that of its cgroup; the rest is not ours. */
static void exchange_note(
	struct instance *instance, const char *before, const char *after)
{
	char rest[REASON_BYTES] = "";
	const char *note = remark_text(&instance->note);
	size_t size = strlen(before);

	if (size > 0 && strncmp(note, before, size) == 0)
		note += size;
	note += strspn(note, "; ");
	reason_set(rest, sizeof(rest), "%s", note);
	remark_set(
		&instance->note, "%s%s%s", after, after[0] && rest[0] ? "; " : "", rest);
}

static void tell_refused(struct instance *instance, const struct error *err)
{
	instance_tell(instance, "limits", LOG_ERR,
		"%s; what runs keeps what it has, a restart may help", err->text);
}

static void limit_cgroup(struct instance *instance, const struct limits *limits)
{
	struct cgroup *cgroup = instance->process->cgroup;
	char before[REASON_BYTES];
	struct error err = { 0 };

	reason_set(before, sizeof(before), "%s", cgroup_note(cgroup));
	if (cgroup_limit(cgroup, limits, &err) < 0)
		tell_refused(instance, &err);
	exchange_note(instance, before, cgroup_note(cgroup));
}

static void set_score(struct instance *instance, int64_t score)
{
	struct error err = { 0 };

	if (cgroup_set_score(instance->process->cgroup, score, &err) < 0)
		tell_refused(instance, &err);
}

void service_limit(struct service *service, const struct limits *before)
{
	const struct limits *limits = &service->declaration->limits;

	if (memcmp(limits, before, sizeof(*limits)) == 0)
		return;
	for (unsigned i = 0; i < service->instances_count; i++) {
		struct instance *instance = &service->instances[i];

		if (!instance->process->cgroup)
			continue;
		limit_cgroup(instance, limits);
		if (limits->oom_score != before->oom_score)
			set_score(instance, limits->oom_score);
	}
}
