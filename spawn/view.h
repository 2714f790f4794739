/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * view.h - what a process sees of the file system and where it may write: a plan of
 * places (pure), and the mounts that make it true (in the child).
 *
 * mount_namespaces(7), mount_setattr(2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct declaration;

enum place_act {
	PLACE_KEEP,    /* as on the host; may be written where the host lets it */
	PLACE_SHOW,    /* as on the host, read-only */
	PLACE_EMPTY,   /* nothing is there */
	PLACE_FRESH,   /* its own: empty at each start, and it may write */
	PLACE_DEVICES, /* its own /dev, with the devices that any program may use */
	/* may be written, for data: no program starts from there. What is not there yet
	 * may come: the nearest directory above it, then */
	PLACE_DATA,
	/* its own /proc, with its own processes; the host's where the kernel refuses */
	PLACE_PROCESSES,
};

struct place {
	char *path;
	const char *key; /* of the declaration: for messages */
	enum place_act act;
	bool optional; /* a host that has no such path needs none */
};

enum { VIEW_MAX_PLACES = 128 };

/* Places are made in their order: what comes later may lie in or over what was there. */
struct view {
	bool read_only;      /* whatever no place says otherwise about */
	int64_t fresh_bytes; /* the most in a fresh place; UNSET: a share of the memory */
	struct place *places;
	size_t count;
};

/* Paths that the declaration itself does not have. */
struct view_paths {
	const char *directory; /* run.directory, expanded; NULL: / */
	const char *run;       /* of svcd: its sockets stay where they are */
	const char *secrets;   /* of svcd: nobody sees them */
};

/* Pure, as all that plans: another place, of which the path is copied. To begin with, a
 * view is zeroed but for fresh_bytes. -ENOMEM; -E2BIG above VIEW_MAX_PLACES. */
int view_add(struct view *view, const struct place *place);
/* -ENOMEM; -E2BIG. */
int view_plan(struct view *ret, const struct declaration *declaration,
	const struct view_paths *paths);
void view_done(struct view *view);
/* Whether it is the host's own: nothing to do. */
bool view_is_plain(const struct view *view);
/* The key because of which `path` of the host is not there; NULL: it is. */
const char *view_hides(const struct view *view, const char *path);

/* Why it could not be made: "KEY WHAT: errno; FIX". */
struct view_trouble {
	const char *key, *what, *fix; /* fix may be NULL */
};
/* In the child, as root: from here on this process lives in a mount namespace of its own.
 * -errno. */
int view_enter(const struct view *view, struct view_trouble *trouble);
