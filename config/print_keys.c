/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * print_keys.c - `svcd-keys service|host|site|schema`: the rows for the build, which puts
 * them into man pages and beside them. Not installed.
 */
#include <string.h>

#include "config/config.h"

static int print_schema(FILE *out)
{
	_cleanup_(json_freep) struct json_t *schema = config_schema();
	_cleanup_free_ char *text = schema ? json_print(schema, JSON_PRETTY) : NULL;

	if (!text)
		return -ENOMEM;
	return fprintf(out, "%s\n", text) < 0 ? -EIO : 0;
}

static const struct {
	const char *word;
	int (*print)(FILE *out);
} tables[] = {
	{ "service", config_print_key_table },
	{ "host", config_print_host_table },
	{ "site", config_print_site_table },
	{ "schema", print_schema },
};

int main(int argc, char *argv[])
{
	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(tables); i++) {
		if (strcmp(argv[1], tables[i].word) == 0)
			return tables[i].print(stdout) < 0 || fflush(stdout) ? 1 : 0;
	}
	fputs("usage: svcd-keys service|host|site|schema\n", stderr);
	return 2;
}
