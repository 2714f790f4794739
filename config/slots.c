/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * slots.c - how many processes of a service may stand side by side, and so which ports
 * are its own.
 *
 * Whoever starts the new process before the old one ends has one slot more than it has
 * instances: `${instance}` is that slot's number, and the port it gives is the spare one.
 *
 * Not here: who is in which slot (supervisor/).
 */
#include "config/config.h"

/* Two processes can stand side by side only when no port is asked for twice. */
const struct listen *config_fixed_port(const struct declaration *declaration)
{
	for (size_t i = 0; i < declaration->listen_count; i++) {
		const struct listen *listen = &declaration->listen[i];

		if (config_port(listen, 1) == config_port(listen, 2))
			return listen;
	}
	return NULL;
}

bool config_starts_first(const struct declaration *declaration)
{
	switch (declaration->run.restart.handover) {
	case HANDOVER_START_FIRST: return true;
	case HANDOVER_STOP_FIRST: return false;
	case HANDOVER_AUTO: break;
	}
	return declaration->run.kind == RUN_SERVICE && declaration->listen_count > 0 &&
	       !config_fixed_port(declaration);
}

unsigned config_slots(const struct declaration *declaration)
{
	const unsigned instances = (unsigned)MAX(declaration->run.instances, 1);

	return instances + config_starts_first(declaration);
}
