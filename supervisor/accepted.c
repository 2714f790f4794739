/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * accepted.c - the format of accepted files, and which of them matter at a first look.
 *
 * A file that is damaged is as if it were not there, with a line that says so: it is only
 * needed when the declaration itself cannot be used.
 */
#include "supervisor/accepted.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

static const char magic[] = "svcd-accepted 1 ";
enum { CHECKSUM_BYTES = 16, HASH_BYTES = CHECKSUM_BYTES + 1 };

static void hash_text(char ret[static HASH_BYTES], const void *bytes, size_t size)
{
	snprintf(ret, HASH_BYTES, "%016llx", text_hash(bytes, size));
}

/* ---- one file ------------------------------------------------------------------ */

static int check_first_line(const char *bytes, size_t size, struct error *err)
{
	const size_t first = strlen(magic) + CHECKSUM_BYTES + strlen("\n");
	char checksum[HASH_BYTES];

	if (size < first || memcmp(bytes, magic, strlen(magic)) != 0)
		return error_set(
			err, -EINVAL, "not an accepted declaration of this version");
	hash_text(checksum, bytes + first, size - first);
	if (memcmp(bytes + strlen(magic), checksum, CHECKSUM_BYTES) != 0 ||
		bytes[first - 1] != '\n')
		return error_set(err, -EINVAL, "damaged: its checksum is another");
	return (int)first;
}

int accepted_parse(
	struct accepted_file *ret, const char *bytes, size_t size, struct error *err)
{
	struct accepted_file file = { 0 };
	const char *end;
	int r = check_first_line(bytes, size, err);

	if (r < 0)
		return r;
	assert(bytes); /* an empty one has no first line */
	bytes += r;
	size -= (size_t)r;
	end = memchr(bytes, '\n', size);
	if (!end || size < 2 || bytes[size - 1] != '\n' || end == bytes + size - 1)
		return error_set(err, -EINVAL, "damaged: cut off");
	r = json_parse(&file.head, bytes, (size_t)(end - bytes), ACCEPTED_MAX_BYTES, err);
	if (r < 0)
		return r;
	if (json_kind(json_get(file.head, "pins")) != JSON_IS_MAP ||
		!json_get_text(file.head, "hash", NULL)) {
		json_free(file.head);
		return error_set(err, -EINVAL, "damaged: its head says nothing");
	}
	file.head_line = bytes;
	file.head_size = (size_t)(end - bytes);
	file.body = end + 1;
	file.body_size = (size_t)(bytes + size - 1 - file.body);
	*ret = file;
	return 0;
}

char *accepted_print(const struct json_t *head, const char *body)
{
	_cleanup_free_ char *first = json_print(head, JSON_ONE_LINE), *rest = NULL;
	char checksum[HASH_BYTES];

	if (first && body)
		rest = text_format("%s\n%s\n", first, body);
	if (!rest)
		return NULL;
	hash_text(checksum, rest, strlen(rest));
	return text_format("%s%s\n%s", magic, checksum, rest);
}

struct json_t *accepted_head(const struct acceptance *acceptance, struct wall at)
{
	_cleanup_(json_freep) struct json_t *head = json_new_object();
	struct json_t *pins = acceptance->pins;
	int r = head ? json_set_text(head, "hash", acceptance->hash) : -ENOMEM;

	r = r < 0 ? r : json_set_int(head, "asked", acceptance->asked);
	r = r < 0 ? r
		  : json_set(head, "pins", pins ? json_share(pins) : json_new_object());
	r = r < 0 ? r : json_set_int(head, "at_us", at.us);
	return r < 0 ? NULL : TAKE(head);
}

int accepted_read(struct declaration **ret, struct json_t *body,
	const struct json_t *head, struct error *err)
{
	int r = declaration_read(ret, body, err);

	if (r == 0)
		(*ret)->asked = json_get_int(head, "asked", 0);
	return r;
}

struct json_t *accepted_pend(const struct json_t *head, struct wall since)
{
	_cleanup_(json_freep) struct json_t *other = json_clone(head);

	if (!other)
		return NULL;
	json_remove(other, "pending_us");
	if (since.us != 0 && json_set_int(other, "pending_us", since.us) < 0)
		return NULL;
	return TAKE(other);
}

struct wall accepted_pending(const struct json_t *head)
{
	return (struct wall){ json_get_int(head, "pending_us", 0) };
}

bool accepted_same(const struct json_t *a, const struct json_t *b)
{
	return text_equal(json_get_text(a, "hash", NULL), json_get_text(b, "hash", "")) &&
	       json_get_int(a, "asked", -1) == json_get_int(b, "asked", -1) &&
	       json_same(json_get(a, "pins"), json_get(b, "pins"));
}

void accepted_upstream(const struct json_t *old_pins, const struct json_t *new_pins,
	char *ret, size_t size)
{
	const char *key;
	struct json_t *value;
	size_t used = 0;

	ret[0] = '\0';
	json_each((struct json_t *)(uintptr_t)new_pins, key, value)
	{
		const struct json_t *old = json_get(old_pins, key);

		if (!old || json_same(old, value) || strcmp(key, "file") == 0 ||
			used >= size)
			continue;
		used += (size_t)snprintf(
			ret + used, size - used, "%s%.200s", used ? ", " : "", key);
	}
}

/* ---- all files ----------------------------------------------------------------- */

/* Why what was opened is not ours; NULL: it is. */
static const char *distrust(const struct stat *info)
{
	if (!S_ISREG(info->st_mode))
		return "not a regular file";
	if ((info->st_uid != 0 && info->st_uid != geteuid()) ||
		(info->st_mode & (S_IWGRP | S_IWOTH)))
		return "others than root can write it";
	return NULL;
}

static int read_bytes(
	char **ret, size_t *ret_size, int directory, const char *name, struct error *err)
{
	_cleanup_close_ int fd =
		openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *why;
	struct stat info;
	int r;

	if (fd < 0 || fstat(fd, &info) < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	why = distrust(&info);
	if (why)
		return error_set(err, -EPERM, "%s", why);
	r = fd_read_all(ret, ret_size, fd, ACCEPTED_MAX_BYTES);
	return r < 0 ? error_set(err, r, "%s", strerror(-r)) : 0;
}

static int add_item(struct accepted_shelf *shelf, struct accepted_item *item)
{
	struct accepted_item *items =
		reallocarray(shelf->items, shelf->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	shelf->items = items;
	items[shelf->count++] = *item;
	*item = (struct accepted_item){ 0 };
	return 0;
}

static void item_done(struct accepted_item *item)
{
	json_free(item->file.head);
	free(item->bytes);
	free(item->name);
}

static int take_item(struct accepted_shelf *shelf, int directory, const char *name)
{
	_cleanup_(item_done) struct accepted_item item = { .name = strdup(name) };
	_cleanup_free_ char *line = NULL;
	struct error err = { 0 };
	size_t size = 0;
	int r = read_bytes(&item.bytes, &size, directory, name, &err);

	if (r == 0)
		r = accepted_parse(&item.file, item.bytes, size, &err);
	if (r == -ENOMEM || !item.name)
		return -ENOMEM;
	if (r == 0)
		return add_item(shelf, &item);
	line = text_format("accepted declaration %s is ignored: %s", name, err.text);
	return line ? strings_add(&shelf->problems, line) : -ENOMEM;
}

/* What keeping.c had no time to rename ends in ".new". */
static bool is_name(const char *name)
{
	return name[0] != '.' && !strchr(name, '.');
}

static int by_item_name(const void *a, const void *b)
{
	return strcmp(((const struct accepted_item *)a)->name,
		((const struct accepted_item *)b)->name);
}

int accepted_gather(struct accepted_shelf *ret, const char *path)
{
	struct accepted_shelf shelf = { 0 };
	DIR *directory = opendir(path);
	const struct dirent *item;
	int r = 0;

	while (r == 0 && directory && (item = readdir(directory)) &&
		shelf.count < CONFIG_MAX_SERVICES + 1)
		if (is_name(item->d_name))
			r = take_item(&shelf, dirfd(directory), item->d_name);
	if (directory)
		closedir(directory);
	if (shelf.count > 0)
		qsort(shelf.items, shelf.count, sizeof(*shelf.items), by_item_name);
	if (r < 0)
		accepted_shelf_done(&shelf);
	*ret = shelf;
	return r;
}

void accepted_shelf_done(struct accepted_shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		item_done(&shelf->items[i]);
	free(shelf->items);
	strings_done(&shelf->problems);
	*shelf = (struct accepted_shelf){ 0 };
}

struct json_t *accepted_heads(const struct accepted_shelf *shelf)
{
	_cleanup_(json_freep) struct json_t *heads = json_new_object();
	int r = heads ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < shelf->count; i++)
		r = json_set(heads, shelf->items[i].name,
			json_share(shelf->items[i].file.head));
	return r < 0 ? NULL : TAKE(heads);
}

/* ---- a first look -------------------------------------------------------------- */

static int by_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct entry *)item)->name);
}

/* What is on disk now is what was accepted, or may be: it can run as it is there. */
static bool is_as_accepted(const struct accepted_item *item, const struct config *config)
{
	const struct entry *entry =
		config->entries_count == 0
			? NULL
			: bsearch(item->name, config->entries, config->entries_count,
				  sizeof(config->entries[0]), by_name);

	return entry && entry->declaration && entry->here &&
	       json_same(json_get(item->file.head, "pins"), entry->pins);
}

static bool is_needed(const struct accepted_item *item, const struct config *config)
{
	const bool whole = config->host_refused || config->site_refused;

	return whole ||
	       (strcmp(item->name, ACCEPTED_HOST) != 0 && !is_as_accepted(item, config));
}

static int add_body(struct json_t *bodies, const struct accepted_item *item)
{
	struct json_t *body;
	int r = json_parse(
		&body, item->file.body, item->file.body_size, ACCEPTED_MAX_BYTES, NULL);

	/* the checksum was right: it was written so */
	return r == -EINVAL ? 0 : r < 0 ? r : json_set(bodies, item->name, body);
}

struct json_t *accepted_answer(
	const struct accepted_shelf *shelf, const struct config *config)
{
	_cleanup_(json_freep) struct json_t *answer = json_new_object();
	struct json_t *bodies = json_new_object(), *problems = json_new_array();
	int r = answer && bodies && problems ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < shelf->count; i++)
		if (is_needed(&shelf->items[i], config))
			r = add_body(bodies, &shelf->items[i]);
	for (size_t i = 0; r == 0 && i < shelf->problems.count; i++)
		r = json_append_text(problems, shelf->problems.items[i]);
	r |= json_set(answer, "bodies", bodies);
	r |= json_set(answer, "problems", problems);
	r |= json_set(answer, "heads", accepted_heads(shelf));
	return r < 0 ? NULL : TAKE(answer);
}
