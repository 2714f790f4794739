/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status_parts.h - private to this room: the lists in a status document, each printed
 * by one function that prints nothing when its list is empty.
 */
#pragma once

#include "ctl/show.h"

enum { PART_INDENT = 2 };

typedef void status_part(
	struct text *out, const struct view *view, const struct json_t *document);
status_part status_print_refused, status_print_pending, status_print_listen,
	status_print_firewall, status_print_instances, status_print_pressure,
	status_print_checks, status_print_exits;
void status_print_log(struct text *out, const struct view *view,
	const struct json_t *document, const struct json_t *log);
enum paint status_paint_of_state(const char *state);
/* How good or bad it is as a whole. */
enum paint status_paint_of(const struct json_t *document);
bool status_is_done(const struct json_t *document); /* a one-shot that ended well */
