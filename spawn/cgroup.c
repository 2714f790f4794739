/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup.c - one leaf: made with its limits, asked, killed.
 *
 * A leaf that is given up is `lingering` until the loop has done what cannot wait, and
 * until nothing in it dies any more: then it is removed.
 * Not here: limits and usage (cgroup_limits.c), the tree (cgroups.c).
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/file.h"

#include "spawn/cgroup_limits.h"
#include "spawn/cgroup_tree.h"

/* One by one: a controller that this level does not have must not keep the others out. */
void cgroup_enable_controllers(int dir_fd, const char *directory)
{
	char path[PATH_MAX], word[32];

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", directory);
	for (int i = 0; i < CONTROLLER_COUNT; i++) {
		snprintf(word, sizeof(word), "+%s", controller_words[i]);
		(void)file_put(dir_fd, path, word);
	}
}

/* Its directory, and who stands in the list, are others' business. */
void cgroup_forget(struct cgroup *cgroup)
{
	if (cgroup->wd >= 0)
		inotify_rm_watch(cgroup->cgroups->inotify_fd, cgroup->wd);
	if (cgroup->fd >= 0)
		close(cgroup->fd);
	free(cgroup->path);
	free(cgroup);
}

CLEANUP(struct cgroup *, cgroup_forget)

static int append(struct cgroups *cgroups, struct cgroup *cgroup)
{
	struct cgroup **items =
		reallocarray(cgroups->items, cgroups->count + 1, sizeof(void *));

	if (!items)
		return -ENOMEM;
	cgroups->items = items;
	items[cgroups->count++] = cgroup;
	return 0;
}

/* The service's own, for its leaves. */
static int make_parent(const struct cgroups *cgroups, const char *service)
{
	char path[PATH_MAX];

	if (mkdirat(cgroups->base_fd, service, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", service);
	if (cgroups->controllers[0])
		(void)file_put(cgroups->base_fd, path, cgroups->controllers);
	return 0;
}

/* Linux 6.15 and later kill whoever is cloned into a cgroup that was ever killed: an
 * empty leaf of an earlier supervisor is made anew. -EEXIST: it cannot be removed. */
static int make_directory(const struct cgroups *cgroups, const char *path)
{
	if (mkdirat(cgroups->base_fd, path, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	(void)unlinkat(cgroups->base_fd, path, AT_REMOVEDIR);
	return mkdirat(cgroups->base_fd, path, 0755) < 0 ? -errno : 0;
}

static int open_leaf(struct cgroup *cgroup)
{
	cgroup->fd = openat(cgroup->cgroups->base_fd, cgroup->path,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cgroup->fd < 0 ? -errno : 0;
}

static int watch_leaf(struct cgroup *cgroup)
{
	struct cgroups *cgroups = cgroup->cgroups;
	_cleanup_free_ char *events =
		text_format("%s/%s/cgroup.events", cgroups->base, cgroup->path);

	if (!events)
		return -ENOMEM;
	cgroup->wd = inotify_add_watch(cgroups->inotify_fd, events, IN_MODIFY);
	return cgroup->wd < 0 ? -errno : 0;
}

static int make_leaf(struct cgroup *cgroup, const struct cgroup_plan *plan)
{
	struct cgroups *cgroups = cgroup->cgroups;
	int r = make_parent(cgroups, plan->service);
	bool is_old;

	if (r == 0)
		r = make_directory(cgroups, cgroup->path);
	is_old = r == -EEXIST;
	if (r < 0 && !is_old)
		return r;
	r = open_leaf(cgroup);
	if (r == 0 && is_old && cgroup_is_populated(cgroup))
		r = -EBUSY;
	return r < 0 ? r : watch_leaf(cgroup);
}

static struct cgroup *new_leaf(struct cgroups *cgroups, const struct cgroup_plan *plan)
{
	_cleanup_(cgroup_forgetp) struct cgroup *cgroup = calloc(1, sizeof(*cgroup));

	if (!cgroup)
		return NULL;
	cgroup->cgroups = cgroups;
	cgroup->on_empty = plan->on_empty;
	cgroup->owner = plan->owner;
	cgroup->fd = cgroup->wd = -1;
	cgroup->path = text_format("%s/%s", plan->service, plan->leaf);
	return cgroup->path ? TAKE(cgroup) : NULL;
}

int cgroup_new(struct cgroup **ret, struct cgroups *cgroups,
	const struct cgroup_plan *plan, struct error *err)
{
	_cleanup_(cgroup_forgetp) struct cgroup *cgroup = new_leaf(cgroups, plan);
	int r = cgroup ? make_leaf(cgroup, plan) : -ENOMEM;

	if (r < 0)
		return error_errno(err, r, "cgroup %s/%s", plan->service, plan->leaf);
	if (plan->limits) {
		r = cgroup_limits_set(cgroup->fd, plan->limits, cgroup->note,
			sizeof(cgroup->note), err);
		if (r < 0)
			return r;
	}
	r = append(cgroups, cgroup);
	if (r < 0)
		return error_errno(err, r, "cgroup");
	*ret = TAKE(cgroup);
	return 0;
}

int cgroup_adopt(struct cgroup **ret, struct cgroups *cgroups,
	const struct cgroup_plan *plan, struct error *err)
{
	_cleanup_(cgroup_forgetp) struct cgroup *cgroup = new_leaf(cgroups, plan);
	int r = cgroup ? open_leaf(cgroup) : -ENOMEM;

	if (r == 0)
		r = watch_leaf(cgroup);
	if (r == 0)
		r = append(cgroups, cgroup);
	if (r < 0)
		return error_errno(err, r, "cgroup %s/%s", plan->service, plan->leaf);
	*ret = TAKE(cgroup);
	return 0;
}

struct cgroup *cgroup_free(struct cgroup *cgroup)
{
	if (!cgroup)
		return NULL;
	cgroup->on_empty = NULL;
	cgroup->lingering = true;
	task_schedule(cgroup->cgroups->sweep);
	return NULL;
}

/* False while something in it still dies. */
static bool remove_directory(const struct cgroup *cgroup)
{
	return unlinkat(cgroup->cgroups->base_fd, cgroup->path, AT_REMOVEDIR) == 0 ||
	       errno != EBUSY;
}

void cgroups_sweep(void *owner, struct instant now)
{
	struct cgroups *cgroups = owner;
	size_t kept = 0;

	(void)now;
	for (size_t i = 0; i < cgroups->count; i++) {
		struct cgroup *cgroup = cgroups->items[i];

		if (cgroup->lingering && remove_directory(cgroup)) {
			cgroup_forget(cgroup);
		} else {
			cgroups->items[kept++] = cgroup;
		}
	}
	cgroups->count = kept;
}

int cgroup_fd(const struct cgroup *cgroup)
{
	return cgroup->fd;
}

const char *cgroup_path(const struct cgroup *cgroup)
{
	return cgroup->path;
}

int cgroup_limit(struct cgroup *cgroup, const struct limits *limits, struct error *err)
{
	return cgroup_limits_change(
		cgroup->fd, limits, cgroup->note, sizeof(cgroup->note), err);
}

const char *cgroup_note(const struct cgroup *cgroup)
{
	return cgroup->note;
}

bool cgroup_is_populated(struct cgroup *cgroup)
{
	return cgroup_read_key(cgroup->fd, "cgroup.events", "populated") == 1;
}

size_t cgroup_pids(struct cgroup *cgroup, pid_t *pids, size_t max)
{
	_cleanup_free_ char *text = NULL;
	size_t count = 0;
	char *at;

	if (file_read(&text, NULL, cgroup->fd, "cgroup.procs", PROCS_MAX_BYTES) < 0)
		return 0;
	for (at = text; *at && count < max; at++) {
		pid_t pid = (pid_t)strtol(at, &at, 10);

		if (pid > 0) /* 0 stands for one that our pid namespace cannot name */
			pids[count++] = pid;
	}
	return count;
}

bool cgroup_has(struct cgroup *cgroup, pid_t pid)
{
	_cleanup_free_ char *text = NULL;
	char *at;

	if (file_read(&text, NULL, cgroup->fd, "cgroup.procs", PROCS_MAX_BYTES) < 0)
		return false;
	for (at = text; *at; at++) {
		if (strtol(at, &at, 10) == pid)
			return true;
	}
	return false;
}

int cgroup_kill(struct cgroup *cgroup)
{
	return file_put(cgroup->fd, "cgroup.kill", "1");
}

void cgroup_usage(struct cgroup *cgroup, struct usage *ret)
{
	cgroup_usage_read(cgroup->fd, ret);
}
