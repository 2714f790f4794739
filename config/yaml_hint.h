/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * yaml_hint.h - what libyaml finds, in words that helped the people who wrote it.
 */
#pragma once

/* Never NULL; `problem` may be. */
const char *yaml_hint(const char *problem);
