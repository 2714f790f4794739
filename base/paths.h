/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * paths.h - where svcd keeps things. `--root DIR` moves /etc, /run and /var of svcd
 * itself; paths that an operator writes in a declaration are taken as written.
 */
#pragma once

struct paths {
	char *root;  /* "" or the absolute DIR of --root, without a slash at the end */
	char *etc;   /* ROOT/etc/svcd */
	char *run;   /* ROOT/run/svcd */
	char *state; /* ROOT/var/lib/svcd */
	char *log;   /* ROOT/var/log: log directories that a declaration does not name */
	char *control; /* ROOT/run/svcd/control.sock: the supervisor */
	char *health;  /* ROOT/run/svcd/health.sock: the health engine */
	char *logs;    /* ROOT/run/svcd/log.sock: the log engine */
	/* templates we ship: $SVCD_SHARE or the install prefix's share/svcd */
	char *share;
};

int paths_init(struct paths *paths,
	const char *root); /* NULL or "" or "/" is no root; -ENOMEM, -EINVAL */
void paths_done(struct paths *paths);
