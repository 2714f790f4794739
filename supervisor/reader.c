/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reader.c - the child: gathers as root, parses as nobody.
 *
 * Not here: who starts it and takes its answer (reading.c).
 */
#include "supervisor/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#include "supervisor/accepted.h"
#include "supervisor/file_watch.h"
#include "supervisor/reader_words.h"
#include "supervisor/seal.h"

enum { NOBODY_UID = 65534, CPU_LIMIT_S = 10 };

const char *const reader_words[READER_WORDS] = { "people", "apply", "first", "boot",
	"accepted" };

/* ---- in the child -------------------------------------------------------------- */

/* What parsing and printing need: memory, and the pipe that is open. (qsort(3) asks
 * sysinfo(2) how much memory there is.) */
static const int allowed_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(lseek),
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(sysinfo),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int forbid_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(allowed_calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

static int become_harmless(void)
{
	const struct rlimit cpu = { CPU_LIMIT_S, CPU_LIMIT_S };

	if (setrlimit(RLIMIT_CPU, &cpu) < 0)
		return -errno;
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 ||
				      setresgid(NOBODY_UID, NOBODY_UID, NOBODY_UID) < 0 ||
				      setresuid(NOBODY_UID, NOBODY_UID, NOBODY_UID) < 0))
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return forbid_calls();
}

static int keep_problems(struct config *config, const struct problems *problems)
{
	for (size_t i = 0; i < problems->lines.count; i++)
		if (strings_add(&config->problems.lines, problems->lines.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

struct gathered {
	struct sources sources;
	struct problems problems;
	struct facts_of_host facts;
	struct accepted_shelf accepted;
	struct json_t *heads, *watches;
};

static void gathered_done(struct gathered *gathered)
{
	sources_done(&gathered->sources);
	problems_done(&gathered->problems);
	config_host_facts_done(&gathered->facts);
	accepted_shelf_done(&gathered->accepted);
	json_free(gathered->heads);
	json_free(gathered->watches);
}

static struct json_t *print_all(
	const struct gathered *gathered, const struct config *config, bool first)
{
	_cleanup_(json_freep) struct json_t *json = config_print(config);
	int r = json ? json_set(json, "watches", json_share(gathered->watches)) : -ENOMEM;

	if (r == 0 && first)
		r = json_set(
			json, "accepted", accepted_answer(&gathered->accepted, config));
	return r < 0 ? NULL : TAKE(json);
}

/* ---- a boot that finds all as it was accepted ---- */

static const struct accepted_item *find_item(
	const struct accepted_shelf *shelf, const char *name)
{
	for (size_t i = 0; i < shelf->count; i++) {
		if (strcmp(shelf->items[i].name, name) == 0)
			return &shelf->items[i];
	}
	return NULL;
}

/* Host and site as they were accepted, when their seal holds; else NULL. */
static struct json_t *find_sealed(const struct gathered *gathered)
{
	const struct accepted_item *host = find_item(&gathered->accepted, ACCEPTED_HOST);
	_cleanup_free_ char *made_of =
		sources_fingerprint(&gathered->sources, &gathered->facts);
	_cleanup_(json_freep) struct json_t *body = NULL;

	if (!host || !made_of || gathered->problems.lines.count > 0 ||
		gathered->accepted.problems.count > 0)
		return NULL;
	if (json_parse(&body, host->file.body, host->file.body_size, ACCEPTED_MAX_BYTES,
		    NULL) < 0 ||
		!seal_holds(json_get(body, "seal"), made_of, gathered->heads))
		return NULL;
	return TAKE(body);
}

/* A config without entries. */
static int tell_host(const struct gathered *gathered, struct json_t *body, int output_fd)
{
	struct text line = { 0 };
	_cleanup_free_ char *text = NULL;
	int r = json_set(body, "entries", json_new_array());

	r = r < 0 ? r : json_set(body, "watches", json_share(gathered->watches));
	text = r < 0 ? NULL : json_print(body, JSON_ONE_LINE);
	text_addf(&line, "%s\n", text ? text : "");
	r = text && !text_failed(&line) ? fd_write_all(output_fd, line.bytes, line.size)
					: -ENOMEM;
	text_done(&line);
	return r;
}

/* NAME, head and body, which stand in lines of their own and hold no tab. */
static int tell_service(const struct accepted_item *item, int output_fd)
{
	const struct accepted_file *file = &item->file;
	struct text line = { 0 };
	int r;

	text_addf(&line, "%s\t", item->name);
	text_add_bytes(&line, file->head_line, file->head_size);
	text_add(&line, "\t");
	text_add_bytes(&line, file->body, file->body_size);
	text_add(&line, "\n");
	r = text_failed(&line) ? -ENOMEM : fd_write_all(output_fd, line.bytes, line.size);
	text_done(&line);
	return r;
}

static int tell_services(const struct accepted_shelf *shelf, int output_fd)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < shelf->count; i++) {
		if (strcmp(shelf->items[i].name, ACCEPTED_HOST) != 0)
			r = tell_service(&shelf->items[i], output_fd);
	}
	return r;
}

static int tell_sealed(
	const struct gathered *gathered, struct json_t *body, int output_fd)
{
	int r = tell_host(gathered, body, output_fd);

	return r < 0 ? r : tell_services(&gathered->accepted, output_fd);
}

/* ---- otherwise ---- */

static int understand(
	const struct gathered *gathered, const struct reader_wish *wish, int output_fd)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(json_freep) struct json_t *json = NULL;
	_cleanup_free_ char *text = NULL;
	int r = config_build(&config, &gathered->sources, wish->paths, &gathered->facts);

	if (r == 0)
		r = keep_problems(config, &gathered->problems);
	if (r < 0)
		return r;
	json = print_all(gathered, config, wish->first);
	text = json ? json_print(json, JSON_ONE_LINE) : NULL;
	return text ? fd_write_all(output_fd, text, strlen(text)) : -ENOMEM;
}

static int complain(const char *what, int code)
{
	dprintf(STDERR_FILENO, "reader: %s: %s\n", what, strerror(-code));
	return EXIT_FAILURE;
}

/* inotify belongs to whoever holds it: what is added here, the supervisor hears. */
struct looking {
	int watch_fd;
	struct json_t *watches;
};

static void look(void *data, const char *directory)
{
	const struct looking *looking = data;
	int number = looking->watch_fd >= 0 ? file_watch_add(looking->watch_fd, directory)
					    : -1;

	if (number >= 0)
		(void)json_append(looking->watches, json_new_int(number));
}

static int gather_accepted(struct gathered *gathered, const struct reader_wish *wish)
{
	_cleanup_free_ char *directory = text_format("%s/accepted", wish->paths->state);
	int r = directory ? accepted_gather(&gathered->accepted, directory) : -ENOMEM;

	if (r < 0)
		return r;
	gathered->heads = accepted_heads(&gathered->accepted);
	gathered->sources.accepted = gathered->heads;
	return gathered->heads ? 0 : -ENOMEM;
}

static int gather(struct gathered *gathered, const struct reader_wish *wish)
{
	struct looking looking = { wish->watch_fd, gathered->watches };
	int r;

	if (wish->takeover)
		return gather_accepted(gathered, wish);
	gathered->sources.look = look;
	gathered->sources.look_data = &looking;
	r = sources_gather(&gathered->sources, wish->paths, &gathered->problems);
	gathered->sources.accepted = wish->accepted;
	return r == 0 && wish->first ? gather_accepted(gathered, wish) : r;
}

static int run(const struct reader_wish *wish)
{
	/* jansson takes its seed from /dev/urandom at the first object: now, while it
	 * may */
	_cleanup_(
		gathered_done) struct gathered gathered = { .watches = json_new_array() };
	_cleanup_(json_freep) struct json_t *seeded = json_new_object(), *sealed = NULL;
	int r = config_host_facts(&gathered.facts);

	if (r < 0 || !seeded || !gathered.watches)
		return complain("facts of this host", r);
	r = gather(&gathered, wish);
	if (r < 0)
		return complain("gathering the files", r);
	r = become_harmless();
	if (r < 0)
		return complain("giving up privileges", r);
	sealed = wish->boot ? find_sealed(&gathered) : NULL;
	r = wish->takeover ? tell_services(&gathered.accepted, STDOUT_FILENO)
	    : sealed       ? tell_sealed(&gathered, sealed, STDOUT_FILENO)
			   : understand(&gathered, wish, STDOUT_FILENO);
	return r < 0 ? complain("declarations", r) : EXIT_SUCCESS;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* From the supervisor; NULL when there is none. */
static int read_accepted(struct json_t **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (!is_open(READER_ACCEPTED_FD))
		return 0;
	if (lseek(READER_ACCEPTED_FD, 0, SEEK_SET) < 0)
		return -errno;
	r = fd_read_all(&text, &size, READER_ACCEPTED_FD, DEED_OUTPUT_MAX_BYTES);
	return r < 0 ? r : json_parse(ret, text, size, DEED_OUTPUT_MAX_BYTES, NULL);
}

static enum reader_word word_of(const char *what)
{
	for (int word = 0; what && word < READER_WORDS; word++) {
		if (strcmp(what, reader_words[word]) == 0)
			return (enum reader_word)word;
	}
	return READ_PEOPLE;
}

int reader_run(const struct paths *paths, const char *what)
{
	const enum reader_word word = word_of(what);
	_cleanup_(json_freep) struct json_t *accepted = NULL;
	struct reader_wish wish = { .paths = paths,
		.watch_fd = word != READ_PEOPLE && is_open(READER_WATCH_FD)
				    ? READER_WATCH_FD
				    : -1,
		.first = word == READ_FIRST || word == READ_BOOT,
		.boot = word == READ_BOOT,
		.takeover = word == READ_ACCEPTED };
	int r = word == READ_PEOPLE ? 0 : read_accepted(&accepted);

	if (r < 0)
		return complain("what was accepted", r);
	wish.accepted = accepted;
	return run(&wish);
}
