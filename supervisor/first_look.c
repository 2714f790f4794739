/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * first_look.c - from accepted files back to members.
 */
#include "supervisor/first_look.h"

#include <string.h>
#include <syslog.h>

#include "supervisor/accepted.h"
#include "supervisor/act.h"
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

static void restore(struct supervisor *supervisor, const char *name, struct json_t *body)
{
	struct declaration *declaration = NULL;
	struct error err = { 0 };

	if (declaration_read(&declaration, body, &err) < 0) {
		say_lost(supervisor, name, err.text);
	} else if (!text_equal(declaration->service, name)) {
		say_lost(supervisor, name, "it is of another service");
		declaration_free(declaration);
	} else {
		(void)act_add_service(supervisor, name, declaration, body);
	}
}

void first_look_services(
	struct supervisor *supervisor, struct json_t *accepted, struct instant now)
{
	const struct json_t *problems = json_get(accepted, "problems");
	const char *name;
	struct json_t *body;

	keeping_begin(supervisor->keeping, json_get(accepted, "heads"), now);
	for (size_t i = 0; i < json_size(problems); i++)
		supervisor_say(supervisor,
			(struct about){ NULL, "accepted", LOG_WARNING }, "%s",
			json_text(json_item(problems, i)));
	json_each(json_get(accepted, "bodies"), name, body)
	{
		if (strcmp(name, ACCEPTED_HOST) != 0)
			restore(supervisor, name, body);
	}
}
