/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * accepted.h - what was accepted last, on disk: one file per service, and one for host
 * and site.
 *
 * STATE/accepted/NAME (0600, root):
 *
 *     svcd-accepted 1 CHECKSUM\n
 *     {"hash": …, "asked": …, "pins": {…}, "at_us": …, "pending_us": …}\n
 *     {"service": "mathoid", …}\n
 *
 * The checksum is of everything behind its line. The head is what can be compared
 * without understanding the body; the body is an effective declaration (of ACCEPTED_HOST:
 * {"host", "site", "seal"}, see seal.h). Effective declarations hold no secret, only the
 * names of secrets.
 *
 * Not here: when something is accepted (apply.c), writing it (keeping.c).
 */
#pragma once

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

#include "config/config.h"

#define ACCEPTED_HOST "_host" /* no service can be named so */
enum { ACCEPTED_MAX_BYTES = 8 * 1024 * 1024 };

/* ---- one file ------------------------------------------------------------------ */

struct accepted_file {
	struct json_t *head; /* owned */
	/* both lines, borrowed from the bytes, without their newlines */
	const char *head_line, *body;
	size_t head_size, body_size;
};
/* -EINVAL and a sentence when it is damaged, of another format, or no JSON. */
int accepted_parse(
	struct accepted_file *ret, const char *bytes, size_t size, struct error *err);
/* The text of a file, `body` in one line; the caller frees. NULL: no memory. */
char *accepted_print(const struct json_t *head, const char *body);

/* What was accepted when. */
struct acceptance {
	const char *name, *hash; /* `hash` is of the body */
	int64_t asked;           /* enum asked_limit: no key, and so not in the body */
	struct json_t *pins;     /* shared; may be NULL */
	const char *body;        /* one line of JSON */
};
/* NULL: no memory. */
struct json_t *accepted_head(const struct acceptance *acceptance, struct wall at);
/* A declaration from body and head. As declaration_read(). */
int accepted_read(struct declaration **ret, struct json_t *body,
	const struct json_t *head, struct error *err);
/* The same head of something for which a change waits since then; us 0: none does. NULL:
 * no memory. */
struct json_t *accepted_pend(const struct json_t *head, struct wall since);
struct wall accepted_pending(const struct json_t *head); /* us 0: since never */
/* Whether both heads are of the same thing, accepted whenever. */
bool accepted_same(const struct json_t *a, const struct json_t *b);

/* The sources other than its own file that are different now, for people: "template node,
 * defaults"; "" when it is none. A source that only one of both has came or went with the
 * file itself. */
void accepted_upstream(const struct json_t *old_pins, const struct json_t *new_pins,
	char *ret, size_t size);

/* ---- all files: in a child, which may wait for a disk --------------------------- */

struct accepted_shelf {
	struct accepted_item {
		char *name, *bytes;
		struct accepted_file file;
	} * items; /* by name */
	size_t count;
	struct strings problems; /* a line per file that is left out */
};
/* Reads all of DIRECTORY; one that is not there is empty. -ENOMEM. */
int accepted_gather(struct accepted_shelf *ret, const char *path);
void accepted_shelf_done(struct accepted_shelf *shelf);
/* {NAME: head}. NULL: no memory. */
struct json_t *accepted_heads(const struct accepted_shelf *shelf);
/* What a first look at `config` needs of it: {"heads": {…}, "bodies": {NAME: …},
 * "problems": […]}. Bodies only of what cannot simply run as it is on disk now, and all
 * when host or site are refused. NULL: no memory. */
struct json_t *accepted_answer(
	const struct accepted_shelf *shelf, const struct config *config);
