/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - svcctl: one verb, one run.
 */
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ctl/ctl.h"

/* A plugin says 3 when it is called wrongly; every other verb 2. */
enum { NAGIOS_UNKNOWN = 3 };

const struct verb_row verb_rows[VERB_COUNT] = {
	/* clang-format off */
	[VERB_STATUS]   = { verb_status, 0, MANY, EXIT_USAGE },
	[VERB_LIST]     = { verb_list, 0, MANY, EXIT_USAGE },
	[VERB_EVENTS]   = { verb_events, 0, MANY, EXIT_USAGE },
	[VERB_START]    = { verb_act, 0, MANY, EXIT_USAGE },
	[VERB_STOP]     = { verb_act, 0, MANY, EXIT_USAGE },
	[VERB_RESTART]  = { verb_act, 0, MANY, EXIT_USAGE },
	[VERB_RELOAD]   = { verb_act, 0, MANY, EXIT_USAGE },
	[VERB_KILL]     = { verb_kill, 1, MANY, EXIT_USAGE },
	[VERB_CHECK]    = { verb_check, 0, 1, NAGIOS_UNKNOWN },
	[VERB_LOGS]     = { verb_logs, 1, MANY, EXIT_USAGE },
	[VERB_DIFF]     = { verb_diff, 0, MANY, EXIT_USAGE },
	[VERB_APPLY]    = { verb_apply, 0, MANY, EXIT_USAGE },
	[VERB_VALIDATE] = { verb_validate, 1, MANY, EXIT_USAGE },
	[VERB_SHOW]     = { verb_show, 1, 1, EXIT_USAGE },
	[VERB_SCHEMA]   = { verb_schema, 0, 0, EXIT_USAGE },
	[VERB_FIREWALL] = { verb_firewall, 1, 2, EXIT_USAGE },
	[VERB_REEXEC]   = { verb_reexec, 0, 0, EXIT_USAGE },
	[VERB_VERSION]  = { verb_version, 0, 0, EXIT_USAGE },
	/* clang-format on */
};

static size_t columns_of(int fd)
{
	const char *said = getenv("COLUMNS");
	unsigned long columns = said ? strtoul(said, NULL, 10) : 0;
	struct winsize size;

	if (columns >= 20 && columns <= 1000)
		return columns;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
		return size.ws_col;
	return 80;
}

/* Colours and folding are for people; another program gets lines as long as they are. */
static struct view view_of(const struct ctl *ctl, int fd)
{
	const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
	bool terminal = isatty(fd);

	return (struct view){
		.colour = terminal && !ctl->options.no_color && !(none && *none) &&
			  !text_equal(kind, "dumb"),
		.width = terminal ? columns_of(fd) : 0,
		.now = wall_read(),
	};
}

static int run(struct ctl *ctl)
{
	struct text out = { 0 };

	if (ctl->options.words_for)
		return help_words(ctl->options.words_for);
	if (ctl->options.version) {
		text_add(&out, "svcctl " SVCD_VERSION "\n");
		return put(&out);
	}
	if (ctl->options.help) {
		if (ctl->verb < VERB_COUNT) {
			help_verb(&out, &ctl->out, ctl->verb);
		} else {
			help_all(&out, &ctl->out);
		}
		return put(&out);
	}
	if (paths_init(&ctl->paths, ctl->options.root) < 0) {
		return usage(ctl, "--root wants an absolute path, not \"%s\"",
			ctl->options.root);
	}
	return verb_rows[ctl->verb].run(ctl);
}

int main(int argc, char **argv)
{
	struct ctl ctl = { 0 };
	int r;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_DFL); /* `svcctl logs … | head` ends quietly */
	r = options_parse(&ctl, argc, argv);
	ctl.out = view_of(&ctl, STDOUT_FILENO);
	ctl.err = view_of(&ctl, STDERR_FILENO);
	ctl.shows_progress = isatty(STDERR_FILENO);
	ctl.asks = isatty(STDIN_FILENO) && ctl.shows_progress;
	if (r == 0)
		r = run(&ctl);
	paths_done(&ctl.paths);
	options_done(&ctl.options);
	free(ctl.words);
	return r;
}
