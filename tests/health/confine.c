/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * confine.c - what the engine may still do after its start.
 */
#include "health/confine.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"

#include "tests/test.h"

/* Each returns 0 when the sandbox did its duty; runs in a child that is in it. */
static int opens_nothing(void)
{
	bool refused = open("/dev/null", O_WRONLY) == -1 && errno == EPERM;

#ifndef __SANITIZE_ADDRESS__ /* whose reports read files */
	refused = refused && open("/etc/passwd", O_RDONLY) == -1 && errno == EPERM;
#endif
	return refused ? 0 : 1;
}

static int starts_nothing(void)
{
	static char program[] = "/bin/true";
	char *const argv[] = { program, NULL };

	execv(argv[0], argv);
	return errno == EPERM ? 0 : 1;
}

static int makes_no_raw_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM ? 0 : 1;
}

static int makes_tcp_sockets(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static int makes_nothing_executable(void)
{
	void *page = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return 1;
	return mprotect(page, 4096, PROT_READ | PROT_EXEC) == -1 && errno == EPERM ? 0
										   : 1;
}

static int maps_nothing_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? 0
		       : 1;
}

static int traces_nobody(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), 0, 0) == -1 && errno == EPERM ? 0 : 1;
}

static void test_after_start_little_is_left(void **state)
{
	static int (*const duties[])(void) = { opens_nothing, starts_nothing,
		makes_no_raw_socket, makes_tcp_sockets, makes_nothing_executable,
		maps_nothing_executable, traces_nobody };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(duties); i++) {
		struct error err = { 0 };
		int status = 0;
		pid_t pid = fork();

		assert_true(pid >= 0);
		/* not _exit(): a sanitizer would ask for more than is left */
		if (pid == 0)
			syscall(SYS_exit_group, confine(&err) < 0 ? 2 : duties[i]());
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("duty %zu: status %#x", i, (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_start_little_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
