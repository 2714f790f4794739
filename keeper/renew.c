/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * renew.c - finds the program, tries it, becomes it.
 */
#include "keeper/renew.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/failpoint.h"

enum { EXIT_NO_EXEC = 127 };

/* A name without a slash was looked up in $PATH: the kernel knows what was found. Asked
 * at the beginning, when it cannot have been replaced. */
int renew_init(struct renew *renew, char **argv)
{
	char own[PATH_MAX];
	ssize_t size;

	*renew = (struct renew){ .argv = argv };
	if (argv[0] && argv[0][0] == '/') {
		renew->program = strdup(argv[0]);
		return renew->program ? 0 : -ENOMEM;
	}
	size = readlink("/proc/self/exe", own, sizeof(own) - 1);
	if (size < 0)
		return -errno;
	own[size] = '\0';
	renew->program = strdup(own);
	return renew->program ? 0 : -ENOMEM;
}

void renew_done(struct renew *renew)
{
	free(renew->program);
	*renew = (struct renew){ 0 };
}

pid_t renew_try(const struct renew *renew)
{
	char *argv[] = { renew->argv[0], (char[]){ "--version" }, NULL };
	sigset_t none;
	int null;
	pid_t pid = FAILPOINT_CALL("keeper.try", fork());

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0)
		(void)dup2(null, STDOUT_FILENO);
	execv(renew->program, argv);
	_exit(EXIT_NO_EXEC);
}

int renew_exec(const struct renew *renew, const struct carry *carry)
{
	int r = carry_pack(carry);

	if (r < 0)
		return r;
	FAILPOINT("keeper.exec");
	execv(renew->program, renew->argv);
	r = -errno;
	carry_unpack(carry);
	return r;
}
