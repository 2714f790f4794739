/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * document.h - the door of this room: what a text says before anyone asks what it means.
 * Trees with places (node.h), laid over each other (merge.h), as paths with values
 * (leaves.h), `${…}` in their texts (expand.h), and what is wrong with them.
 */
#pragma once

#include "document/bytes.h"
#include "document/expand.h"
#include "document/leaves.h"
#include "document/merge.h"
#include "document/node.h"
#include "document/problem.h"
