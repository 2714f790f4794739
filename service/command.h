/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * command.h - one command line of a declaration with all that its process is to be:
 * words, environment, user, limits.
 */
#pragma once

#include "service/process.h"
#include "spawn/spawn.h"

struct command {
	struct strings argv, environment;
	const char **vector;
	char *directory;
	struct view view;
	struct spawn_spec spec; /* borrows from the rest */
};
/* Expands `words` and everything else for the instance. The caller may add to
 * `environment` until command_seal(). */
int command_init(struct command *ret, const struct process *process,
	const struct strings *words, struct error *err);
/* It is for the process that runs: it sees what that sees, its /tmp and its network
 * too. */
void command_join(struct command *command, const struct process *process);
int command_seal(struct command *command);
void command_done(struct command *command);
