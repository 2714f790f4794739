/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * files.h - `files:` of a declaration and the directory of its logs, made on disk.
 * Blocks: only a deed calls it.
 */
#pragma once

#include "config/config.h"

struct file_plan {
	unsigned instance;
	gid_t gid;
	const struct secrets *secrets; /* NULL: the declaration names none */
};
/* Renders `file` and puts it in place, owned by root:`gid`. *ret_changed is whether
 * anything was different; what is the same is not touched. */
int file_render(const struct file *file, const struct file_plan *plan, bool *ret_changed,
	struct error *err);

struct directory_plan {
	const char *path;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};
/* Makes it with its parents. One that exists gets owner and mode only when `own` says
 * that it is ours by its name. */
int directory_prepare(const struct directory_plan *plan, bool own, struct error *err);
