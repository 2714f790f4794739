/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * orphans.c - a ring of exits; the oldest gives way.
 */
#include "keeper/orphans.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

void orphans_add(struct orphans *orphans, const siginfo_t *info)
{
	orphans->items[orphans->count++ % ORPHANS_KEPT] =
		(struct orphan){ info->si_pid, info->si_code, info->si_status };
}

int orphans_print(const struct orphans *orphans)
{
	_cleanup_close_ int fd = memfd_create("orphans", MFD_CLOEXEC);
	size_t first = orphans->count > ORPHANS_KEPT ? orphans->count - ORPHANS_KEPT : 0;

	if (fd < 0)
		return -errno;
	for (size_t i = first; i < orphans->count; i++) {
		const struct orphan *orphan = &orphans->items[i % ORPHANS_KEPT];

		if (dprintf(fd, "%d %d %d\n", orphan->pid, orphan->code, orphan->status) <
			0)
			return -errno;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}
