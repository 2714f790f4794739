/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - svcd: options.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/failpoint.h"
#include "base/log.h"

#include "keeper/keeper.h"

enum { EXIT_USAGE = 2, OPEN_FILES = 65536 /* 1,000 services need 10,000 */ };

static const char help[] =
	"Usage: svcd [--root DIR]\n"
	"Supervises the services declared in /etc/svcd/services.\n\n"
	"  --root DIR   keep /etc, /run and /var of svcd below DIR\n"
	"  --version    print the version\n"
	"  --help       print this\n\n"
	"SIGHUP reads the declarations again. SIGTERM ends svcd and leaves the services\n"
	"running, SIGINT stops them first. See svcd(8).\n";

/* Every service costs a few file descriptors here, and hundreds are normal. Root may
 * raise the hard limit too; who may not takes what there is. */
static void raise_limits(void)
{
	const struct rlimit enough = { OPEN_FILES, OPEN_FILES };
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= OPEN_FILES ||
		setrlimit(RLIMIT_NOFILE, &enough) == 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* "" for no root; NULL when it is not an absolute path. Shortens `root` in place. */
static const char *read_root(char *root)
{
	size_t size = root ? strlen(root) : 0;

	if (size > 0 && root[0] != '/')
		return NULL;
	while (size > 0 && root[size - 1] == '/')
		root[--size] = '\0';
	return root ? root : "";
}

static int print(const char *what)
{
	if (strcmp(what, "failpoints") == 0 && failpoint_print_names(stdout))
		return EXIT_SUCCESS;
	fputs("--print knows: failpoints, when configured with -Dfailpoints=true\n",
		stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "root", required_argument, NULL, 'r' },
		{ "print", required_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' },
		{ 0 } };
	struct error err = { 0 };
	char *given = NULL;
	const char *root;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'r': given = optarg; break;
		case 'p': return print(optarg);
		case 'v': puts("svcd " SVCD_VERSION); return EXIT_SUCCESS;
		case 'h': fputs(help, stdout); return EXIT_SUCCESS;
		default: return EXIT_USAGE;
		}
	}
	root = read_root(given);
	if (!root || optind < argc) {
		fputs(root ? "svcd takes no arguments; see --help\n"
			   : "--root must be an absolute path\n",
			stderr);
		return EXIT_USAGE;
	}
	log_init("svcd", LOG_INFO);
	raise_limits();
	status = keeper_run(root, argv, &err);
	if (status >= 0)
		return status;
	log_error("%s", err.text);
	return EXIT_FAILURE;
}
