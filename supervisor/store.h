/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.h - what outlives this process: file descriptors that the keeper holds for us,
 * by name; and what the keeper tells: how processes ended that are not our children.
 *
 * At start fds come by $LISTEN_FDS and $LISTEN_FDNAMES; later ones are given with
 * FDSTORE=1 on $NOTIFY_SOCKET, as a service does with systemd. One place for all of it,
 * so that a supervisor which takes over running services begins here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/fd_table.h"
#include "base/loop.h"
#include "base/orphans.h"

struct store;

/* Names of fds that the keeper always hands over. */
#define STORE_KEEPER  "keeper"  /* a pipe: lines of it; its end: the keeper is gone */
#define STORE_ORPHANS "orphans" /* when there are some: lines of base/orphans.h */
#define STORE_CONTROL "control.sock"
#define STORE_HEALTH  "health.sock"
#define STORE_LOG     "log.sock"
/* The memfd with what we know of the services. */
#define STORE_STATE "state"
/* Of an instance of a service: store_instance_name(). */
#define STORE_PID    "pid"    /* pidfd of its main process */
#define STORE_OUT    "out"    /* read ends of the pipes that it prints to */
#define STORE_ERR    "err"    /*                                          */
#define STORE_NOTIFY "notify" /* the bound socket that it says READY=1 on */
#define STORE_KEPT   "kept."  /* and a number: FDSTORE=1 of the service itself */

enum { STORE_NAME_BYTES = FD_NAME_MAX_BYTES + 1 };

/* Reads the environment and clears it of those variables. Without a keeper the store is
 * empty. */
int store_new(struct store **ret, struct error *err);
struct store *store_free(struct store *store);

/* ---- fds ----------------------------------------------------------------------- */

/* "NAME.N/PART". A service's name and "." and "/" are all that names of instances have
 * in common: store_next() with "NAME." as prefix finds all of a service. */
void store_instance_name(char ret[static STORE_NAME_BYTES], const char *service,
	unsigned n, const char *part);
/* The fd of that name (borrowed; the store keeps its number until store_drop()); -1:
 * none is here, though the keeper may hold one that was lent. */
int store_fd(const struct store *store, const char *name);
/* Keeps a duplicate of `fd` here and with the keeper. When it returns, the keeper has
 * been sent it: a keeper that is slow is waited for, 1 s at most. -ENOSPC: the store is
 * full, or its names are (FD_NAMES_MAX_BYTES); -ETIMEDOUT; other -errno: nothing is
 * kept. */
int store_put(struct store *store, const char *name, int fd);
/* The same, but here only the name is kept: `fd` goes on to be the caller's. */
int store_lend(struct store *store, const char *name, int fd);
/* Hands over the fd of that name: from now on it is the caller's, as after store_lend().
 * The keeper goes on to hold its own. -1: none is here. */
int store_take(struct store *store, const char *name);
/* Closes it here (when it is here) and with the keeper. */
void store_drop(struct store *store, const char *name);
/* The i-th name that begins with `prefix`, in order; NULL at the end. What is dropped or
 * put meanwhile moves the others. */
const char *store_name(const struct store *store, const char *prefix, size_t index);

/* ---- what the keeper tells ----------------------------------------------------- */

/* Called from the loop. */
struct store_user {
	/* A process ended whose parent has become the keeper: one of an earlier
	 * supervisor of ours, or a stranger that lost its parent. */
	void (*ended)(void *owner, const struct orphan *orphan, struct instant now);
	/* The keeper's answer to store_reexec(): "" when it does, or why it does not. */
	void (*reexec)(void *owner, const char *refusal, struct instant now);
	/* The keeper is gone. */
	void (*alone)(void *owner, struct instant now);
};
/* From now on `user` hears. Nothing without a keeper. -errno. */
int store_listen(struct store *store, struct loop *loop, const struct store_user *user,
	void *owner);
/* How that process ended, as far as it was told, at start or since (also before `ended`
 * was called). False: nothing is known. */
bool store_orphan(
	const struct store *store, pid_t pid, uint64_t start, struct orphan *ret);

/* ---- words to the keeper ------------------------------------------------------- */

/* "READY=1", "STATUS=…", "WATCHDOG=1"; nothing without one. Never waits: a word that the
 * keeper has no room for is lost. */
void store_say(const struct store *store, const char *text);
/* Asks the keeper to execute itself anew and to replace us. -ENOTCONN: there is none. */
int store_reexec(struct store *store);
/* How often the keeper wants to hear WATCHDOG=1; 0: never. */
int64_t store_watchdog_us(const struct store *store);
