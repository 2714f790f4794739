/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeper.c - a real keeper with a pretend supervisor: this same program, by another name.
 *
 * The supervisor tells what it sees through a fifo, a line each; the test reads lines
 * and waits for nothing else.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#include "tests/test.h"

enum { ANSWER_MS = 10000 };

/* ---- the pretend supervisor ---------------------------------------------------- */

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
	int fd = open(getenv("TEST_FIFO"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	va_list args;

	va_start(args, format);
	if (fd >= 0)
		vdprintf(fd, format, args);
	va_end(args);
	if (fd >= 0)
		close(fd);
}

static int named_fd(const char *name)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(0, &names), found = -1;

	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			found = SD_LISTEN_FDS_START + i;
		free(names[i]);
	}
	free(names);
	return found;
}

/* The first one gives a file to keep and dies; the next one finds it. */
static int pretend(void)
{
	char text[16] = "", end;
	int thing = named_fd("thing"), keeper = named_fd("keeper");

	if (thing < 0) {
		thing = memfd_create("thing", 0);
		if (write(thing, "kept", 4) != 4)
			return EXIT_FAILURE;
		sd_pid_notify_with_fds(
			0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=thing", &thing, 1);
		sd_notify(0, "READY=1");
		tell("stored\n");
		raise(SIGKILL);
	}
	if (pread(thing, text, sizeof(text) - 1, 0) < 0)
		return EXIT_FAILURE;
	tell("found %s, sockets %d\n", text,
		named_fd("control.sock") >= 0 && named_fd("health.sock") >= 0 &&
			named_fd("log.sock") >= 0);
	/* SIGTERM ends us by default; end of file says that the keeper is gone */
	if (read(keeper, &end, 1) == 0)
		tell("alone\n");
	return EXIT_SUCCESS;
}

/* ---- the tests ----------------------------------------------------------------- */

struct scene {
	char root[64], fifo[96], libexec[96];
	int answers; /* read end of the fifo */
	pid_t keeper;
};

static void expect(const struct scene *scene, const char *line)
{
	struct pollfd polled = { .fd = scene->answers, .events = POLLIN };
	char got[128] = "";

	for (size_t size = 0; size < sizeof(got) - 1 && !strchr(got, '\n');) {
		assert_int_equal(poll(&polled, 1, ANSWER_MS), 1);
		if (read(scene->answers, got + size, 1) == 1)
			size++;
	}
	assert_string_equal(got, line);
}

static void run_keeper(struct scene *scene)
{
	struct error err = { 0 };

	scene->keeper = fork();
	assert_true(scene->keeper >= 0);
	if (scene->keeper > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_init("svcd", LOG_EMERG);
	_exit(keeper_run(scene->root, &err) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int set_up(void **state)
{
	static struct scene scene;
	char link[128], self[4096] = "";

	snprintf(scene.root, sizeof(scene.root), "/tmp/keeper-test-XXXXXX");
	assert_non_null(mkdtemp(scene.root));
	snprintf(scene.fifo, sizeof(scene.fifo), "%s/fifo", scene.root);
	snprintf(link, sizeof(link), "%s/svcd-supervisor", scene.root);
	assert_int_equal(mkfifo(scene.fifo, 0600), 0);
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	assert_int_equal(symlink(self, link), 0);
	assert_int_equal(setenv("SVCD_LIBEXEC", scene.root, 1), 0);
	assert_int_equal(setenv("TEST_FIFO", scene.fifo, 1), 0);
	/* for reading and writing: there is always a writer, reading never sees the
	 * end */
	scene.answers = open(scene.fifo, O_RDWR | O_CLOEXEC);
	assert_true(scene.answers >= 0);
	run_keeper(&scene);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	char command[128];

	if (scene->keeper > 0) {
		kill(scene->keeper, SIGKILL);
		waitpid(scene->keeper, NULL, 0);
	}
	close(scene->answers);
	snprintf(command, sizeof(command), "rm -r %s", scene->root);
	return system(command);
}

static void a_supervisor_killed_by_sigkill_is_followed_by_one_that_has_its_fds(
	void **state)
{
	expect(*state, "stored\n");
	expect(*state, "found kept, sockets 1\n");
}

static void sigterm_ends_the_supervisor_and_then_the_keeper(void **state)
{
	struct scene *scene = *state;
	int status = -1;

	expect(scene, "stored\n");
	expect(scene, "found kept, sockets 1\n");
	assert_int_equal(kill(scene->keeper, SIGTERM), 0);
	assert_int_equal(waitpid(scene->keeper, &status, 0), scene->keeper);
	scene->keeper = 0;
	assert_true(WIFEXITED(status));
}

static void a_supervisor_learns_that_its_keeper_is_gone(void **state)
{
	struct scene *scene = *state;

	expect(scene, "stored\n");
	expect(scene, "found kept, sockets 1\n");
	assert_int_equal(kill(scene->keeper, SIGKILL), 0);
	expect(scene, "alone\n");
}

static void a_second_keeper_in_the_same_place_is_refused(void **state)
{
	struct scene *scene = *state;
	struct error err = { 0 };
	char pid[32];

	expect(scene, "stored\n");
	expect(scene, "found kept, sockets 1\n");
	assert_int_equal(keeper_run(scene->root, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "pid %d", scene->keeper);
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, "--root"));
}

static void a_root_too_long_for_a_socket_is_said_so(void **state)
{
	struct scene *scene = *state;
	char root[160];
	struct error err = { 0 };

	snprintf(root, sizeof(root), "%s/%0*d", scene->root, 90, 0);
	assert_int_equal(keeper_run(root, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "shorter --root"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_supervisor_killed_by_sigkill_is_followed_by_one_that_has_its_fds,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			sigterm_ends_the_supervisor_and_then_the_keeper, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_supervisor_learns_that_its_keeper_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_second_keeper_in_the_same_place_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_root_too_long_for_a_socket_is_said_so, set_up, tear_down),
	};

	(void)argc;
	if (strcmp(argv[0], "svcd-supervisor") == 0)
		return pretend();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
