/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scene.c - the pretend supervisor, and what the tests ask of it.
 */
#include "tests/keeper/scene.h"

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

#include "keeper/keeper.h"

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

void answer(const struct scene *scene, char line[static LINE_BYTES])
{
	struct pollfd polled = { .fd = scene->answers, .events = POLLIN };

	if (poll(&polled, 1, ANSWER_MS) != 1)
		fail_msg("no answer");
	assert_true(read_line(scene->answers, line));
}

void expect(const struct scene *scene, const char *want)
{
	char line[LINE_BYTES];

	answer(scene, line);
	assert_string_equal(line, want);
}

/* Whatever else is told before. */
void expect_soon(const struct scene *scene, const char *want)
{
	char line[LINE_BYTES];

	do
		answer(scene, line);
	while (strcmp(line, want) != 0);
}

void expect_up(struct scene *scene)
{
	char line[LINE_BYTES];

	answer(scene, line);
	assert_int_equal(sscanf(line, "up %d", &scene->supervisor), 1);
}

void order(const struct scene *scene, const char *what)
{
	char line[LINE_BYTES];
	int size = snprintf(line, sizeof(line), "%s\n", what);

	assert_int_equal(write(scene->orders, line, (size_t)size), size);
}

void ask(const struct scene *scene, const char *what, const char *want)
{
	order(scene, what);
	expect(scene, want);
	expect(scene, "done");
}

void do_it(const struct scene *scene, const char *what)
{
	order(scene, what);
	expect(scene, "done");
}

static char state_of(pid_t pid)
{
	char path[32], text[LINE_BYTES] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strstr(text, ") ")[2]; /* proc(5): pid (comm) state */
}

void wait_until_all_is_heard(const struct scene *scene)
{
	for (int left = ANSWER_MS; state_of(scene->keeper) != 'S'; left--) {
		assert_true(left > 0);
		usleep(1000);
	}
}

void begin(struct scene *scene)
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

int set_up(void **state)
{
	static struct scene scene;
	char link[128], self[4096] = "";

	temporary_folder(scene.root);
	snprintf(scene.program, sizeof(scene.program), "%s/svcd", scene.root);
	snprintf(link, sizeof(link), "%s/svcd-supervisor", scene.root);
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_int_equal(symlink(self, link), 0);
	assert_int_equal(symlink(self, scene.program), 0);
	setenv("SVCD_LIBEXEC", scene.root, 1);
	setenv("TEST_ROOT", scene.root, 1);
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

int set_up_and_begin(void **state)
{
	set_up(state);
	begin(*state);
	expect_up(*state);
	return 0;
}

int set_up_below_systemd(void **state)
{
	struct scene *scene;

	set_up(state);
	scene = *state;
	scene->outer = listen_like_systemd(scene);
	begin(scene);
	expect_up(scene);
	return 0;
}

int set_up_watched(void **state)
{
	char text[32];

	set_up(state);
	snprintf(text, sizeof(text), "%d", WATCHDOG_MS * 1000);
	setenv("WATCHDOG_USEC", text, 1);
	begin(*state);
	expect_up(*state);
	return 0;
}

int tear_down(void **state)
{
	struct scene *scene = *state;

	if (scene->keeper > 0)
		kill(scene->keeper, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	close(scene->answers);
	close(scene->orders);
	if (scene->outer >= 0)
		close(scene->outer);
	return temporary_remove(scene->root);
}

int end_of(struct scene *scene)
{
	int status = -1;

	assert_int_equal(waitpid(scene->keeper, &status, 0), scene->keeper);
	scene->keeper = 0;
	return status;
}

void make(const char *variable)
{
	int fd = open(getenv(variable), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

void supervisor_is_a_script(const struct scene *scene, const char *script)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/svcd-supervisor", scene->root);
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
}

ino_t inode(const struct scene *scene, const char *name)
{
	char path[128];
	struct stat found;

	snprintf(path, sizeof(path), "%s/run/svcd/%s", scene->root, name);
	assert_int_equal(stat(path, &found), 0);
	return found.st_ino;
}

void supervisor_dies(struct scene *scene)
{
	order(scene, "signal 9");
	expect_up(scene);
}

void an_orphan(const struct scene *scene, char ret[static LINE_BYTES], int status)
{
	static const char told[] = "keeper: ";
	char line[LINE_BYTES], text[32];
	unsigned long long start;
	int pid;

	snprintf(text, sizeof(text), "orphan %d", status);
	order(scene, text);
	answer(scene, line);
	assert_int_equal(sscanf(line, "orphan %d %llu", &pid, &start), 2);
	expect(scene, "done");
	snprintf(ret, LINE_BYTES, "%d %llu %d %d", pid, start, CLD_EXITED, status);
	answer(scene, line);
	assert_int_equal(strncmp(line, told, strlen(told)), 0);
	assert_string_equal(line + strlen(told), ret);
}

int scene_main(int argc, char **argv, int (*run)(void))
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (strcmp(name, "svcd-supervisor") == 0)
		pretend();
	if (strcmp(name, "svcd") == 0)
		return be_the_keeper(argc, argv);
	return run();
}
