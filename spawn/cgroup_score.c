/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_score.c - another OOM score for everything that runs in a leaf.
 *
 * The score belongs to each process, and children take their parent's: what forks while
 * this goes on is found in the next round. A pid may be another process by the time it is
 * written to, so each is held by its directory in /proc and asked for its cgroup first.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"

#include "spawn/cgroup_tree.h"

enum {
	ROUNDS_MAX = 3,
	PIDS_MAX = 16384,
	CGROUP_FILE_MAX_BYTES = 64 * 1024,
	SCORE_MAX_BYTES = 64,
};

static bool is_inside(const struct cgroup *cgroup, int process_fd)
{
	_cleanup_free_ char *text = NULL, *line = text_format("/%s\n", cgroup->path);

	return line &&
	       file_read(&text, NULL, process_fd, "cgroup", CGROUP_FILE_MAX_BYTES) == 0 &&
	       strstr(text, line);
}

/* 1: it was another; 0: it has this one, or is gone. */
static int set_one(const struct cgroup *cgroup, pid_t pid, const char *score)
{
	_cleanup_free_ char *path = text_format("/proc/%d", pid), *old = NULL;
	_cleanup_close_ int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int r;

	if (fd < 0 || !is_inside(cgroup, fd) ||
		file_read(&old, NULL, fd, "oom_score_adj", SCORE_MAX_BYTES) < 0)
		return 0;
	old[strcspn(old, "\n")] = '\0';
	if (strcmp(old, score) == 0)
		return 0;
	r = file_put(fd, "oom_score_adj", score);
	return r == -ESRCH || r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static int set_all(struct cgroup *cgroup, const char *score, pid_t *pids)
{
	size_t count = cgroup_pids(cgroup, pids, PIDS_MAX);
	int changed = 0;

	for (size_t i = 0; i < count; i++) {
		int r = set_one(cgroup, pids[i], score);

		if (r < 0)
			return r;
		changed += r;
	}
	return changed;
}

int cgroup_set_score(struct cgroup *cgroup, int64_t score, struct error *err)
{
	_cleanup_free_ pid_t *pids = calloc(PIDS_MAX, sizeof(*pids));
	char text[32];
	int r = pids ? 1 : -ENOMEM;

	snprintf(text, sizeof(text), "%" PRId64, score);
	for (unsigned round = 0; r > 0 && round < ROUNDS_MAX; round++)
		r = set_all(cgroup, text, pids);
	return r < 0 ? error_errno(err, r, "limits.oom_score %s", text) : 0;
}
