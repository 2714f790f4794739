/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status_text.h - private to this room: status documents (docs/status.md) as an
 * operator reads them.
 */
#pragma once

#include "ctl/show.h"

/* One service in full. `log` are lines as log.sock tells them, or NULL when it was not
 * asked. */
void status_text(struct text *out, const struct view *view, const struct json_t *document,
	const struct json_t *log);
/* All of `documents` (a list) in one table, those that need a person first. */
void status_table(
	struct text *out, const struct view *view, const struct json_t *documents);
/* "up, not ready: …": the first line that anybody reads. */
void status_headline(struct text *out, const struct json_t *document);
/* LSB: 0 running, 1 dead or failed, 3 not running. */
int status_exit(const struct json_t *document);
