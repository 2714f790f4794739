/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * devices.h - a /dev with the devices that any program may use, and no others.
 */
#pragma once

/* Mounts it over `path` (in a mount namespace of our own); `options` are those of its
 * tmpfs: shared memory (shm) counts for its size. Expects umask 0. -errno. */
int devices_make(const char *path, const char *options);
