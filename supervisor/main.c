/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - svcd-supervisor: options. svcd starts it; by hand it serves to look at things.
 */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/log.h"

#include "supervisor/reader.h"
#include "supervisor/supervisor.h"

enum { EXIT_BAD_USAGE = 2 };

static const char help[] =
	"Usage: svcd-supervisor [--root DIR] [--read | --print=WHAT]\n"
	"Started by svcd(8).\n\n"
	"  --root DIR          keep /etc, /run and /var of svcd below DIR\n"
	"  --read              print what the declarations say, as JSON\n"
	"  --print=states      print the states of an instance, for dot(1)\n"
	"  --print=failpoints  print where a test can let it die or fail\n"
	"  --version           print the version\n";

struct options {
	const char *root, *print;
	const char *read_for; /* of --read */
	bool read;
};

/* -1 to go on, else the exit status. */
static int read_options(struct options *ret, int argc, char **argv)
{
	static const struct option known[] = { { "root", required_argument, NULL, 'r' },
		{ "read", optional_argument, NULL, 'R' },
		{ "print", required_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' },
		{ 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 'r': ret->root = optarg; break;
		case 'R': ret->read = true, ret->read_for = optarg; break;
		case 'p': ret->print = optarg; break;
		case 'v': puts("svcd-supervisor " SVCD_VERSION); return EXIT_SUCCESS;
		case 'h': fputs(help, stdout); return EXIT_SUCCESS;
		default: return EXIT_BAD_USAGE;
		}
	}
	if (optind < argc) {
		fputs("svcd-supervisor takes no arguments; see --help\n", stderr);
		return EXIT_BAD_USAGE;
	}
	return -1;
}

static int print(const char *what)
{
	if (strcmp(what, "states") == 0) {
		instance_print_states(stdout);
		return EXIT_SUCCESS;
	}
	if (strcmp(what, "failpoints") != 0) {
		fputs("--print knows: states failpoints\n", stderr);
		return EXIT_BAD_USAGE;
	}
	if (!failpoint_print_names(stdout)) {
		fputs("configured without -Dfailpoints=true\n", stderr);
		return EXIT_FAILURE;
	}
	instance_print_failpoints(stdout);
	return EXIT_SUCCESS;
}

static int read_declarations(const char *root, const char *what)
{
	struct paths paths;
	int status;

	if (paths_init(&paths, root) < 0) {
		fputs("--root must be an absolute path\n", stderr);
		return EXIT_BAD_USAGE;
	}
	status = reader_run(&paths, what);
	paths_done(&paths);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct supervisor *supervisor = NULL;
	struct error err = { 0 };
	int status = read_options(&options, argc, argv);

	if (status >= 0)
		return status;
	/* What is parsed is freed as a whole: small chunks that are kept apart, to be
	 * merged at the next large one, made reading a fifth dearer. */
	(void)mallopt(M_MXFAST, 0);
	if (options.print)
		return print(options.print);
	if (options.read)
		/* exit(3) is not allowed any more */
		_exit(read_declarations(options.root, options.read_for));
	/* services' secrets pass through here: no core file, no other process looks in */
	(void)prctl(PR_SET_DUMPABLE, 0);
	log_init("svcd-supervisor", LOG_INFO);
	if (supervisor_new(&supervisor, options.root, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_FAILURE;
	}
	status = supervisor_run(supervisor);
	supervisor_free(supervisor);
	return status;
}
