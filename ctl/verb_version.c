/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_version.c - of svcctl and of everything that runs.
 */
#include "ctl/ctl.h"

static void add_row(struct table *table, const char *program, const struct json_t *about,
	const char *state)
{
	char word[WORD_BYTES];
	const char *version = json_get_text(about, "version", "-");

	table_cell(table, PAINT_STRONG, program);
	table_cell(table, PAINT_NONE, version);
	table_cell(table, PAINT_NONE, state);
	table_cell(table, PAINT_NONE, word_count(word, json_get(about, "pid")));
	table_cell(table, PAINT_NONE, word_count(word, json_get(about, "restarts")));
}

static int print_versions(const struct ctl *ctl, const struct json_t *answer)
{
	static const char *const heads[] = { "PROGRAM", "VERSION", "STATE", "PID",
		"RESTARTS" };
	struct table table = { .columns = ARRAY_LEN(heads), .right = "<<<>" };
	const struct json_t *engines = json_get(answer, "engines");
	_cleanup_(json_freep) struct json_t *ours = json_new_object();
	struct text out = { 0 };

	json_set_text(ours, "version", SVCD_VERSION);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		table_cell(&table, PAINT_FAINT, heads[i]);
	add_row(&table, "svcctl", ours, "");
	add_row(&table, "svcd-supervisor", answer, "running");
	for (size_t i = 0; i < json_size(engines); i++) {
		const struct json_t *engine = json_item(engines, i);
		_cleanup_free_ char *program =
			text_format("svcd-%s", json_get_text(engine, "engine", ""));

		add_row(&table, program ? program : "", engine,
			json_get_text(engine, "state", ""));
	}
	table_print(&out, &ctl->out, 0, &table);
	table_done(&table);
	return put(&out);
}

int verb_version(struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *answer = NULL;
	struct question question = ask_svcd(ctl, "io.svcd.Version", keep_answer, &answer);
	struct text out = { 0 };
	int r = ask(ctl, &question, NULL);

	if (r == 0 && ctl->options.json)
		return put_json(answer);
	if (r == 0)
		return print_versions(ctl, answer);
	text_add(&out, "svcctl " SVCD_VERSION "\n");
	put(&out);
	return r;
}
