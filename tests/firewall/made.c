/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * made.c - structs as the reader of declarations would have filled them.
 */
#include "tests/firewall/made.h"

#include <stdlib.h>

#include "tests/test.h"

static void add_words(struct strings *to, const char *const *words)
{
	for (size_t i = 0; i < MADE_WORDS && words[i]; i++)
		assert_int_equal(strings_add(to, words[i]), 0);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static size_t add_rows(struct allow **ret, const struct made_row *rows)
{
	size_t count = 0;

	*ret = calloc(MADE_ROWS, sizeof(**ret));
	for (; count < MADE_ROWS && rows[count].words[0]; count++) {
		(*ret)[count].port = copy(rows[count].port);
		add_words(&(*ret)[count].from, rows[count].words);
	}
	return count;
}

struct declaration *made_declaration(const struct made *made)
{
	struct declaration *declaration = calloc(1, sizeof(*declaration));
	size_t count = 0;

	declaration->service = copy(made->name);
	declaration->run.instances = made->instances ? made->instances : 1;
	declaration->listen = calloc(MADE_ROWS, sizeof(*declaration->listen));
	for (; count < MADE_ROWS && made->listen[count].port; count++) {
		struct listen *listen = &declaration->listen[count];

		listen->name = copy(made->listen[count].name);
		listen->port = copy(made->listen[count].port);
		listen->address = copy(made->listen[count].address);
		listen->protocol = made->listen[count].protocol;
	}
	declaration->listen_count = count;
	declaration->firewall.allow_count =
		add_rows(&declaration->firewall.allow, made->allow);
	declaration->firewall.deny_count =
		add_rows(&declaration->firewall.deny, made->deny);
	add_words(&declaration->firewall.destination, made->destination);
	return declaration;
}

static void free_rows(struct allow *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(rows[i].port);
		strings_done(&rows[i].from);
	}
	free(rows);
}

void made_free(struct declaration *declaration)
{
	for (size_t i = 0; i < declaration->listen_count; i++) {
		free(declaration->listen[i].name);
		free(declaration->listen[i].port);
		free(declaration->listen[i].address);
	}
	free_rows(declaration->firewall.allow, declaration->firewall.allow_count);
	free_rows(declaration->firewall.deny, declaration->firewall.deny_count);
	strings_done(&declaration->firewall.destination);
	free(declaration->listen);
	free(declaration->service);
	free(declaration);
}

struct site *made_site(
	const struct made_set *sets, size_t count, const char *const *default_sources)
{
	struct site *site = calloc(1, sizeof(*site));

	site->networks = calloc(count + 1, sizeof(*site->networks));
	site->networks_count = count;
	for (size_t i = 0; i < count; i++) {
		site->networks[i].name = copy(sets[i].name);
		add_words(&site->networks[i].members, sets[i].members);
	}
	if (default_sources)
		add_words(&site->default_sources, default_sources);
	return site;
}

void made_site_free(struct site *site)
{
	for (size_t i = 0; i < site->networks_count; i++) {
		free(site->networks[i].name);
		strings_done(&site->networks[i].members);
	}
	strings_done(&site->default_sources);
	free(site->networks);
	free(site);
}

struct plan *made_plan(
	const struct made *services, size_t count, struct site *site, char **problems)
{
	struct declaration **declarations = calloc(count + 1, sizeof(*declarations));
	const struct declaration **view = calloc(count + 1, sizeof(*view));
	struct problems found = { 0 };
	struct text lines = { 0 };
	struct plan *plan = NULL;
	struct plan_input input = { .site = site, .declarations_count = count };

	for (size_t i = 0; i < count; i++)
		view[i] = declarations[i] = made_declaration(&services[i]);
	input.declarations = view;
	assert_int_equal(plan_make(&plan, &input, &found), 0);
	for (size_t i = 0; i < found.lines.count; i++)
		text_addf(&lines, "%s%s", i > 0 ? "\n" : "", found.lines.items[i]);
	if (problems)
		*problems = text_take(&lines);
	text_done(&lines);
	for (size_t i = 0; i < count; i++)
		made_free(declarations[i]);
	strings_done(&found.lines);
	free(declarations);
	free(view);
	return plan;
}

char *made_text(const struct plan *plan, const char *service)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	assert_int_equal(plan_print(out, plan, service), 0);
	fclose(out);
	return bytes;
}
