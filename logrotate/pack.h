/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pack.h - archives made smaller and read again: zstd in independent 1 MiB frames with
 * checksums (so that a cut tail costs one frame and a reader may jump), or gzip.
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "base/cleanup.h"

#include "config/config.h"

/* ".zst", ".gz" or "". */
const char *pack_suffix(enum compress kind);

/* Reads `from` to its end and writes it packed to `to`. -errno, -ENOMEM; -EIO when the
 * library refuses, -ECANCELED soon after *stop was set. */
int pack_fd(int from, int to, enum compress kind, int level, atomic_bool *stop);

/* Reads a file from its beginning, unpacked; for COMPRESS_NONE as it is. Borrows fd and
 * uses pread(2), so that several readers may share it. */
struct unpacker;
int unpacker_new(struct unpacker **ret, int fd, enum compress kind);
/* Bytes read, 0 at the end (for a plain file: at its end for now), -errno, -EBADMSG when
 * damaged. */
ssize_t unpacker_read(struct unpacker *unpacker, void *bytes, size_t size);
/* The next byte read is the one at `offset` of the unpacked file. */
int unpacker_seek(struct unpacker *unpacker, int64_t offset);
struct unpacker *unpacker_free(struct unpacker *unpacker);
CLEANUP(struct unpacker *, unpacker_free)
