/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reader.c - gather as root, parse as nobody.
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

enum { NOBODY_UID = 65534, CPU_LIMIT_S = 10, WATCH_FD = 4, ACCEPTED_FD };
/* What is said behind --read. */
static const char for_people[] = "people", for_first_look[] = "first";

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
	_cleanup_(json_freep) struct json_t *seeded = json_new_object();
	int r = config_host_facts(&gathered.facts);

	if (r < 0 || !seeded || !gathered.watches)
		return complain("facts of this host", r);
	r = gather(&gathered, wish);
	if (r < 0)
		return complain("gathering the files", r);
	r = become_harmless();
	if (r < 0)
		return complain("giving up privileges", r);
	r = understand(&gathered, wish, STDOUT_FILENO);
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

	if (!is_open(ACCEPTED_FD))
		return 0;
	if (lseek(ACCEPTED_FD, 0, SEEK_SET) < 0)
		return -errno;
	r = fd_read_all(&text, &size, ACCEPTED_FD, DEED_OUTPUT_MAX_BYTES);
	return r < 0 ? r : json_parse(ret, text, size, DEED_OUTPUT_MAX_BYTES, NULL);
}

int reader_run(const struct paths *paths, const char *what)
{
	const bool people = !what || strcmp(what, for_people) == 0;
	_cleanup_(json_freep) struct json_t *accepted = NULL;
	struct reader_wish wish = { .paths = paths,
		.watch_fd = !people && is_open(WATCH_FD) ? WATCH_FD : -1,
		.first = !people && strcmp(what, for_first_look) == 0 };
	int r = people ? 0 : read_accepted(&accepted);

	if (r < 0)
		return complain("what was accepted", r);
	wish.accepted = accepted;
	return run(&wish);
}

/* ---- in the supervisor --------------------------------------------------------- */

struct reader {
	struct deed *deed;
	struct reader_plan plan;
};

static void on_done(void *owner, const struct deed_result *result, struct instant now)
{
	struct reader *reader = owner;
	struct reader_plan plan = reader->plan;
	_cleanup_(json_freep) struct json_t *json = NULL, *accepted = NULL,
					    *watches = NULL;
	struct reader_result answer = { 0 };
	struct error err = { 0 };
	int r;

	if (!result->ok)
		r = error_set(&err, -EIO, "%s", result->reason);
	else
		r = json_parse(&json, result->output, result->output_size,
			DEED_OUTPUT_MAX_BYTES, &err);
	if (r == 0)
		r = config_read(&answer.config, json, &err);
	answer.reason = r < 0 ? err.text : NULL;
	answer.accepted = accepted = json_share(json_get(json, "accepted"));
	answer.watches = watches = json_share(json_get(json, "watches"));
	/* large, and `done` begins to fork */
	json_free(TAKE(json));
	/* `done` may free the reader, and with it the deed and its result */
	plan.done(plan.owner, &answer, now);
}

static void give(struct spawn_spec *spec, int fd, int target)
{
	spec->fds[spec->fds_count].fd = fd;
	spec->fds[spec->fds_count].target = target;
	spec->fds_count++;
}

/* What was accepted before, as a file without a name. */
static int print_accepted(int *ret_fd, const struct json_t *accepted)
{
	_cleanup_free_ char *text = json_print(accepted, JSON_ONE_LINE);
	int fd = text ? fd_sealed("accepted", text, strlen(text)) : -ENOMEM;

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int add_words(struct strings *words, const struct reader_wish *wish)
{
	int r = strings_add(words, "/proc/self/exe");

	if (r == 0 && wish->paths->root[0])
		r = strings_add(words, "--root");
	if (r == 0 && wish->paths->root[0])
		r = strings_add(words, wish->paths->root);
	if (r == 0)
		r = strings_add(words, wish->first ? "--read=first" : "--read=apply");
	return r;
}

/* The program anew, and no copy of this process: secrets pass through here. */
static int start(struct reader *reader, const struct reader_plan *plan,
	const struct strings *words)
{
	const struct reader_wish *wish = &plan->wish;
	_cleanup_close_ int accepted = -1;
	struct spawn_spec spec = spawn_plain("reading the declarations");
	struct deed_plan deed = { .spec = &spec,
		.timeout_ms = READER_TIMEOUT_MS,
		.done = on_done,
		.owner = reader };

	spec.argv = words;
	spec.environment = (const char *const *)environ;
	spec.keep_privileges = true;
	spec.core_bytes = 0;
	if (wish->watch_fd >= 0)
		give(&spec, wish->watch_fd, WATCH_FD);
	if (wish->accepted) {
		int r = print_accepted(&accepted, wish->accepted);

		if (r < 0)
			return r;
		give(&spec, accepted, ACCEPTED_FD);
	}
	return deed_start(&reader->deed, plan->loop, plan->cgroups, &deed);
}

int reader_start(struct reader **ret, const struct reader_plan *plan)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	struct strings words = { 0 };
	int r;

	if (!reader)
		return -ENOMEM;
	reader->plan = *plan;
	r = add_words(&words, &plan->wish);
	if (r == 0)
		r = start(reader, plan, &words);
	strings_done(&words);
	if (r < 0) {
		free(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

struct reader *reader_free(struct reader *reader)
{
	if (!reader)
		return NULL;
	deed_free(reader->deed);
	free(reader);
	return NULL;
}
