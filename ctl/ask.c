/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ask.c - a question to svcd or an engine; what went wrong is said once, with what to
 * do about it.
 */
#include <string.h>

#include "ctl/ctl.h"

static const char *parameter(const struct varlink_answer *answer, const char *key)
{
	return json_get_text(answer->parameters, key, "");
}

static int say_not_found(const struct ctl *ctl, const struct varlink_answer *answer)
{
	const char *nearest = parameter(answer, "suggestion");

	say(ctl, "no service \"%s\"%s%s%s", parameter(answer, "name"),
		*nearest ? "; did you mean \"" : "", nearest, *nearest ? "\"?" : "");
	return EXIT_NO_SUCH;
}

static int say_not_allowed(const struct ctl *ctl, const struct varlink_answer *answer)
{
	const char *reason = parameter(answer, "reason");

	say(ctl, "not allowed%s%s", *reason ? ": " : "", reason);
	return EXIT_NOT_ALLOWED;
}

static int say_failed(const struct ctl *ctl, const struct varlink_answer *answer)
{
	const char *reason = parameter(answer, "reason");

	say(ctl, "%s", *reason ? reason : "failed, and svcd does not say why");
	return EXIT_FAILED;
}

static int say_refused(const struct ctl *ctl, const struct varlink_answer *answer)
{
	const struct json_t *problems = json_get(answer->parameters, "problems");

	say(ctl, "refused");
	for (size_t i = 0; i < json_size(problems); i++) {
		const char *line = json_text(json_item(problems, i));

		say(ctl, "%s", line ? line : "");
	}
	return EXIT_FAILED;
}

static int say_invalid(const struct ctl *ctl, const struct varlink_answer *answer)
{
	say(ctl, "%s is not what svcd takes", parameter(answer, "parameter"));
	return verb_rows[ctl->verb].usage;
}

static int say_unknown_method(const struct ctl *ctl, const struct varlink_answer *answer)
{
	say(ctl,
		"the svcd that runs does not know %s; is it older than svcctl " SVCD_VERSION
		"?",
		parameter(answer, "method"));
	return EXIT_FAILED;
}

static const struct {
	const char *error;
	int (*say)(const struct ctl *ctl, const struct varlink_answer *answer);
} errors[] = {
	{ VARLINK_NOT_FOUND, say_not_found },
	{ VARLINK_NOT_ALLOWED, say_not_allowed },
	{ VARLINK_FAILED, say_failed },
	{ VARLINK_REFUSED, say_refused },
	{ VARLINK_INVALID, say_invalid },
	{ "org.varlink.service.MethodNotFound", say_unknown_method },
};

static int say_error(const struct ctl *ctl, const struct varlink_answer *answer)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (strcmp(errors[i].error, answer->error) == 0)
			return errors[i].say(ctl, answer);
	}
	say(ctl, "svcd answered %s", answer->error);
	return EXIT_FAILED;
}

static int say_silence(const struct ctl *ctl, const struct question *question, int code)
{
	switch (code) {
	case -ENOENT:
	case -ECONNREFUSED:
		say(ctl, "%s does not run: nobody listens on %s", question->who,
			question->socket);
		break;
	case -ETIMEDOUT:
		say(ctl,
			"%s listens on %s but does not answer; its log may tell why: "
			"journalctl -u svcd",
			question->who, question->socket);
		break;
	case -ECONNRESET:
	case -EPIPE:
		say(ctl, "%s hung up; it ended, or is starting again", question->who);
		break;
	default:
		say(ctl, "%s cannot be reached on %s: %s", question->who,
			question->socket, strerror(-code));
	}
	return EXIT_NOT_REACHABLE;
}

int ask(const struct ctl *ctl, const struct question *question, struct json_t *parameters)
{
	struct varlink_answer answer = { 0 };
	int r = varlink_ask(question->socket, question->method, parameters,
		question->more, question->timeout_ms, question->reply, question->data,
		&answer);

	if (r == -ECANCELED) {
		r = EXIT_FAILED; /* the reply function has said why */
	} else if (question->may_hang_up && (r == -ECONNRESET || r == -EPIPE)) {
		r = 0;
	} else if (r < 0) {
		r = say_silence(ctl, question, r);
	} else if (*answer.error) {
		r = say_error(ctl, &answer);
	}
	json_free(answer.parameters);
	return r;
}

struct question ask_svcd(
	const struct ctl *ctl, const char *method, varlink_reply_fn *reply, void *data)
{
	return (struct question){
		.socket = ctl->paths.control,
		.who = "svcd",
		.method = method,
		.timeout_ms = ANSWER_MS,
		.reply = reply,
		.data = data,
	};
}

int keep_answer(struct json_t *parameters, bool more, void *data)
{
	struct json_t **kept = data;

	(void)more;
	json_free(*kept);
	*kept = json_share(parameters);
	return 0;
}

struct json_t *names_of(char *const *words, size_t count)
{
	_cleanup_(json_freep) struct json_t *names = json_new_array();

	for (size_t i = 0; i < count; i++) {
		if (!names || json_append_text(names, words[i]) < 0)
			return NULL;
	}
	return TAKE(names);
}

int select_services(const struct ctl *ctl, struct json_t **ret)
{
	_cleanup_(json_freep) struct json_t *selection = json_new_object();
	const char *tag = NULL;

	for (size_t i = 0; i < ctl->words_count; i++) {
		if (ctl->words[i][0] == '@')
			tag = ctl->words[i] + 1;
	}
	if (tag && ctl->words_count > 1)
		return usage(ctl, "either names or one @TAG");
	if (tag && !*tag)
		return usage(ctl, "\"@\" wants a tag behind it");
	if (!selection ||
		json_set(selection, "names",
			names_of(ctl->words, tag ? 0 : ctl->words_count)) < 0 ||
		json_set_text(selection, "tag", tag) < 0)
		return EXIT_FAILED;
	*ret = TAKE(selection);
	return 0;
}
