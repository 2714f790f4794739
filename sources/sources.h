/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sources.h - the door of this room: from files to judged declarations.
 *
 * Two halves, so that bytes of strangers are parsed by a process that may open nothing:
 * gathering opens and reads, building is pure.
 */
#pragma once

#include "config/config.h"

struct paths;

/* ---- gathering --------------------------------------------------------------------- */

enum source_kind {
	SOURCE_HOST,
	SOURCE_SITE,
	SOURCE_TEMPLATE,
	SOURCE_SERVICE,
	SOURCE_TEXT,
	SOURCE_SECRETS /* the names of keys alone, a line each */
};

/* Bytes of all files, gathered before anything is parsed, so that parsing can happen in a
 * process that may open nothing. */
struct sources {
	struct source {
		enum source_kind kind;
		char *path; /* as shown to people */
		char *bytes;
		size_t size;
		char *refused; /* why its bytes could not be taken; NULL: they were */
		bool gathered; /* found below the paths, not named by a caller */
	} * items;
	size_t count;
	/* a directory could not be listed: what is missing may be there */
	bool incomplete;
	/* who gathered may not look into the secrets: any `${secret.KEY}` may be right */
	bool secrets_hidden;
	/* Told of each directory before it is looked into; set before gathering, may be
	 * NULL. */
	void (*look)(void *data, const char *directory);
	void *look_data;
	/* {NAME: {"pins"}} of what was accepted before (borrowed, may be NULL): where two
	 * services cannot stand beside each other, who came first stays. */
	const struct json_t *accepted;
};
void sources_done(struct sources *sources);

/* Into a zeroed `ret` (but for `look`). Opens and reads svcd.yaml, site.yaml, templates
 * (share and /etc/svcd/templates), file templates and services below `paths`. Regular
 * files only, no symlink as the last
 * component, limits as above; below /etc owned by root (or by us) and not writable by
 * others. A file that cannot be taken is there with the reason, a directory that cannot
 * be listed is a problem. svcd.yaml is parsed here already: it says where the others are.
 * Of secrets the keys are taken, and no byte of a value is left in memory. -ENOMEM. */
int sources_gather(
	struct sources *ret, const struct paths *paths, struct problems *problems);
/* For `svcctl validate|show FILE`: as if the file stood where its kind does. Files named
 * so are the only services, the host file or the site file. -ENOMEM. */
int sources_add(struct sources *sources, enum source_kind kind, const char *path);

/* ---- building ---------------------------------------------------------------------- */

struct facts_of_host { /* what expansion may name; filled by config_host_facts() */
	char *fqdn;
	int64_t ncpu, memory_mb;
	/* Which build of us reads, as its rules and defaults are ours; no name of
	 * expansion. NULL: not known. */
	char *program;
};
int config_host_facts(struct facts_of_host *ret);
void config_host_facts_done(struct facts_of_host *facts);

/* All that building depends on, in one short text; what was accepted before matters only
 * where something is refused. The caller frees. NULL: no memory. */
char *sources_fingerprint(
	const struct sources *sources, const struct facts_of_host *facts);

/* Pure: sources and facts of the host in, everything understood and everything refused
 * out. -ENOMEM. */
int config_build(struct config **ret, const struct sources *sources,
	const struct paths *paths, const struct facts_of_host *facts);
