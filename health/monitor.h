/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * monitor.h - svcd-health as one thing: the supervisor's end of the line, what is known,
 * and the listeners.
 */
#pragma once

#include "base/error.h"
#include "base/loop.h"

#include "health/http_client.h"

struct monitor;

struct monitor_with { /* borrowed */
	struct loop *loop;
	struct http_client *http;
	struct wall (*wall)(void);
	int channel_fd; /* taken */
	int statm_fd;   /* /proc/self/statm, open; -1: none */
};
/* Takes the listeners it was born with. -ENOMEM, or -errno with a reason. */
int monitor_new(struct monitor **ret, const struct monitor_with *with, struct error *err);
struct monitor *monitor_free(struct monitor *monitor);
CLEANUP(struct monitor *, monitor_free)
