/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ledger.h - some bytes that outlive this process, whole or not at all: a memfd with two
 * slots. The older one is written over; the newest that is whole is read. What the bytes
 * mean is estate.c's.
 *
 * Written by pwrite(2): pages that are mapped would count as memory of ours.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ledger;

enum { LEDGER_MAX_BYTES = 64 * 1024 * 1024 }; /* of one slot */

/* Takes `fd` of an earlier one, also when it fails; -1: makes an empty one. -errno. */
int ledger_new(struct ledger **ret, int fd);
struct ledger *ledger_free(struct ledger *ledger); /* closes the fd */
int ledger_fd(const struct ledger *ledger);        /* borrowed */

/* The newest that is whole, NUL-terminated; the caller frees. -ENODATA: none is;
 * -errno. */
int ledger_read(struct ledger *ledger, char **ret, size_t *ret_size);
/* -E2BIG, -errno: then what was written before can still be read. */
int ledger_write(struct ledger *ledger, const void *bytes, size_t size);
