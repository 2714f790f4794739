/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shelf.c - opens and lists the place of a log; the state of rotation is this directory
 * itself.
 */
#include "logrotate/shelf.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { NUMBERS_TRIED = 100000 }; /* archives of one second */

static int check_directory(int fd, const struct shelf_place *place, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return error_errno(err, -errno, "%s", place->directory);
	if (info.st_mode & S_IWOTH)
		return error_set(err, -EPERM, "%s is writable by everyone: chmod o-w it",
			place->directory);
	if (!place->foreign && info.st_uid != 0 && info.st_uid != geteuid())
		return error_set(err, -EPERM,
			"%s belongs to uid %u: chown it to svcd-log, or say directory_owner: service",
			place->directory, info.st_uid);
	return 0;
}

/* No link on the whole way: whoever can make one there could have us write elsewhere. */
static int open_directory(int at, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS };
	long fd = syscall(SYS_openat2, at, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int refuse_way(int error, const char *what, const char *path, struct error *err)
{
	if (error == -ELOOP)
		return error_set(err, error,
			"%s %s: a symbolic link on the way: name the directory that is meant",
			what, path);
	return error_errno(err, error, "%s %s", what, path);
}

static int open_both(
	struct shelf *shelf, const struct shelf_place *place, struct error *err)
{
	int r;

	shelf->live_fd = open_directory(AT_FDCWD, place->directory);
	if (shelf->live_fd < 0)
		return refuse_way(shelf->live_fd, "log directory", place->directory, err);
	r = check_directory(shelf->live_fd, place, err);
	if (r < 0)
		return r;
	shelf->archive_fd =
		open_directory(shelf->live_fd, place->olddir ? place->olddir : ".");
	if (shelf->archive_fd < 0)
		return refuse_way(shelf->archive_fd, "olddir",
			place->olddir ? place->olddir : place->directory, err);
	return 0;
}

struct shelf *shelf_share(struct shelf *shelf)
{
	atomic_fetch_add(&shelf->references, 1);
	return shelf;
}

struct shelf *shelf_free(struct shelf *shelf)
{
	if (!shelf || atomic_fetch_sub(&shelf->references, 1) > 1)
		return NULL;
	if (shelf->live_fd >= 0)
		close(shelf->live_fd);
	if (shelf->archive_fd >= 0)
		close(shelf->archive_fd);
	pthread_mutex_destroy(&shelf->lock);
	free(shelf->live);
	free(shelf->dateformat);
	free(shelf);
	return NULL;
}

static int add(struct archives *archives, const struct archive *archive)
{
	/* The capacity is the next power of two. */
	if ((archives->count & (archives->count - 1)) == 0) {
		size_t capacity = archives->count ? archives->count * 2 : 1;
		struct archive *items =
			realloc(archives->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		archives->items = items;
	}
	archives->items[archives->count++] = *archive;
	return 0;
}

static int add_entry(struct archives *ret, const struct shelf *shelf, const char *name)
{
	struct archive archive;
	struct stat info;
	int r;

	if (!name_parse(&archive, name, shelf->live, shelf->dateformat))
		return 0;
	if (fstatat(shelf->archive_fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(info.st_mode))
		return 0; /* gone meanwhile, or nothing of ours */
	if (ret->count >= ARCHIVES_MAX)
		return -E2BIG;
	archive.bytes = info.st_size;
	archive.modified_s = info.st_mtim.tv_sec;
	archive.inode = info.st_ino;
	archive.name = strdup(name);
	r = archive.name ? add(ret, &archive) : -ENOMEM;
	if (r < 0)
		free(archive.name);
	return r;
}

static int order(const void *a, const void *b)
{
	return name_order(a, b);
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

int shelf_list(struct archives *ret, const struct shelf *shelf)
{
	_cleanup_(archives_done) struct archives found = { 0 };
	_cleanup_(close_directory) DIR *directory = NULL;
	_cleanup_close_ int fd = open_directory(shelf->archive_fd, ".");
	struct dirent *entry;

	if (fd < 0)
		return fd;
	directory = fdopendir(fd);
	if (!directory)
		return -errno;
	TAKE_FD(fd);
	while ((entry = readdir(directory))) {
		int r = add_entry(&found, shelf, entry->d_name);

		if (r < 0)
			return r;
	}
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(*found.items), order);
	*ret = found;
	found = (struct archives){ 0 };
	return 0;
}

void archives_done(struct archives *archives)
{
	for (size_t i = 0; i < archives->count; i++)
		free(archives->items[i].name);
	free(archives->items);
	*archives = (struct archives){ 0 };
}

/* Where the service owns the directory, an archive may have become a FIFO that nobody
 * writes, or another name of a log that the service may not read. */
int shelf_open(const struct shelf *shelf, const char *archive)
{
	_cleanup_close_ int fd = openat(shelf->archive_fd, archive,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat info;

	if (fd < 0 || fstat(fd, &info) < 0)
		return -errno;
	if (!S_ISREG(info.st_mode))
		return -EINVAL;
	return info.st_nlink > 1 ? -EMLINK : TAKE_FD(fd);
}

static int find_newest(struct shelf *shelf, struct error *err)
{
	_cleanup_(archives_done) struct archives archives = { 0 };
	int r = shelf_list(&archives, shelf);

	if (r < 0)
		return error_errno(err, r, "cannot list the archives of %s", shelf->live);
	if (archives.count > 0 && archives.items[0].dated) {
		shelf->last_stamp_s = archives.items[0].stamp_s;
		shelf->last_number = archives.items[0].number;
	}
	return 0;
}

int shelf_new(struct shelf **ret, const struct shelf_place *place, struct error *err)
{
	_cleanup_(shelf_freep) struct shelf *shelf = calloc(1, sizeof(*shelf));
	const char *format = place->dateformat ? place->dateformat : NAMES_DATEFORMAT;
	int r;

	if (!shelf)
		return error_errno(err, -ENOMEM, "%s", place->directory);
	shelf->live_fd = shelf->archive_fd = -1;
	atomic_init(&shelf->references, 1);
	pthread_mutex_init(&shelf->lock, NULL);
	if (!name_is_good(place->live))
		return error_set(err, -EINVAL, "\"%s\" cannot be the name of a log file",
			place->live);
	shelf->live = strdup(place->live);
	shelf->dateformat = strdup(format);
	if (!shelf->live || !shelf->dateformat)
		return error_errno(err, -ENOMEM, "%s", place->directory);
	r = open_both(shelf, place, err);
	if (r == 0)
		r = find_newest(shelf, err);
	if (r < 0)
		return r;
	*ret = TAKE(shelf);
	return 0;
}

static int put_away(struct shelf *shelf, int64_t stamp_s, int64_t number)
{
	char name[NAME_BYTES];

	if (!name_dated(name, shelf->live, shelf->dateformat, stamp_s, number))
		return -ENAMETOOLONG;
	if (renameat2(shelf->live_fd, shelf->live, shelf->archive_fd, name,
		    RENAME_NOREPLACE) < 0)
		return -errno;
	shelf->rotations++;
	shelf->last_stamp_s = stamp_s;
	shelf->last_number = number;
	return 0;
}

int shelf_put_away(struct shelf *shelf, struct wall now)
{
	int64_t stamp_s = name_stamp(shelf->live, shelf->dateformat, now.us / US_PER_S);
	int64_t number;
	int r;

	stamp_s = MAX(stamp_s, shelf->last_stamp_s);
	number = stamp_s == shelf->last_stamp_s ? shelf->last_number + 1 : 1;
	pthread_mutex_lock(&shelf->lock);
	do
		r = put_away(shelf, stamp_s, number);
	while (r == -EEXIST && number++ < NUMBERS_TRIED);
	pthread_mutex_unlock(&shelf->lock);
	return r;
}
