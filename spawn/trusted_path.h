/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * trusted_path.h - opens a directory as root would want to: links on the way are followed
 * where root made them.
 */
#pragma once

/* An O_PATH descriptor. A link that somebody else made could lead anywhere, also after it
 * was looked at: -ELOOP. -ENOTDIR, -errno. */
int trusted_path_open(const char *path);
