/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ledger.c - two slots, each with a header that vouches for the bytes behind it.
 *
 * First the bytes are written, then their header: whoever is killed in between leaves a
 * header that does not vouch for them, and the other slot.
 */
#include "supervisor/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/text.h"

enum { SLOTS = 2, VERSION = 1, PAGE_BYTES = 4096 };

static const uint64_t magic = 0x7265646c64637673; /* "svcdldre" in memory */

struct header {
	uint64_t magic, version, generation, size;
	uint64_t checksum; /* of the bytes */
	uint64_t itself;   /* of the above */
};

struct ledger {
	int fd;
	uint64_t generation; /* the newest */
	unsigned next;       /* slot to write */
};

/* Slots are far apart: what is never written costs nothing. */
static off_t place_of(unsigned slot)
{
	return (off_t)slot * (LEDGER_MAX_BYTES + PAGE_BYTES);
}

static uint64_t vouch(const struct header *header)
{
	return text_hash(header, offsetof(struct header, itself));
}

static bool read_header(const struct ledger *ledger, unsigned slot, struct header *ret)
{
	ssize_t got = pread(ledger->fd, ret, sizeof(*ret), place_of(slot));

	return got == (ssize_t)sizeof(*ret) && ret->magic == magic &&
	       ret->version == VERSION && ret->size <= LEDGER_MAX_BYTES &&
	       ret->itself == vouch(ret);
}

/* -errno when the file is shorter. */
static int read_all(int fd, char *bytes, size_t size, off_t at)
{
	while (size > 0) {
		ssize_t got = pread(fd, bytes, size, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -ENODATA;
		bytes += got;
		at += got;
		size -= (size_t)got;
	}
	return 0;
}

static int write_all(int fd, const char *bytes, size_t size, off_t at)
{
	while (size > 0) {
		ssize_t put = pwrite(fd, bytes, size, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		bytes += put;
		at += put;
		size -= (size_t)put;
	}
	return 0;
}

static int read_slot(const struct ledger *ledger, unsigned slot,
	const struct header *header, char **ret)
{
	_cleanup_free_ char *bytes = malloc(header->size + 1);
	int r = bytes ? read_all(ledger->fd, bytes, header->size,
				place_of(slot) + PAGE_BYTES)
		      : -ENOMEM;

	if (r < 0)
		return r;
	if (text_hash(bytes, header->size) != header->checksum)
		return -ENODATA;
	bytes[header->size] = '\0';
	*ret = TAKE(bytes);
	return 0;
}

int ledger_read(struct ledger *ledger, char **ret, size_t *ret_size)
{
	struct header headers[SLOTS];
	bool vouched[SLOTS];
	unsigned newest;
	int r = -ENODATA;

	for (unsigned slot = 0; slot < SLOTS; slot++)
		vouched[slot] = read_header(ledger, slot, &headers[slot]);
	newest = vouched[1] &&
		 (!vouched[0] || headers[1].generation > headers[0].generation);
	for (unsigned i = 0; r < 0 && i < SLOTS; i++) {
		unsigned slot = (newest + i) % SLOTS;

		if (!vouched[slot])
			continue;
		r = read_slot(ledger, slot, &headers[slot], ret);
		if (r < 0)
			continue;
		*ret_size = headers[slot].size;
		ledger->generation = headers[slot].generation;
		ledger->next = (slot + 1) % SLOTS;
	}
	return r;
}

/* What a longer text left behind goes back to the host. */
static void release_rest(int fd, size_t size, off_t at)
{
	off_t used = (off_t)((size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);

	(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at + used,
		LEDGER_MAX_BYTES - used);
}

int ledger_write(struct ledger *ledger, const void *bytes, size_t size)
{
	struct header header = { .magic = magic,
		.version = VERSION,
		.generation = ledger->generation + 1,
		.size = size,
		.checksum = text_hash(bytes, size) };
	off_t at = place_of(ledger->next);
	int r;

	if (size > LEDGER_MAX_BYTES)
		return -E2BIG;
	header.itself = vouch(&header);
	r = FAILPOINT_ERROR("ledger.write");
	if (r == 0)
		r = write_all(ledger->fd, bytes, size, at + PAGE_BYTES);
	FAILPOINT("ledger.between");
	if (r == 0)
		r = write_all(ledger->fd, (const char *)&header, sizeof(header), at);
	if (r < 0)
		return r;
	FAILPOINT("ledger.written");
	release_rest(ledger->fd, size, at + PAGE_BYTES);
	ledger->generation++;
	ledger->next = (ledger->next + 1) % SLOTS;
	return 0;
}

int ledger_new(struct ledger **ret, int fd)
{
	_cleanup_close_ int owned =
		fd >= 0 ? fd : memfd_create("svcd-state", MFD_CLOEXEC);
	struct ledger *ledger;

	if (owned < 0)
		return -errno;
	ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return -ENOMEM;
	ledger->fd = TAKE_FD(owned);
	*ret = ledger;
	return 0;
}

struct ledger *ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return NULL;
	close(ledger->fd);
	free(ledger);
	return NULL;
}

int ledger_fd(const struct ledger *ledger)
{
	return ledger->fd;
}
