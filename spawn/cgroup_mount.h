/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_mount.h - where cgroup v2 is mounted, from the text of mountinfo(5). Pure.
 */
#pragma once

#include <stddef.h>

/* The mount point of the `nth` writable cgroup2 mount, counted from the last line (what
 * was mounted last lies on top), with its octal escapes undone. 0, or -ENOENT when there
 * are not that many. */
int cgroup_mount_find(const char *mountinfo, unsigned nth, char *ret, size_t size);
/* The directory of our services below the mount: "svcd-services", and with `root`
 * "svcd-services-tmp-x". */
void cgroup_base_name(const char *root, char *ret, size_t size);
