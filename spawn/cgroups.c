/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroups.c - the tree: what is in it, and the one inotify descriptor that tells when a
 * leaf is empty.
 *
 * cgroup.events is watched by inotify, as its poll(2) needs POLLPRI, which the loop does
 * not have.
 * Not here: one leaf (cgroup.c), where the tree stands (cgroup_base.c).
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/reason.h"

#include "spawn/cgroup_limits.h"
#include "spawn/cgroup_tree.h"
#include "spawn/reaper.h"

static struct cgroup *find_watched(struct cgroups *cgroups, int wd)
{
	size_t low = 0, high = cgroups->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cgroups->items[middle]->wd < wd) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < cgroups->count && cgroups->items[low]->wd == wd ? cgroups->items[low]
								     : NULL;
}

static void leaf_changed(struct cgroup *cgroup, struct instant now)
{
	if (cgroup_is_populated(cgroup))
		return;
	if (cgroup->lingering) {
		task_schedule(cgroup->cgroups->sweep);
	} else if (cgroup->on_empty) {
		cgroup->on_empty(cgroup->owner, now);
	}
}

/* So many events at once that the kernel dropped some. */
static void look_at_all(struct cgroups *cgroups, struct instant now)
{
	/* from behind: who starts anew meanwhile comes last */
	for (size_t i = cgroups->count; i-- > 0;)
		leaf_changed(cgroups->items[i], now);
}

static void on_inotify(void *owner, unsigned events, struct instant now)
{
	struct cgroups *cgroups = owner;
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got = read(cgroups->inotify_fd, buffer, sizeof(buffer));

	(void)events;
	for (char *at = buffer; got > 0 && at < buffer + got;) {
		struct inotify_event event;
		struct cgroup *cgroup;

		memcpy(&event, at, sizeof(event));
		at += sizeof(event) + event.len;
		cgroup = event.mask & IN_MODIFY ? find_watched(cgroups, event.wd) : NULL;
		if (cgroup)
			leaf_changed(cgroup, now);
		if (event.mask & IN_Q_OVERFLOW)
			look_at_all(cgroups, now);
	}
}

static int open_base(struct cgroups *cgroups, const char *base)
{
	cgroups->base = strdup(base);
	if (!cgroups->base)
		return -ENOMEM;
	cgroup_enable_controllers(AT_FDCWD, base);
	cgroups->base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroups->base_fd < 0)
		return -errno;
	for (int i = 0; i < CONTROLLER_COUNT; i++) {
		if (cgroups_have(cgroups, controller_words[i]))
			reason_add(cgroups->controllers, sizeof(cgroups->controllers),
				"+%s ", controller_words[i]);
	}
	return 0;
}

CLEANUP(struct cgroups *, cgroups_free)

int cgroups_open(
	struct cgroups **ret, struct loop *loop, const char *base, struct error *err)
{
	_cleanup_(cgroups_freep) struct cgroups *cgroups = calloc(1, sizeof(*cgroups));
	int r;

	if (!cgroups)
		return error_errno(err, -ENOMEM, "cgroups");
	cgroups->loop = loop;
	cgroups->base_fd = cgroups->inotify_fd = -1;
	r = open_base(cgroups, base);
	if (r < 0)
		return error_errno(err, r, "%s", base);
	cgroups->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (cgroups->inotify_fd < 0) {
		return error_errno(err, -errno,
			"inotify for cgroup.events (fs.inotify.max_user_instances?)");
	}
	r = watch_new(&cgroups->watch, loop, cgroups->inotify_fd, WATCH_READ, on_inotify,
		cgroups);
	if (r == 0)
		r = task_new(&cgroups->sweep, loop, cgroups_sweep, cgroups);
	if (r == 0)
		r = reaper_new(&cgroups->reaper, loop);
	if (r < 0)
		return error_errno(err, r, "cgroups");
	*ret = TAKE(cgroups);
	return 0;
}

struct cgroups *cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return NULL;
	cgroups_sweep(cgroups, loop_now(cgroups->loop));
	while (cgroups->count > 0)
		cgroup_forget(cgroups->items[--cgroups->count]);
	free(cgroups->items);
	reaper_free(cgroups->reaper);
	watch_free(cgroups->watch);
	task_free(cgroups->sweep);
	if (cgroups->inotify_fd >= 0)
		close(cgroups->inotify_fd);
	if (cgroups->base_fd >= 0)
		close(cgroups->base_fd);
	free(cgroups->base);
	free(cgroups);
	return NULL;
}

bool cgroups_have(const struct cgroups *cgroups, const char *controller)
{
	_cleanup_free_ char *text = NULL;
	size_t size = strlen(controller);

	if (file_read(&text, NULL, cgroups->base_fd, "cgroup.subtree_control",
		    PROCS_MAX_BYTES) < 0)
		return false;
	for (const char *at = text; (at = strstr(at, controller)); at += size) {
		if ((at == text || at[-1] == ' ') && strchr(" \n", at[size]))
			return true;
	}
	return false;
}

void cgroups_missing(const struct cgroups *cgroups, char *ret, size_t size)
{
	ret[0] = '\0';
	for (int i = 0; i < CONTROLLER_COUNT; i++) {
		if (!cgroups_have(cgroups, controller_words[i])) {
			reason_add(ret, size, "%s%s", ret[0] ? ", " : "",
				controller_words[i]);
		}
	}
}

const char *cgroups_base(const struct cgroups *cgroups)
{
	return cgroups->base;
}

void cgroups_reap(struct cgroups *cgroups, pid_t pid, int pidfd)
{
	reaper_take(cgroups->reaper, pid, pidfd);
}

void cgroups_release(struct cgroups *cgroups, pid_t pid)
{
	reaper_release(cgroups->reaper, pid);
}

unsigned cgroups_next(struct cgroups *cgroups)
{
	return ++cgroups->next;
}

/* Names of the directories in BASE/`path`; none when it does not exist. */
static int list_directories(
	const struct cgroups *cgroups, const char *path, struct strings *ret)
{
	int fd = openat(cgroups->base_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(directory))) {
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			r = strings_add(ret, entry->d_name);
	}
	closedir(directory);
	return r;
}

int cgroups_services(struct cgroups *cgroups, struct strings *ret)
{
	return list_directories(cgroups, ".", ret);
}

bool cgroups_explain(const struct cgroups *cgroups, const char *path)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		if (text_equal(cgroups->items[i]->path, path))
			return true;
	}
	return false;
}

int cgroups_leaves(struct cgroups *cgroups, const char *service, struct strings *ret)
{
	return list_directories(cgroups, service, ret);
}

/* A directory has a link in each below it, beside its own two. */
int cgroups_count(struct cgroups *cgroups, const char *service)
{
	struct stat info;

	if (fstatat(cgroups->base_fd, service, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return (int)info.st_nlink - 2;
}

bool cgroups_is_populated(struct cgroups *cgroups, const char *path)
{
	char events[PATH_MAX];

	snprintf(events, sizeof(events), "%s/cgroup.events", path);
	return cgroup_read_key(cgroups->base_fd, events, "populated") == 1;
}

void cgroups_remove(struct cgroups *cgroups, const char *path)
{
	(void)unlinkat(cgroups->base_fd, path, AT_REMOVEDIR);
}

static int find_populated(struct cgroups *cgroups, const char *service,
	bool with_explained, struct strings *ret)
{
	_cleanup_(strings_done) struct strings leaves = { 0 };
	int r = list_directories(cgroups, service, &leaves);

	for (size_t i = 0; r == 0 && i < leaves.count; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", service, leaves.items[i]);
		if (cgroups_is_populated(cgroups, path) &&
			(with_explained || !cgroups_explain(cgroups, path)))
			r = strings_add(ret, path);
	}
	return r;
}

int cgroups_populated(struct cgroups *cgroups, const char *service, struct strings *ret)
{
	return find_populated(cgroups, service, true, ret);
}

int cgroups_unexplained(struct cgroups *cgroups, const char *service, struct strings *ret)
{
	return find_populated(cgroups, service, false, ret);
}

int cgroups_kill(struct cgroups *cgroups, const char *path)
{
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%s/cgroup.kill", path);
	return file_put(cgroups->base_fd, file, "1");
}

void cgroups_end_deeds(struct cgroups *cgroups)
{
	_cleanup_(strings_done) struct strings leaves = { 0 };
	int r = list_directories(cgroups, "_svcd", &leaves);

	for (size_t i = 0; r == 0 && i < leaves.count; i++) {
		char path[PATH_MAX];

		if (!text_starts(leaves.items[i], "deed-"))
			continue;
		snprintf(path, sizeof(path), "_svcd/%s", leaves.items[i]);
		(void)cgroups_kill(cgroups, path);
	}
}

int cgroups_remove_service(struct cgroups *cgroups, const char *service)
{
	_cleanup_(strings_done) struct strings leaves = { 0 };
	int r = list_directories(cgroups, service, &leaves);

	for (size_t i = 0; r == 0 && i < leaves.count; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", service, leaves.items[i]);
		(void)unlinkat(cgroups->base_fd, path, AT_REMOVEDIR);
	}
	if (r == 0 && unlinkat(cgroups->base_fd, service, AT_REMOVEDIR) < 0 &&
		errno != ENOENT)
		r = -errno;
	return r;
}
