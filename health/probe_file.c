/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe_file.c - checks of kind file: it is there and, with `fresh`, was written lately.
 *
 * One statx(2) as this engine's user, without asking a server for fresher attributes. A
 * file that this user may not see is an error that says so, never a pass.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "health/probe.h"

static void judge_age(struct outcome *outcome, const struct check *check,
	const struct statx *found, struct wall now)
{
	int64_t written_us =
		found->stx_mtime.tv_sec * US_PER_S + found->stx_mtime.tv_nsec / 1000;
	int64_t age_us = MAX(now.us - written_us, 0);
	char age[DURATION_TEXT_BYTES], fresh[DURATION_TEXT_BYTES];

	if (check->fresh_ms == UNSET || age_us <= check->fresh_ms * US_PER_MS)
		return;
	outcome_set(outcome, OUTCOME_FAIL, "%s was last written %s ago, not within %s",
		check->path, duration_format(age_us, age),
		duration_format(check->fresh_ms * US_PER_MS, fresh));
}

static void set_error(struct outcome *outcome, const char *path, int error)
{
	outcome_set(outcome, error == ENOENT ? OUTCOME_FAIL : OUTCOME_ERROR, "%s: %s%s",
		path, strerror(error),
		error == EACCES ? " (svcd-health must be able to search its directory)"
				: "");
}

static int start(struct probe *probe, struct instant now)
{
	_cleanup_free_ char *path = NULL;
	struct outcome outcome = { 0 };
	struct error err = { 0 };
	struct statx found;

	if (config_expand(&path, probe->check->path, probe->instance, &err) < 0)
		outcome_set(&outcome, OUTCOME_ERROR, "%s", err.text);
	else if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_MTIME,
			 &found) < 0)
		set_error(&outcome, path, errno);
	else
		judge_age(&outcome, probe->check, &found, probe->prober->wall());
	probe_done(probe, &outcome, now);
	return 0;
}

static void cancel(struct probe *probe)
{
	(void)probe; /* a try never lasts */
}

const struct probe_kind probe_file = { start, cancel };
