/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * failpoint.c - what is told for a name, and doing it.
 *
 * Words that cannot be read end the process: a test that tells nothing would pass.
 * Not here: where the points are. The only state is what this process was told; it has
 * one thread that passes points.
 */
#include "base/failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { ERRNO_MAX = 133, COUNT_MAX = 1000000 };

/* ---- the words -------------------------------------------------------------------- */

static int error_by_name(const char *name)
{
	for (int error = 1; error <= ERRNO_MAX; error++) {
		const char *known = strerrorname_np(error);

		if (known && strcmp(known, name) == 0)
			return error;
	}
	return 0;
}

static int read_count(const char *text, unsigned least, unsigned *ret)
{
	char *end = NULL;
	unsigned long count;

	*ret = least;
	if (!text)
		return 0;
	errno = 0;
	count = strtoul(text, &end, 10);
	if (errno || end == text || *end || count < 1 || count > COUNT_MAX)
		return -EINVAL;
	*ret = (unsigned)count;
	return 0;
}

/* "kill:3", "errno:EMFILE:1"; `text` is taken apart. */
static int read_fault(struct failpoint *ret, char *text)
{
	const char *word = strsep(&text, ":");

	if (strcmp(word, "errno") == 0) {
		const char *name = strsep(&text, ":");

		ret->fault = FAULT_ERROR;
		ret->error = name ? error_by_name(name) : 0;
		return ret->error ? read_count(text, 0, &ret->count) : -EINVAL;
	}
	if (strcmp(word, "kill") != 0 && strcmp(word, "stop") != 0)
		return -EINVAL;
	ret->fault = strcmp(word, "kill") == 0 ? FAULT_KILL : FAULT_STOP;
	return read_count(text, 1, &ret->count);
}

static int read_word(struct failpoint *ret, char *word)
{
	char *fault = strchr(word, '=');
	size_t size;

	if (!fault)
		return -EINVAL;
	*fault++ = '\0';
	size = strlen(word);
	if (size == 0 || size >= sizeof(ret->name))
		return -EINVAL;
	*ret = (struct failpoint){ 0 };
	memcpy(ret->name, word, size);
	return read_fault(ret, fault);
}

int failpoints_read(struct failpoints *ret, const char *words)
{
	char copy[FAILPOINTS_TEXT_BYTES], *rest = copy, *word;

	*ret = (struct failpoints){ 0 };
	if (strlen(words) >= sizeof(copy))
		return -E2BIG;
	memcpy(copy, words, strlen(words) + 1);
	while ((word = strsep(&rest, ",\n"))) {
		int r;

		if (!*word)
			continue;
		if (ret->count == FAILPOINTS_MAX)
			return -E2BIG;
		r = read_word(&ret->items[ret->count++], word);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_acted(const struct failpoint *failpoint)
{
	return failpoint->count > 0 && failpoint->hits >= failpoint->count;
}

enum fault failpoints_hit(struct failpoints *failpoints, const char *name, int *error)
{
	for (size_t i = 0; i < failpoints->count; i++) {
		struct failpoint *item = &failpoints->items[i];

		if (has_acted(item) || strcmp(item->name, name) != 0)
			continue;
		item->hits++;
		*error = item->error;
		if (item->fault == FAULT_ERROR || has_acted(item))
			return item->fault;
		return FAULT_NONE;
	}
	return FAULT_NONE;
}

void failpoints_print(const struct failpoints *failpoints, FILE *out)
{
	for (size_t i = 0; i < failpoints->count; i++) {
		const struct failpoint *item = &failpoints->items[i];

		if (has_acted(item))
			continue;
		fprintf(out, "%s=", item->name);
		if (item->fault == FAULT_ERROR)
			fprintf(out, "errno:%s", strerrorname_np(item->error));
		else
			fputs(item->fault == FAULT_KILL ? "kill" : "stop", out);
		if (item->count > 0)
			fprintf(out, ":%u", item->count - item->hits);
		fputc('\n', out);
	}
}

/* ---- this process ----------------------------------------------------------------- */

struct told {
	const char *path; /* NULL: words in the environment */
	char text[FAILPOINTS_TEXT_BYTES];
	struct failpoints failpoints;
	bool begun;
};

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "SVCD_FAILPOINTS: %s\n", what);
	abort();
}

/* The same words as last time go on being counted. */
static void tell(struct told *told, const char *text)
{
	if (told->begun && strcmp(told->text, text) == 0)
		return;
	told->begun = true;
	if (failpoints_read(&told->failpoints, text) < 0)
		give_up(text);
	memcpy(told->text, text, strlen(text) + 1);
}

static void read_file(struct told *told)
{
	char text[FAILPOINTS_TEXT_BYTES] = "";
	_cleanup_close_ int fd = open(told->path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		give_up(told->path);
	tell(told, text);
}

/* Takes out what has acted. By another name first: who reads sees all or nothing. */
static void write_file(struct told *told)
{
	_cleanup_fclose_ FILE *file = NULL;
	char *path = NULL;

	if (asprintf(&path, "%s.new", told->path) < 0)
		give_up("no memory");
	file = fopen(path, "we");
	if (!file)
		give_up(path);
	failpoints_print(&told->failpoints, file);
	if (fflush(file) != 0 || rename(path, told->path) < 0)
		give_up(path);
	free(path);
	/* what is counted of the others is counted on */
	read_file(told);
}

static void look(struct told *told)
{
	const char *given = secure_getenv("SVCD_FAILPOINTS");

	if (!told->begun && given && given[0] == '/')
		told->path = given;
	if (told->path)
		read_file(told);
	else if (!told->begun)
		tell(told, given ? given : "");
}

int failpoint_hit(const char *name)
{
	static struct told
		told; /* NOLINT(cppcoreguidelines-avoid-non-const-global-variables) */
	int before = errno, error = 0;
	enum fault fault;

	look(&told);
	fault = failpoints_hit(&told.failpoints, name, &error);
	if (fault != FAULT_NONE && told.path)
		write_file(&told);
	if (fault == FAULT_KILL)
		(void)raise(SIGKILL);
	if (fault == FAULT_STOP)
		(void)raise(SIGSTOP);
	errno = fault == FAULT_ERROR ? error : before;
	return fault == FAULT_ERROR ? -error : 0;
}

void failpoint_hit_words(const char *const *words)
{
	char name[FAILPOINT_NAME_BYTES] = "";
	size_t size = 0;

	for (; *words && size < sizeof(name); words++)
		size += (size_t)snprintf(name + size, sizeof(name) - size, "%s%s",
			size > 0 ? "." : "", *words);
	(void)failpoint_hit(name);
}

/* ---- the table -------------------------------------------------------------------- */

/* The ends of the section, by the linker's names; NULL when nothing is in it. */
extern const char names_begin[] __asm__("__start_failpoints")
	__attribute__((weak, visibility("hidden")));
extern const char names_end[] __asm__("__stop_failpoints")
	__attribute__((weak, visibility("hidden")));

bool failpoint_print_names(FILE *out)
{
	const char *at = names_begin;

	/* between two names there may be more than one zero, to align them */
	/* cppcheck-suppress comparePointers ; they are the ends of one section */
	while (at && at < names_end) {
		if (*at)
			fprintf(out, "%s\n", at);
		at += strlen(at) + 1;
	}
	return names_begin != NULL;
}
