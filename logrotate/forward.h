/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * forward.h - lines to the journal, by a thread of their own: a journal that is slow or
 * gone costs counted lines there, never a line in a file and never a service's time.
 */
#pragma once

#include "base/loop.h"

#include "config/config.h"

struct forwarder;
enum { FORWARD_QUEUE_BYTES = 4 * 1024 * 1024 };

int forwarder_new(struct forwarder **ret, struct loop *loop); /* -errno */
struct forwarder *forwarder_free(struct forwarder *forwarder, struct instant now);
/* Copies whole lines into the queue. false: it is full, they are not told. */
bool forward_lines(struct forwarder *forwarder, const char *service, bool is_stderr,
	const char *lines, size_t size);
