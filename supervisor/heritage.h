/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * heritage.h - the state that another svcd-supervisor left, in parts: each service's is
 * text until its service is made, so that hundreds of them do not keep us from answering.
 *
 * Pure: no kernel, no clock. Who reads and writes it is estate.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct heritage_part {
	const char *name, *text; /* borrowed from the document; text NULL: was taken */
	size_t size;
	struct json_t *record; /* owned; NULL: not parsed yet */
};

struct heritage {
	char *bytes; /* the document, owned; its parts are cut out of it */
	struct heritage_part *parts; /* by name */
	size_t count, left;          /* `left`: not taken */
	struct json_t *who, *host;   /* owned; NULL: it does not say */
	uint64_t index;
	struct text rest; /* members that only a newer version knows: ,"KEY":VALUE… */
	bool found;       /* false: there was none, or of another boot */
	bool clear;       /* all that a status shows of services is in their parts */
};

/* Takes `bytes`, `size` of them before a NUL. -EINVAL: it makes no sense. -ENOMEM. */
int heritage_read(struct heritage *ret, char *bytes, size_t size, const char *boot,
	struct error *err);
void heritage_done(struct heritage *heritage);

/* The part that nobody has taken; NULL: there is none. */
struct heritage_part *heritage_find(const struct heritage *heritage, const char *name);
/* Parsed when first asked for, and the part's own; NULL: it makes no sense. */
struct json_t *heritage_record(struct heritage_part *part);
/* Nobody needs it any more. */
void heritage_drop(struct heritage *heritage, struct heritage_part *part);
