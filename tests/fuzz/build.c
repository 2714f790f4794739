/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * build.c - a declaration through all of its way: layers, names, rows, rules. What is
 * accepted must travel as JSON and come back the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/paths.h"

#include "sources/sources.h"

static char site_text[] =
	"clusters: {scb: {site: {eqiad: [scb1001.eqiad.example.org]}}}\n"
	"networks: {A: [10.0.0.0/8, B], B: ['2001:db8::/32']}\ndefault_sources: [A]\n";
static char template_text[] =
	"values: {level: low, conf: ''}\nrun: {command: [/usr/bin/web, '${port}']}\n"
	"files: [{path: '/etc/${service}.conf', template: a.conf}]\n"
	"health: {checks: [{name: http, http: /}]}\n";
static char file_text[] = "level ${values.level}\n  ${values.conf}\nport ${port}\n";

static struct source source(
	enum source_kind kind, const char *path, char *bytes, size_t size)
{
	return (struct source){ .kind = kind,
		.path = (char *)(uintptr_t)path,
		.bytes = bytes,
		.size = size };
}

static void check_travel(const struct config *config)
{
	_cleanup_(json_freep) struct json_t *first = config_print(config), *second = NULL;
	_cleanup_(config_freep) struct config *again = NULL;
	struct error err = { 0 };

	if (config_read(&again, first, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	second = config_print(again);
	if (!json_same(first, second))
		abort();
}

static void check_shown(const struct entry *entry)
{
	FILE *out = fopen("/dev/null", "w");

	if (!out || config_print_show(out, entry) < 0)
		abort();
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *bytes = malloc(size + 1);
	char fqdn[] = "scb1001.eqiad.example.org";
	const struct facts_of_host facts = { .fqdn = fqdn, .ncpu = 4, .memory_mb = 8192 };
	_cleanup_(config_freep) struct config *config = NULL;
	struct source items[4];
	struct sources sources = { .items = items, .count = ARRAY_LEN(items) };
	struct paths paths;

	assert(bytes);
	memcpy(bytes, data, size);
	bytes[size] = '\0';
	items[0] = source(SOURCE_SITE, "site.yaml", site_text, strlen(site_text));
	items[1] =
		source(SOURCE_TEMPLATE, "a.yaml", template_text, strlen(template_text));
	items[2] = source(SOURCE_TEXT, "a.conf", file_text, strlen(file_text));
	items[3] = source(SOURCE_SERVICE, "web.yaml", bytes, size);
	assert(paths_init(&paths, "") == 0);
	assert(config_build(&config, &sources, &paths, &facts) == 0);
	paths_done(&paths);
	assert(config->problems.lines.count == 0 && config->entries_count == 1);
	assert(!config->entries[0].declaration ==
		(config->entries[0].problems.lines.count > 0));
	if (config->entries[0].declaration)
		check_shown(&config->entries[0]);
	check_travel(config);
	return 0;
}
