/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * tidy.c - the repeatable steps.
 *
 * Names change under the shelf's lock; bytes are read and written without it. Not here:
 * the rotation itself (writer.c), what deserves which fate (policy.c).
 */
#include "logrotate/tidy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "logrotate/pack.h"

typedef int step_fn(struct tidy *tidy, struct shelf *shelf);

static int trouble(struct tidy *tidy, int code, const char *what, const char *name)
{
	return error_errno(&tidy->err, code, "%s %s", what, name);
}

static int remove_archive(struct tidy *tidy, struct shelf *shelf, const char *name)
{
	if (unlinkat(shelf->archive_fd, name, 0) < 0 && errno != ENOENT)
		return trouble(tidy, -errno, "cannot remove", name);
	return 0;
}

/* What a killed packing left behind. */
static int sweep_hidden(struct tidy *tidy, struct shelf *shelf)
{
	int fd = openat(shelf->archive_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!directory)
		return trouble(tidy, -errno, "cannot list the archives of", shelf->live);
	while (r == 0 && (entry = readdir(directory)))
		if (name_is_hidden(entry->d_name, shelf->live))
			r = remove_archive(tidy, shelf, entry->d_name);
	closedir(directory);
	return r;
}

static int list(struct tidy *tidy, struct shelf *shelf, struct archives *ret)
{
	int r = shelf_list(ret, shelf);

	return r < 0 ? trouble(tidy, r, "cannot list the archives of", shelf->live) : 0;
}

static bool same_place(const struct archive *a, const struct archive *b)
{
	return a->dated == b->dated && a->stamp_s == b->stamp_s && a->number == b->number;
}

/* A packed archive gets its name only when it is whole: then the plain one is not
 * needed. */
static int drop_unpacked_twins(struct tidy *tidy, struct shelf *shelf)
{
	_cleanup_(archives_done) struct archives all = { 0 };
	int r = list(tidy, shelf, &all);

	for (size_t i = 0; r == 0 && i + 1 < all.count; i++)
		if (same_place(&all.items[i], &all.items[i + 1]) &&
			all.items[i].packed == COMPRESS_NONE)
			r = remove_archive(tidy, shelf, all.items[i].name);
	return r;
}

static int move(struct tidy *tidy, struct shelf *shelf, const char *from, const char *to)
{
	int fd = shelf->archive_fd;

	if (renameat2(fd, from, fd, to, RENAME_NOREPLACE) < 0)
		return trouble(tidy, -errno, "cannot rename to", to);
	return 0;
}

static int move_to_number(struct tidy *tidy, struct shelf *shelf,
	const struct archive *archive, int64_t number)
{
	char to[NAME_BYTES];

	if (snprintf(to, sizeof(to), "%s.%lld%s", shelf->live, (long long)number,
		    pack_suffix(archive->packed)) >= NAME_BYTES)
		return trouble(tidy, -ENAMETOOLONG, "cannot number", archive->name);
	return move(tidy, shelf, archive->name, to);
}

/* Makes .1 free: the numbers below the first hole move up, the highest first. */
static int shift_numbers(struct tidy *tidy, struct shelf *shelf,
	const struct archive *numbered, size_t count)
{
	size_t hole = 0;
	int r = 0;

	while (hole < count && numbered[hole].number == (int64_t)hole + 1)
		hole++;
	while (r == 0 && hole-- > 0)
		r = move_to_number(
			tidy, shelf, &numbered[hole], numbered[hole].number + 1);
	return r;
}

/* The oldest archive that has a date becomes .1; 1: there may be more, 0: none was
 * left. */
static int number_one(struct tidy *tidy, struct shelf *shelf)
{
	_cleanup_(archives_done) struct archives all = { 0 };
	size_t dated = 0;
	int r = list(tidy, shelf, &all);

	while (dated < all.count && all.items[dated].dated)
		dated++;
	if (r < 0 || dated == 0)
		return r;
	r = shift_numbers(tidy, shelf, all.items + dated, all.count - dated);
	if (r == 0)
		r = move_to_number(tidy, shelf, &all.items[dated - 1], 1);
	return r < 0 ? r : 1;
}

static int give_numbers(struct tidy *tidy, struct shelf *shelf)
{
	int r = tidy->policy.numbered ? 1 : 0;

	while (r > 0) {
		pthread_mutex_lock(&shelf->lock);
		r = number_one(tidy, shelf);
		pthread_mutex_unlock(&shelf->lock);
	}
	return r;
}

/* All logs of the service at once: they share `total`. */
static int remove_surplus(struct tidy *tidy, bool total)
{
	struct archives all[TIDY_SHELVES] = { 0 };
	struct shelf_view views[TIDY_SHELVES];
	size_t count = 0;
	int r = 0;

	for (; r == 0 && count < TIDY_SHELVES && tidy->shelves[count]; count++) {
		r = list(tidy, tidy->shelves[count], &all[count]);
		views[count] = (struct shelf_view){ all[count].items, all[count].count };
		policy_prune(
			&tidy->policy, all[count].items, all[count].count, tidy->now);
	}
	if (r == 0 && total)
		policy_total(&tidy->policy, views, count, tidy->live_bytes);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; r == 0 && j < all[i].count; j++)
			if (all[i].items[j].fate == FATE_REMOVE)
				r = remove_archive(
					tidy, tidy->shelves[i], all[i].items[j].name);
		archives_done(&all[i]);
	}
	return r;
}

/* Packs `from` into the new hidden file `to`, with the times of `from`. */
static int pack_bytes(struct tidy *tidy, int from, int to)
{
	struct timespec times[2];
	struct stat info;
	int r = pack_fd(from, to, tidy->policy.compress, tidy->policy.level, tidy->stop);

	if (r < 0)
		return r;
	if (fstat(from, &info) < 0)
		return -errno;
	times[0] = info.st_atim;
	times[1] = info.st_mtim;
	if (fchmod(to, info.st_mode & 0777) < 0 || futimens(to, times) < 0 ||
		fdatasync(to) < 0)
		return -errno;
	return 0;
}

static int publish(struct shelf *shelf, const char *hidden, const char *packed)
{
	int fd = shelf->archive_fd, r;

	pthread_mutex_lock(&shelf->lock);
	r = renameat2(fd, hidden, fd, packed, RENAME_NOREPLACE) < 0 ? -errno : 0;
	pthread_mutex_unlock(&shelf->lock);
	/* Only when the new name is on the disk may the plain file go. */
	return r < 0 ? r : fsync(fd) < 0 ? -errno : 0;
}

static int pack_archive(struct tidy *tidy, struct shelf *shelf, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char packed[NAME_BYTES], hidden[NAME_BYTES];
	_cleanup_close_ int from = -1, to = -1;
	int r;

	if (snprintf(packed, sizeof(packed), "%s%s", name,
		    pack_suffix(tidy->policy.compress)) >= NAME_BYTES ||
		!name_hidden(hidden, packed))
		return trouble(tidy, -ENAMETOOLONG, "cannot pack", name);
	from = shelf_open(shelf, name);
	if (from < 0)
		return trouble(tidy, from, "cannot open", name);
	to = openat(shelf->archive_fd, hidden, flags, 0640);
	if (to < 0)
		return trouble(tidy, -errno, "cannot pack", name);
	r = pack_bytes(tidy, from, to);
	if (r == 0)
		r = publish(shelf, hidden, packed);
	if (r < 0) {
		unlinkat(shelf->archive_fd, hidden, 0);
		return trouble(tidy, r, "cannot pack", name);
	}
	return remove_archive(tidy, shelf, name);
}

/* An archive that stays plain for now must be on the disk all the same. */
static int sync_archive(struct tidy *tidy, struct shelf *shelf, const char *name)
{
	_cleanup_close_ int fd = shelf_open(shelf, name);

	if (fd < 0)
		return trouble(tidy, fd, "cannot sync", name);
	if (fdatasync(fd) < 0)
		return trouble(tidy, -errno, "cannot sync", name);
	return 0;
}

static int pack_or_sync(struct tidy *tidy, struct shelf *shelf)
{
	_cleanup_(archives_done) struct archives all = { 0 };
	int r = list(tidy, shelf, &all);

	policy_prune(&tidy->policy, all.items, all.count, tidy->now);
	for (size_t i = all.count; r == 0 && i-- > 0 && !atomic_load(tidy->stop);) {
		const struct archive *archive = &all.items[i];

		if (archive->fate == FATE_PACK)
			r = pack_archive(tidy, shelf, archive->name);
		else if (i == 0 && archive->packed == COMPRESS_NONE)
			r = sync_archive(tidy, shelf, archive->name);
	}
	if (r == 0 && fsync(shelf->archive_fd) < 0)
		r = trouble(tidy, -errno, "cannot sync the directory of", shelf->live);
	return r;
}

static int each_shelf(struct tidy *tidy, step_fn *step)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < TIDY_SHELVES && tidy->shelves[i]; i++)
		r = step(tidy, tidy->shelves[i]);
	return r;
}

int tidy_run(struct tidy *tidy)
{
	static step_fn *const before[] = { sweep_hidden, drop_unpacked_twins,
		give_numbers };
	int surplus, r = 0;

	tidy->err = (struct error){ 0 };
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(before); i++)
		r = each_shelf(tidy, before[i]);
	/* By count and age first: that may be what makes room for packing. By bytes last:
	 * what is packed counts less. */
	if (r == 0)
		r = remove_surplus(tidy, false);
	if (r == 0)
		r = each_shelf(tidy, pack_or_sync);
	/* Whatever failed before: a damaged archive must not let a disk fill up. */
	surplus = remove_surplus(tidy, true);
	return r < 0 ? r : surplus;
}
