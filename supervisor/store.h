/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.h - what outlives this process: file descriptors that the keeper holds for us,
 * by name.
 *
 * At start they come by $LISTEN_FDS and $LISTEN_FDNAMES; later ones are given with
 * FDSTORE=1 on $NOTIFY_SOCKET, as a service does with systemd. One place for all of it,
 * so that a supervisor which takes over running services begins here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct store;

/* Names of fds that the keeper always hands over. */
#define STORE_KEEPER  "keeper" /* a pipe: end of file when the keeper is gone */
#define STORE_CONTROL "control.sock"
#define STORE_HEALTH  "health.sock"
#define STORE_LOG     "log.sock"

/* Reads the environment and clears it of those variables. Without a keeper the store is
 * empty. */
int store_new(struct store **ret, struct error *err);
struct store *store_free(struct store *store);
/* The fd of that name (borrowed; the store keeps its number until store_drop()); -1:
 * none. */
int store_fd(const struct store *store, const char *name);
/* Keeps a duplicate of `fd` here and with the keeper. -errno. */
int store_put(struct store *store, const char *name, int fd);
void store_drop(struct store *store, const char *name);
/* The i-th name that begins with `prefix`; NULL at the end. */
const char *store_name(const struct store *store, const char *prefix, size_t index);
/* "READY=1", "STATUS=…", "WATCHDOG=1" to the keeper; nothing without one. */
void store_say(const struct store *store, const char *text);
/* How often the keeper wants to hear WATCHDOG=1; 0: never. */
int64_t store_watchdog_us(const struct store *store);
