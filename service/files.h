/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * files.h - `files:` of a declaration and the directory of its logs, made on disk.
 * Blocks: only a deed calls it.
 */
#pragma once

#include "base/as_user.h"

#include "config/config.h"

struct file_plan {
	unsigned instance;
	struct user user;              /* of the service */
	const struct secrets *secrets; /* NULL: the declaration names none */
};
/* Renders `file` and puts it in place, owned by root and the group of the service; in a
 * directory that the service can change something about, by and for the service's user.
 * *ret_changed is whether anything was different; what is the same is not touched. */
int file_render(const struct file *file, const struct file_plan *plan, bool *ret_changed,
	struct error *err);

struct directory_plan {
	const char *path;
	struct user owner;
	gid_t group;
	mode_t mode;
	bool own; /* ours by its name: owner and mode are made so when it exists */
	const struct user *writer; /* who must be able to write there; NULL: the owner */
};
/* Makes it with its parents. */
int directory_prepare(const struct directory_plan *plan, struct error *err);
