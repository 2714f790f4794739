/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * create_users.c - `svcctl apply --create-users`: the users and groups that declarations
 * name and this host does not have, made by the host's own program for it.
 *
 * Only names that root's policy lets a service run as, which what was built has passed;
 * never root, never one that is there. Not here: which they are (rules/).
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "ctl/ctl.h"

static const char sysusers[] = "/usr/bin/systemd-sysusers";

struct creating {
	const struct ctl *ctl;
	const struct host_policy *policy;
	struct strings done[2]; /* or told; by enum account */
	bool act;
};

/* -1: nobody can say. */
static int is_missing(const void *entry)
{
	const bool not_found = errno == 0 || errno == ENOENT || errno == ESRCH ||
			       errno == EBADF || errno == EPERM;

	return entry ? 0 : not_found ? 1 : -1;
}

static int user_is_missing(const char *name)
{
	errno = 0;
	return is_missing(getpwnam(name));
}

static int group_is_missing(const char *name)
{
	errno = 0;
	return is_missing(getgrnam(name));
}

/* 0, or the exit status after a word about it. */
static int run(const struct ctl *ctl, char *const argv[])
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = { path, NULL };
	int status = -1;
	pid_t pid;
	int r = posix_spawn(&pid, argv[0], NULL, NULL, argv, environment);

	if (r != 0) {
		say(ctl, "%s: %s", argv[0], strerror(r));
		return EXIT_FAILED;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	say(ctl, "%s failed: see what it says above", argv[0]);
	return EXIT_FAILED;
}

/* In the words of sysusers.d(5) where systemd is, else in those of shadow-utils. */
static int make(const struct ctl *ctl, char *line, char *const by_name[])
{
	char program[] = "/usr/bin/systemd-sysusers", option[] = "--inline";
	char *const by_line[] = { program, option, line, NULL };
	int r = line ? 0 : EXIT_FAILED;

	if (r == 0)
		r = run(ctl, access(sysusers, X_OK) == 0 ? by_line : by_name);
	free(line);
	return r;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): a row of a table of two */
static int make_group(const struct ctl *ctl, char *name, char *group)
{
	char program[] = "/usr/sbin/groupadd", system[] = "--system";
	char *const by_name[] = { program, system, name, NULL };

	(void)group;
	return make(ctl, text_format("g %s -", name), by_name);
}

static int make_user(const struct ctl *ctl, char *name, char *group)
{
	char program[] = "/usr/sbin/useradd", system[] = "--system", gid[] = "--gid",
	     home[] = "--home-dir", nowhere[] = "/nonexistent", shell[] = "--shell",
	     none[] = "/usr/sbin/nologin";
	char *const by_name[] = { program, system, gid, group, home, nowhere, shell, none,
		name, NULL };

	return make(ctl,
		text_format("u %s -:%s - /nonexistent /usr/sbin/nologin", name, group),
		by_name);
}

static const struct account {
	const char *noun;
	int (*is_missing)(const char *name);
	int (*make)(const struct ctl *ctl, char *name, char *group);
} accounts[] = {
	{ "group", group_is_missing, make_group },
	{ "user", user_is_missing, make_user },
};

static int create(struct creating *self, size_t which, const struct declaration *of)
{
	const struct account *account = &accounts[which];
	char *name = which == 0 ? of->run.group : of->run.user;
	const int missing =
		strings_have(&self->done[which], name) ? 0 : account->is_missing(name);
	int r;

	if (missing < 0) {
		say(self->ctl, "%s %s: whether there is one cannot be found out: %s",
			account->noun, name, strerror(errno));
		return EXIT_FAILED;
	}
	if (!missing || !policy_allows_user(self->policy, of->service, name))
		return 0; /* what policy does not allow was refused, with words */
	r = strings_add(&self->done[which], name) < 0 ? EXIT_FAILED : 0;
	if (r == 0 && self->act)
		r = account->make(self->ctl, name, of->run.group);
	if (r == 0)
		say(self->ctl, "%s: %s %s %s", of->service, account->noun, name,
			self->act ? "was created" : "is missing and will be created");
	return r;
}

static bool is_chosen(const struct ctl *ctl, const struct entry *entry)
{
	for (size_t i = 0; i < ctl->words_count; i++)
		if (text_equal(ctl->words[i], entry->name))
			return true;
	return ctl->words_count == 0;
}

int create_users(const struct ctl *ctl, bool act, size_t *ret_count)
{
	_cleanup_(config_freep) struct config *config = offline_config(ctl, NULL, NULL);
	struct creating self = { .ctl = ctl, .act = act };
	int r = config ? 0 : EXIT_FAILED;

	if (r == 0 && geteuid() != 0) {
		say(ctl, "--create-users is for root");
		r = EXIT_NOT_ALLOWED;
	}
	self.policy = config ? &config->host.policy : NULL;
	for (size_t i = 0; r == 0 && i < config->entries_count; i++) {
		const struct entry *entry = &config->entries[i];

		if (!entry->declaration || !entry->here || !is_chosen(ctl, entry))
			continue;
		for (size_t which = 0; r == 0 && which < ARRAY_LEN(accounts); which++)
			r = create(&self, which, entry->declaration);
	}
	*ret_count = self.done[0].count + self.done[1].count;
	for (size_t which = 0; which < ARRAY_LEN(accounts); which++)
		strings_done(&self.done[which]);
	return r;
}
