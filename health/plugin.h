/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin.h - Nagios plugin output: one line, figures, and a line per part.
 */
#pragma once

#include "health/face.h"

struct plugin_request {
	const char *metric, *warning, *critical; /* NULL: the service's own state */
	bool detail;
};
struct plugin_result {
	enum nagios status;
	struct text text;     /* "SVC OK - …" without figures */
	struct text perfdata; /* "state=0;1;2;0;3 …" */
	struct text details;  /* a line per check, each ended by \n */
};
void plugin_result_done(struct plugin_result *result);
/* 0, or -EINVAL: metric or range is not one; `text` says which. */
int plugin_service(struct plugin_result *ret, const struct face_context *context,
	const struct service *service, const struct plugin_request *request);
void plugin_all(struct plugin_result *ret, const struct face_context *context,
	const struct plugin_request *request);
void plugin_host(struct plugin_result *ret, const struct face_context *context,
	const struct plugin_request *request);
/* As a plugin prints it. */
void plugin_print(struct text *text, const struct plugin_result *result);

/* Shown on one line of a plugin: no control characters and no `|`; cut after
 * `max_bytes`. */
void plugin_add_plain(struct text *text, const char *string, size_t max_bytes);
