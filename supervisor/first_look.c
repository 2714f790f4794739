/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * first_look.c - from accepted files back to members.
 */
#include "supervisor/first_look.h"

#include <string.h>
#include <syslog.h>

#include "supervisor/accepted.h"
#include "supervisor/act.h"
#include "supervisor/estate.h"
#include "supervisor/keeping.h"
#include "supervisor/supervisor.h"

static void say_lost(struct supervisor *supervisor, const char *name, const char *reason)
{
	supervisor_say(supervisor, (struct about){ NULL, "accepted", LOG_WARNING },
		"accepted declaration %s is ignored: %s", name, reason);
}

/* Both or none: they were accepted together. */
static int read_both(struct config *config, struct json_t *body, struct error *err)
{
	struct host host = { 0 };
	struct site site = { 0 };
	int r = host_read(&host, json_get(body, "host"), err);

	if (r == 0)
		r = site_read(&site, json_get(body, "site"), err);
	if (r < 0) {
		host_done(&host);
		site_done(&site);
		return r;
	}
	host_done(&config->host);
	site_done(&config->site);
	config->host = host;
	config->site = site;
	return 0;
}

void first_look_host(struct supervisor *supervisor, struct config *config,
	const struct json_t *accepted)
{
	struct json_t *body = json_get(json_get(accepted, "bodies"), ACCEPTED_HOST);
	const char *which = config->host_refused ? "host" : "site";
	struct error err = { 0 };

	if (!(config->host_refused || config->site_refused))
		return;
	if (!body) {
		supervisor_say(supervisor, (struct about){ NULL, "accepted", LOG_ERR },
			"the %s file is refused, and none was accepted before", which);
	} else if (read_both(config, body, &err) < 0) {
		say_lost(supervisor, ACCEPTED_HOST, err.text);
	} else {
		supervisor_say(supervisor,
			(struct about){ NULL, "accepted", LOG_WARNING },
			"the %s file is refused: host and site are as accepted before",
			which);
	}
}

/* The member, not started; NULL: none, which was said. */
static struct member *restore(struct supervisor *supervisor, const char *name,
	struct declaration *declaration, const char *text)
{
	if (!text_equal(declaration->service, name)) {
		say_lost(supervisor, name, "it is of another service");
		declaration_free(declaration);
		return NULL;
	}
	return act_add_service(supervisor, name, declaration, text);
}

static bool is_there(const struct supervisor *supervisor, const char *name)
{
	const struct member *member = members_find(&supervisor->members, name);

	return member && member->service;
}

static void restore_body(struct supervisor *supervisor, const struct json_t *heads,
	const char *name, struct json_t *body)
{
	_cleanup_free_ char *text = json_print(body, JSON_ONE_LINE);
	struct declaration *declaration = NULL;
	struct error err = { 0 };

	if (!text || is_there(supervisor, name))
		return;
	if (accepted_read(&declaration, body, json_get(heads, name), &err) < 0)
		say_lost(supervisor, name, err.text);
	else
		(void)restore(supervisor, name, declaration, text);
}

static int parse(struct json_t **ret, const char *text)
{
	return json_parse(ret, text, strlen(text), ACCEPTED_MAX_BYTES, NULL);
}

/* Of all that it says only what is not said of every service. */
static int parse_body(
	struct json_t **ret, struct supervisor *supervisor, const char *body)
{
	_cleanup_free_ char *less = NULL;

	if (!supervisor->usual)
		supervisor->usual = declaration_usual();
	if (supervisor->usual)
		less = declaration_less(body, supervisor->usual);
	return parse(ret, less ? less : body);
}

/* -EINVAL: no JSON. What cannot be used is said, and *ret stays NULL. */
static int restore_told(struct member **ret, struct supervisor *supervisor,
	const struct reader_service *service, const struct json_t *head)
{
	_cleanup_(json_freep) struct json_t *body = NULL;
	struct declaration *declaration = NULL;
	struct error err = { 0 };
	int r = parse_body(&body, supervisor, service->body);

	if (r < 0)
		return r;
	keeping_learn(supervisor->keeping, service->name, head);
	if (accepted_read(&declaration, body, head, &err) < 0)
		say_lost(supervisor, service->name, err.text);
	else
		*ret = restore(supervisor, service->name, declaration, service->body);
	return 0;
}

int first_look_service(struct supervisor *supervisor,
	const struct reader_service *service, struct instant now)
{
	_cleanup_(json_freep) struct json_t *head = NULL;
	struct member *member = NULL;
	int r = 0;

	if (is_there(supervisor, service->name))
		return 0;
	r = parse(&head, service->head);
	if (r == 0)
		r = restore_told(&member, supervisor, service, head);
	if (member && !supervisor->stopping)
		act_begin_early(member, now);
	return r;
}

int first_look_take_over(
	struct supervisor *supervisor, const struct reader_service *service)
{
	_cleanup_(json_freep) struct json_t *head = NULL;
	struct member *member = NULL;
	int r = parse(&head, service->head);

	if (r < 0 || !estate_left_as(supervisor->estate, service->name,
			     json_get_text(head, "hash", "")))
		return r;
	return restore_told(&member, supervisor, service, head);
}

void first_look_services(
	struct supervisor *supervisor, struct json_t *accepted, struct instant now)
{
	const struct json_t *problems = json_get(accepted, "problems");
	const struct json_t *heads = json_get(accepted, "heads");
	const char *name;
	struct json_t *body;

	keeping_begin(supervisor->keeping, heads, now);
	for (size_t i = 0; i < json_size(problems); i++)
		supervisor_say(supervisor,
			(struct about){ NULL, "accepted", LOG_WARNING }, "%s",
			json_text(json_item(problems, i)));
	json_each(json_get(accepted, "bodies"), name, body)
	{
		if (strcmp(name, ACCEPTED_HOST) != 0)
			restore_body(supervisor, heads, name, body);
	}
}
