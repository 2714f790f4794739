/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fingerprint.c - all that building depends on, in one short text: as building is pure,
 * the same fingerprint means the same result, and who kept that needs to build nothing.
 */
#include <inttypes.h>
#include <string.h>

#include "sources/build.h"

static void add_source(struct text *all, const struct source *source)
{
	text_addf(all, "%d %s %zu %016llx %s\n", (int)source->kind, source->path,
		source->size, text_hash(source->bytes ? source->bytes : "", source->size),
		source->refused ? source->refused : "");
}

char *sources_fingerprint(
	const struct sources *sources, const struct facts_of_host *facts)
{
	struct text all = { 0 };
	char *fingerprint;

	text_addf(&all, "%s %s %" PRId64 " %" PRId64 " %d %d\n",
		facts->program ? facts->program : "", facts->fqdn, facts->ncpu,
		facts->memory_mb, sources->incomplete, sources->secrets_hidden);
	for (size_t i = 0; i < sources->count; i++)
		add_source(&all, &sources->items[i]);
	fingerprint = text_failed(&all)
			      ? NULL
			      : text_format("%016llx", text_hash(all.bytes, all.size));
	text_done(&all);
	return fingerprint;
}
