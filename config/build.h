/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * build.h - the steps between gathered bytes and judged declarations. Private to this
 * room.
 */
#pragma once

#include "config/config.h"
#include "config/node.h"

struct name_table;

/* ---- layers.c: defaults, templates, the service, overrides ------------------------- */

struct template
{
	char *name, *origin;
	struct node *tree; /* NULL: refused */
	const struct source *source;
};

struct layers {
	const struct node *defaults;  /* NULL: none */
	struct json_t *defaults_json; /* the same, borrowed: to pin */
	struct template *templates;
	size_t templates_count;
};

/* The file name without directory and ending; the caller frees. NULL: no memory. */
char *name_of_file(const char *path);
/* A source as a tree; NULL: refused, with a problem. -ENOMEM. */
int source_parse(
	struct node **ret, const struct source *source, struct problems *problems);

/* Reads and checks all templates; wrong ones are problems. -ENOMEM. */
int layers_read(
	struct layers *layers, const struct sources *sources, struct problems *problems);
/* The service laid over its templates over the defaults; NULL: refused. What took part is
 * added to `entry->pins`. -ENOMEM. */
int layers_merge(struct node **ret, const struct layers *layers,
	const struct node *service, struct entry *entry);
void layers_done(struct layers *layers);

/* ---- files.c ----------------------------------------------------------------------- */

/* Makes `content` of each of `files`: its template's text or its own, with names
 * replaced. Templates that took part are added to `entry->pins`. -ENOMEM. */
int file_texts_render(struct node *tree, const struct sources *sources,
	struct name_table *names, struct entry *entry);

/* ---- pins.c: what a declaration was made of ---------------------------------------- */

/* Notes the hash of a source under "KIND NAME", or KIND alone. -ENOMEM. */
int pin_add(struct json_t *pins, const char *kind, const char *name,
	const struct source *source);
/* The same of a value: its text may be written otherwise and mean the same. NULL is a
 * value too: that there is none. */
int pin_add_value(struct json_t *pins, const char *kind, const struct json_t *value);

enum { SECRET_FILE_MODE = 0640 }; /* at most, of a file that holds one */

/* ---- check.c, check_firewall.c: rules across the keys of one declaration ----------- */

struct checking {
	struct declaration *declaration;
	const struct node *tree; /* for places, and for what was written at all */
	const struct host *host;
	const struct site *site;
	const struct paths *paths;
	struct problems *problems;
	struct strings *warnings;
};

/* Fills in defaults that are other values (user, log directory, …). -ENOMEM. */
int declaration_complete(struct checking *self);
void declaration_check(struct checking *self);
/* Who may reach it, where that is the site's default. -ENOMEM. */
int firewall_complete(struct checking *self);
void firewall_check(struct checking *self);
void health_check(struct checking *self);
void words_check(struct checking *self);
void logs_check(struct checking *self);
void lvs_check(struct checking *self);
/* What root's policy does not allow (policy.c). */
void policy_check(struct checking *checking);
/* Two ways to write one path are one too many for who compares them: no `..`, no `//`, no
 * `/.`. */
bool path_is_plain(const char *path);
/* That `port` is a name of `listen` or a number. */
void checking_port(struct checking *self, const char *path, const char *port);
void host_check(
	const struct host *host, const struct node *tree, struct problems *problems);
/* Sets and default sources of the site. */
void site_check(
	const struct site *site, const struct node *tree, struct problems *problems);
/* A problem at the place of a dotted path, made by `path_format`. */
void checking_refuse(struct checking *self, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void checking_warn(struct checking *self, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- across.c: rules across declarations ------------------------------------------- */

struct draft {
	struct node *tree; /* merged; NULL: it could not be parsed */
};

/* Refuses entries that cannot stand beside an earlier one; `accepted` as in struct
 * sources. -ENOMEM. */
int entries_check(
	struct config *config, const struct draft *drafts, const struct json_t *accepted);
/* Makes an entry a refused one. */
void entry_refuse(struct entry *entry);

/* ---- origins.c --------------------------------------------------------------------- */

/* {"run.stop.timeout": "template node node.yaml:12", …} of what was written; NULL: no
 * memory. */
struct json_t *origins_of(struct json_t *effective, const struct node *tree);
