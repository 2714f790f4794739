/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper.c - a real keeper with a pretend supervisor: this same program, by other names.
 *
 * The supervisor obeys orders, a line each from one fifo, and tells what it sees through
 * another; the test reads lines and waits for nothing else.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/orphans.h"

#include "tests/test.h"

enum {
	ANSWER_MS = 20000,
	LINE_BYTES = 512,
	WATCHDOG_MS = 450,
	MANY = 100,
	EXIT_ALONE = 5
};

/* ---- the pretend supervisor ---------------------------------------------------- */

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
	int fd = open(getenv("TEST_ANSWERS"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	va_list args;

	va_start(args, format);
	if (fd >= 0)
		vdprintf(fd, format, args);
	va_end(args);
	if (fd >= 0)
		close(fd);
}

static void keep(const char *name)
{
	char text[LINE_BYTES];
	int fd = memfd_create(name, 0);

	if (write(fd, name, strlen(name)) < 0)
		_exit(EXIT_FAILURE);
	snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	sd_pid_notify_with_fds(0, 0, text, &fd, 1);
	close(fd);
}

static int find_fd(char **names, const char *name)
{
	for (int i = 0; names && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return SD_LISTEN_FDS_START + i;
	return -1;
}

/* Its parent ends at once: the keeper inherits it, and sees it end. */
static void make_orphan(int status)
{
	pid_t parent = fork();

	if (parent == 0) {
		pid_t pid = fork();
		uint64_t start = 0;

		if (pid == 0) {
			while (getppid() != atoi(getenv("TEST_KEEPER")))
				sched_yield();
			_exit(status);
		}
		process_start(pid, &start);
		tell("orphan %d %llu\n", pid, (unsigned long long)start);
		_exit(EXIT_SUCCESS);
	}
	waitpid(parent, NULL, 0);
}

static void say(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == '|')
			*at = '\n';
	sd_notify(0, text);
}

static void obey(char **names, char *order)
{
	char *what = strchr(order, ' '), text[LINE_BYTES] = "";

	if (what)
		*what++ = '\0';
	if (strcmp(order, "keep") == 0)
		keep(what);
	else if (strcmp(order, "say") == 0)
		say(what);
	else if (strcmp(order, "orphan") == 0)
		make_orphan(atoi(what));
	else if (strcmp(order, "has") == 0)
		tell("%s\n", find_fd(names, what) >= 0 ? "yes" : "no");
	else if (strcmp(order, "read") == 0)
		tell("%s\n", pread(find_fd(names, what), text, sizeof(text) - 1, 0) < 0
				     ? "nothing"
				     : text);
	else if (strcmp(order, "signal") == 0)
		raise(atoi(what));
	tell("done\n");
}

static int read_line(int fd, char line[static LINE_BYTES])
{
	size_t size = 0;

	while (size < LINE_BYTES - 1 && read(fd, line + size, 1) == 1)
		if (line[size++] == '\n')
			break;
	line[size > 0 ? size - 1 : 0] = '\0';
	return size > 0;
}

static void on_signal(int number)
{
	tell("signal %d\n", number);
	_exit(EXIT_SUCCESS);
}

static _Noreturn void pretend(void)
{
	char **names = NULL, line[LINE_BYTES];
	int orders = open(getenv("TEST_ORDERS"), O_RDWR | O_CLOEXEC), keeper;

	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	sd_listen_fds_with_names(0, &names);
	snprintf(line, sizeof(line), "%d", getppid());
	setenv("TEST_KEEPER", line, 1);
	keeper = find_fd(names, "keeper");
	tell("up %d\n", getpid());
	if (access(getenv("TEST_DIE"), F_OK) == 0)
		raise(SIGKILL);
	for (;;) {
		struct pollfd polled[] = { { .fd = orders, .events = POLLIN },
			{ .fd = keeper, .events = POLLIN } };

		poll(polled, 2, -1);
		if (polled[1].revents && !read_line(keeper, line)) {
			tell("alone\n");
			_exit(EXIT_ALONE);
		}
		if (polled[1].revents)
			tell("keeper: %s\n", line);
		if (polled[0].revents && read_line(orders, line)) {
			keeper = strcmp(line, "deaf") == 0 ? -1 : keeper;
			obey(names, line);
		}
	}
}

/* The program that the keeper executes anew. */
static int be_the_keeper(int argc, char **argv)
{
	struct error err = { 0 };

	if (argc > 1)
		return access(getenv("TEST_BROKEN"), F_OK) == 0 ? 3 : EXIT_SUCCESS;
	log_init("svcd", getenv("TEST_LOUD") ? LOG_DEBUG : LOG_EMERG);
	return keeper_run(getenv("TEST_ROOT"), argv, &err) < 0 ? EXIT_FAILURE
							       : EXIT_SUCCESS;
}

/* ---- the scene ----------------------------------------------------------------- */

struct scene {
	char root[64], program[96];
	int answers, orders; /* fifos; open for both, so that reading never sees an end */
	int outer;           /* what systemd would listen on */
	pid_t keeper, supervisor;
};

static void answer(const struct scene *scene, char line[static LINE_BYTES])
{
	struct pollfd polled = { .fd = scene->answers, .events = POLLIN };

	if (poll(&polled, 1, ANSWER_MS) != 1)
		fail_msg("no answer");
	assert_true(read_line(scene->answers, line));
}

static void expect(const struct scene *scene, const char *want)
{
	char line[LINE_BYTES];

	answer(scene, line);
	assert_string_equal(line, want);
}

/* Whatever else is told before. */
static void expect_soon(const struct scene *scene, const char *want)
{
	char line[LINE_BYTES];

	do
		answer(scene, line);
	while (strcmp(line, want) != 0);
}

static void expect_up(struct scene *scene)
{
	char line[LINE_BYTES];

	answer(scene, line);
	assert_int_equal(sscanf(line, "up %d", &scene->supervisor), 1);
}

static void order(const struct scene *scene, const char *what)
{
	char line[LINE_BYTES];
	int size = snprintf(line, sizeof(line), "%s\n", what);

	assert_int_equal(write(scene->orders, line, (size_t)size), size);
}

static void ask(const struct scene *scene, const char *what, const char *want)
{
	order(scene, what);
	expect(scene, want);
	expect(scene, "done");
}

static void do_it(const struct scene *scene, const char *what)
{
	order(scene, what);
	expect(scene, "done");
}

static void begin(struct scene *scene)
{
	scene->keeper = fork();
	assert_true(scene->keeper >= 0);
	if (scene->keeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(scene->program, scene->program, NULL);
		_exit(EXIT_FAILURE);
	}
}

static int make_fifo(const struct scene *scene, const char *name, const char *variable)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", scene->root, name);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	setenv(variable, path, 1);
	return fd;
}

static int listen_like_systemd(const struct scene *scene)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/outer", scene->root);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	return fd;
}

static void name_file(const struct scene *scene, const char *name, const char *variable)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", scene->root, name);
	setenv(variable, path, 1);
}

static int set_up(void **state)
{
	static struct scene scene;
	char link[128], self[4096] = "";

	snprintf(scene.root, sizeof(scene.root), "/tmp/keeper-test-XXXXXX");
	assert_non_null(mkdtemp(scene.root));
	snprintf(scene.program, sizeof(scene.program), "%s/svcd", scene.root);
	snprintf(link, sizeof(link), "%s/svcd-supervisor", scene.root);
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_int_equal(symlink(self, link), 0);
	assert_int_equal(symlink(self, scene.program), 0);
	setenv("SVCD_LIBEXEC", scene.root, 1);
	setenv("TEST_ROOT", scene.root, 1);
	name_file(&scene, "die", "TEST_DIE");
	name_file(&scene, "broken", "TEST_BROKEN");
	unsetenv("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	scene.answers = make_fifo(&scene, "answers", "TEST_ANSWERS");
	scene.orders = make_fifo(&scene, "orders", "TEST_ORDERS");
	scene.outer = -1;
	/* who is left over is ours to reap */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	*state = &scene;
	return 0;
}

static int set_up_and_begin(void **state)
{
	set_up(state);
	begin(*state);
	expect_up(*state);
	return 0;
}

static int set_up_below_systemd(void **state)
{
	struct scene *scene;

	set_up(state);
	scene = *state;
	scene->outer = listen_like_systemd(scene);
	begin(scene);
	expect_up(scene);
	return 0;
}

static int set_up_watched(void **state)
{
	char text[32];

	set_up(state);
	snprintf(text, sizeof(text), "%d", WATCHDOG_MS * 1000);
	setenv("WATCHDOG_USEC", text, 1);
	begin(*state);
	expect_up(*state);
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	char command[128];

	if (scene->keeper > 0)
		kill(scene->keeper, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	close(scene->answers);
	close(scene->orders);
	if (scene->outer >= 0)
		close(scene->outer);
	snprintf(command, sizeof(command), "rm -r %s", scene->root);
	return system(command);
}

static int end_of(struct scene *scene)
{
	int status = -1;

	assert_int_equal(waitpid(scene->keeper, &status, 0), scene->keeper);
	scene->keeper = 0;
	return status;
}

static void make(const char *variable)
{
	int fd = open(getenv(variable), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* ---- a life after the other ------------------------------------------------------ */

static void a_supervisor_killed_by_sigkill_is_followed_by_one_that_has_its_fds(
	void **state)
{
	do_it(*state, "keep thing");
	do_it(*state, "keep other");
	do_it(*state, "say FDSTOREREMOVE=1|FDNAME=other");
	order(*state, "signal 9");
	expect_up(*state);
	ask(*state, "read thing", "thing");
	ask(*state, "has other", "no");
	ask(*state, "has control.sock", "yes");
	ask(*state, "has health.sock", "yes");
	ask(*state, "has log.sock", "yes");
	ask(*state, "has orphans", "no");
}

static void its_last_words_are_heard_also_when_it_is_dead(void **state)
{
	struct scene *scene = *state;

	/* the keeper sleeps while the supervisor speaks and dies */
	kill(scene->keeper, SIGSTOP);
	do_it(scene, "keep last");
	order(scene, "signal 9");
	waitid(P_PID, (id_t)scene->supervisor, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	kill(scene->keeper, SIGCONT);
	expect_up(scene);
	ask(scene, "read last", "last");
}

static void sigterm_and_sigint_reach_the_supervisor_as_what_they_are(void **state)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		char want[32];
		int status;

		assert_int_equal(kill(scene->keeper, numbers[i]), 0);
		snprintf(want, sizeof(want), "signal %d", numbers[i]);
		expect(scene, want);
		status = end_of(scene);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		begin(scene);
		expect_up(scene);
	}
}

/* A supervisor that dies while it stops everything has not: the next one is told. */
static void who_dies_while_all_is_stopped_is_followed_by_one_that_goes_on(void **state)
{
	struct scene *scene = *state;

	kill(scene->supervisor, SIGSTOP);
	kill(scene->keeper, SIGINT);
	kill(scene->supervisor, SIGKILL);
	expect_up(scene);
	order(scene, "say READY=1");
	expect_soon(scene, "signal 2");
	assert_int_equal(end_of(scene), 0);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void who_dies_at_once_waits_ever_longer(void **state)
{
	struct scene *scene = *state;
	double at, pause, before = 0;

	make("TEST_DIE");
	order(scene, "signal 9");
	expect_up(scene);
	at = seconds();
	for (int i = 0; i < 3; i++) {
		expect_up(scene);
		pause = seconds() - at;
		at += pause;
		assert_true(pause > before);
		before = pause;
	}
	assert_true(before >= 0.35); /* 0.1, 0.2, 0.4 */
	assert_int_equal(kill(scene->keeper, SIGTERM), 0);
}

static void a_supervisor_ends_with_its_keeper_also_when_it_is_stopped(void **state)
{
	static const int halted[] = { 0, SIGSTOP };
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_LEN(halted); i++) {
		siginfo_t info = { 0 };

		kill(scene->supervisor, halted[i]);
		kill(scene->keeper, SIGKILL);
		end_of(scene);
		expect(scene, "alone");
		/* it is ours since its parent is gone */
		assert_int_equal(
			waitid(P_PID, (id_t)scene->supervisor, &info, WEXITED), 0);
		assert_int_equal(info.si_status, EXIT_ALONE);
		begin(scene);
		expect_up(scene);
	}
}

static void one_that_does_not_hear_its_end_is_ended_by_the_next_keeper(void **state)
{
	struct scene *scene = *state;
	siginfo_t info = { 0 };
	pid_t first = scene->supervisor;

	do_it(scene, "deaf");
	kill(scene->keeper, SIGKILL);
	end_of(scene);
	begin(scene);
	expect_up(scene);
	assert_int_equal(waitid(P_PID, (id_t)first, &info, WEXITED | WNOHANG), 0);
	assert_int_equal(info.si_pid, first);
	assert_int_equal(info.si_code, CLD_KILLED);
	assert_int_equal(info.si_status, SIGKILL);
}

static void a_supervisor_that_does_not_speak_is_replaced_also_when_it_is_stopped(
	void **state)
{
	struct scene *scene = *state;
	pid_t first = scene->supervisor;

	expect_up(scene);
	assert_int_not_equal(scene->supervisor, first);
	kill(scene->supervisor, SIGSTOP);
	expect_up(scene);
}

/* ---- the place --------------------------------------------------------------------- */

static ino_t inode(const struct scene *scene, const char *name)
{
	char path[128];
	struct stat found;

	snprintf(path, sizeof(path), "%s/run/svcd/%s", scene->root, name);
	assert_int_equal(stat(path, &found), 0);
	return found.st_ino;
}

static void a_second_keeper_in_the_same_place_is_refused_and_touches_nothing(void **state)
{
	static const char *const names[] = { "control.sock", "keeper.sock", "svcd.lock" };
	static const int halted[] = { 0, SIGSTOP };
	struct scene *scene = *state;
	char pid[32], program[] = "svcd", *argv[] = { program, NULL };

	snprintf(pid, sizeof(pid), "pid %d", scene->keeper);
	for (size_t i = 0; i < ARRAY_LEN(halted); i++) {
		struct error err = { 0 };
		ino_t before[ARRAY_LEN(names)];

		kill(scene->keeper, halted[i]);
		for (size_t at = 0; at < ARRAY_LEN(names); at++)
			before[at] = inode(scene, names[at]);
		assert_int_equal(keeper_run(scene->root, argv, &err), -EBUSY);
		assert_non_null(strstr(err.text, pid));
		assert_non_null(strstr(err.text, "--root"));
		for (size_t at = 0; at < ARRAY_LEN(names); at++)
			assert_int_equal(inode(scene, names[at]), before[at]);
		kill(scene->keeper, SIGCONT);
	}
	do_it(scene, "keep thing");
}

static void a_root_too_long_for_a_socket_is_said_so(void **state)
{
	struct scene *scene = *state;
	char root[160], program[] = "svcd", *argv[] = { program, NULL };
	struct error err = { 0 };

	snprintf(root, sizeof(root), "%s/%0*d", scene->root, 90, 0);
	assert_int_equal(keeper_run(root, argv, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "shorter --root"));
}

static void what_a_stranger_says_is_not_heard(void **state)
{
	struct scene *scene = *state;
	char path[128];
	int fd = memfd_create("strange", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "%s/run/svcd/keeper.sock", scene->root);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_true(
		sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=strange", &fd, 1) > 0);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	do_it(scene, "keep thing");
	order(scene, "signal 9");
	expect_up(scene);
	ask(scene, "has thing", "yes");
	ask(scene, "has strange", "no");
}

static void a_keeper_without_room_for_fds_goes_on(void **state)
{
	struct scene *scene = *state;
	struct rlimit few, many;

	assert_int_equal(prlimit(scene->keeper, RLIMIT_NOFILE, NULL, &many), 0);
	few = (struct rlimit){ 24, many.rlim_max };
	assert_int_equal(prlimit(scene->keeper, RLIMIT_NOFILE, &few, NULL), 0);
	for (int i = 0; i < MANY; i++) {
		char text[32];

		snprintf(text, sizeof(text), "keep thing%d", i);
		do_it(scene, text);
	}
	assert_int_equal(prlimit(scene->keeper, RLIMIT_NOFILE, &many, NULL), 0);
	do_it(scene, "keep last");
	order(scene, "signal 9");
	expect_up(scene);
	ask(scene, "has thing0", "yes");
	ask(scene, "has thing99", "no");
	ask(scene, "has last", "yes");
}

/* ---- orphans ----------------------------------------------------------------------- */

static void an_orphan(const struct scene *scene, char ret[static LINE_BYTES], int status)
{
	char line[LINE_BYTES], text[32];
	unsigned long long start;
	int pid;

	snprintf(text, sizeof(text), "orphan %d", status);
	order(scene, text);
	answer(scene, line);
	assert_int_equal(sscanf(line, "orphan %d %llu", &pid, &start), 2);
	expect(scene, "done");
	snprintf(ret, LINE_BYTES, "%d %llu %d %d", pid, start, CLD_EXITED, status);
}

static void the_exit_of_an_orphan_is_told_to_this_supervisor_and_to_the_next(void **state)
{
	struct scene *scene = *state;
	char exit[LINE_BYTES], want[LINE_BYTES + 16];

	an_orphan(scene, exit, 7);
	snprintf(want, sizeof(want), "keeper: %s", exit);
	expect(scene, want);
	order(scene, "signal 9");
	expect_up(scene);
	order(scene, "read orphans");
	expect(scene, exit);
	expect(scene, ""); /* the file's own newline, and the answer's */
	expect(scene, "done");
}

static void what_two_supervisors_have_taken_in_is_forgotten(void **state)
{
	struct scene *scene = *state;
	char exit[LINE_BYTES], want[LINE_BYTES + 16];

	an_orphan(scene, exit, 7);
	snprintf(want, sizeof(want), "keeper: %s", exit);
	expect(scene, want);
	for (int i = 0; i < 2; i++) {
		order(scene, "signal 9");
		expect_up(scene);
		ask(scene, "has orphans", "yes");
		do_it(scene, "say READY=1");
	}
	order(scene, "signal 9");
	expect_up(scene);
	ask(scene, "has orphans", "no");
}

/* ---- executing anew ---------------------------------------------------------------- */

static void executed_anew_it_is_the_same_process_and_has_all_it_had(void **state)
{
	struct scene *scene = *state;
	char exit[LINE_BYTES], want[LINE_BYTES + 16];
	ino_t control = inode(scene, "control.sock"),
	      notify = inode(scene, "keeper.sock");

	an_orphan(scene, exit, 9);
	snprintf(want, sizeof(want), "keeper: %s", exit);
	expect(scene, want);
	for (int i = 0; i < 3; i++) {
		do_it(scene, "keep thing");
		order(scene, "say X_SVCD_REEXEC=1");
		expect_soon(scene, "signal 15");
		expect_up(scene);
		ask(scene, "read thing", "thing");
		ask(scene, "has lock", "no");
		ask(scene, "has notify", "no");
		ask(scene, "has orphans", "yes");
	}
	assert_int_equal(inode(scene, "control.sock"), control);
	assert_int_equal(inode(scene, "keeper.sock"), notify);
	assert_int_equal(kill(scene->keeper, SIGTERM), 0);
	expect(scene, "signal 15");
	assert_int_equal(end_of(scene), 0);
}

static void a_program_that_cannot_run_does_not_take_its_place(void **state)
{
	struct scene *scene = *state;
	char line[LINE_BYTES];
	pid_t before = scene->supervisor;

	make("TEST_BROKEN");
	do_it(scene, "say X_SVCD_REEXEC=1");
	answer(scene, line);
	assert_int_equal(strncmp(line, "keeper: reexec /", 16), 0);
	assert_non_null(strstr(line, "--version ends with exit 3"));
	assert_int_equal(unlink(scene->program), 0);
	do_it(scene, "say X_SVCD_REEXEC=1");
	answer(scene, line);
	assert_non_null(strstr(line, "--version ends with exit 127"));
	do_it(scene, "keep thing");
	assert_int_equal(scene->supervisor, before);
}

/* ---- what systemd is told ------------------------------------------------------------ */

static void heard(const struct scene *scene, char text[static LINE_BYTES], int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { text, LINE_BYTES - 1 };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct pollfd polled = { .fd = scene->outer, .events = POLLIN };
	struct cmsghdr *first;
	ssize_t size;

	if (poll(&polled, 1, ANSWER_MS) != 1)
		fail_msg("the outer store is told nothing");
	size = recvmsg(scene->outer, &message, MSG_CMSG_CLOEXEC);
	assert_true(size > 0);
	text[size] = '\0';
	first = CMSG_FIRSTHDR(&message);
	*fd = -1;
	if (first)
		memcpy(fd, CMSG_DATA(first), sizeof(*fd));
}

static void expect_word(const struct scene *scene, const char *want, bool with_fd)
{
	char text[LINE_BYTES];
	int fd;

	do {
		heard(scene, text, &fd);
		if (fd >= 0)
			close(fd);
	} while (strcmp(text, "WATCHDOG=1") == 0 && strcmp(want, "WATCHDOG=1") != 0);
	assert_string_equal(text, want);
	assert_int_equal(fd >= 0, with_fd);
}

static void expect_listeners(const struct scene *scene)
{
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=control.sock", true);
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=health.sock", true);
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=log.sock", true);
}

static void systemd_is_given_every_fd_and_every_word_but_ours(void **state)
{
	struct scene *scene = *state;

	expect_listeners(scene);
	do_it(scene, "keep thing");
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=thing", true);
	do_it(scene, "keep thing");
	expect_word(scene, "FDSTOREREMOVE=1\nFDNAME=thing", false);
	expect_word(scene, "FDSTORE=1\nFDPOLL=0\nFDNAME=thing", true);
	do_it(scene, "say FDSTOREREMOVE=1|FDNAME=thing");
	expect_word(scene, "FDSTOREREMOVE=1\nFDNAME=thing", false);
	do_it(scene, "say X_SVCD_NEW=1|READY=1|STATUS=well|NEW=word");
	expect_word(scene, "READY=1\nSTATUS=well\nNEW=word", false);
	assert_int_equal(kill(scene->keeper, SIGTERM), 0);
	expect_word(scene, "STOPPING=1", false);
	expect(scene, "signal 15");
}

/* Its queue is full long before: what has no room is owed, in the order that counts. */
static void a_systemd_that_is_slow_holds_up_nobody_and_misses_nothing(void **state)
{
	struct scene *scene = *state;
	size_t named[MANY] = { 0 };
	bool ready = false;
	char text[LINE_BYTES];

	for (int i = 0; i < 6 * MANY; i++) {
		snprintf(text, sizeof(text), "keep thing%d", i % MANY);
		do_it(scene, text);
	}
	do_it(scene, "say READY=1");
	for (size_t whole = 0; whole < MANY || !ready;) {
		int fd, number;

		heard(scene, text, &fd);
		ready |= strstr(text, "READY=1") != NULL;
		if (sscanf(text, "FDSTOREREMOVE=1\nFDNAME=thing%d", &number) == 1) {
			whole -= named[number];
			named[number] = 0;
		}
		if (sscanf(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=thing%d", &number) == 1) {
			assert_true(fd >= 0);
			assert_int_equal(named[number], 0);
			named[number] = 1;
			whole++;
		}
		if (fd >= 0)
			close(fd);
	}
}

#define RUNS(name)    cmocka_unit_test_setup_teardown(name, set_up_and_begin, tear_down)
#define BELOW(name)   cmocka_unit_test_setup_teardown(name, set_up_below_systemd, tear_down)
#define WATCHED(name) cmocka_unit_test_setup_teardown(name, set_up_watched, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		RUNS(a_supervisor_killed_by_sigkill_is_followed_by_one_that_has_its_fds),
		RUNS(its_last_words_are_heard_also_when_it_is_dead),
		RUNS(sigterm_and_sigint_reach_the_supervisor_as_what_they_are),
		RUNS(who_dies_while_all_is_stopped_is_followed_by_one_that_goes_on),
		RUNS(who_dies_at_once_waits_ever_longer),
		RUNS(a_supervisor_ends_with_its_keeper_also_when_it_is_stopped),
		RUNS(one_that_does_not_hear_its_end_is_ended_by_the_next_keeper),
		WATCHED(a_supervisor_that_does_not_speak_is_replaced_also_when_it_is_stopped),
		RUNS(a_second_keeper_in_the_same_place_is_refused_and_touches_nothing),
		RUNS(a_root_too_long_for_a_socket_is_said_so),
		RUNS(what_a_stranger_says_is_not_heard),
		RUNS(a_keeper_without_room_for_fds_goes_on),
		RUNS(the_exit_of_an_orphan_is_told_to_this_supervisor_and_to_the_next),
		RUNS(what_two_supervisors_have_taken_in_is_forgotten),
		RUNS(executed_anew_it_is_the_same_process_and_has_all_it_had),
		RUNS(a_program_that_cannot_run_does_not_take_its_place),
		BELOW(systemd_is_given_every_fd_and_every_word_but_ours),
		BELOW(a_systemd_that_is_slow_holds_up_nobody_and_misses_nothing),
	};
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (strcmp(name, "svcd-supervisor") == 0)
		pretend();
	if (strcmp(name, "svcd") == 0)
		return be_the_keeper(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
