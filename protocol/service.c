/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service.c - introspection: the interface that every varlink server has.
 */
#include <string.h>

#include "protocol/varlink.h"

static const char service_interface[] = "org.varlink.service";

/* "io.svcd" of "io.svcd.Status". */
static bool our_interface(const struct varlink_server *server, char *ret, size_t size)
{
	const char *name = server->methods[0].name;
	const char *dot = name ? strrchr(name, '.') : NULL;

	if (!dot)
		return false;
	snprintf(ret, size, "%.*s", (int)(dot - name), name);
	return true;
}

static void get_info(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct json_t *info = json_new_object(), *interfaces = json_new_array();
	char ours[128];

	(void)parameters;
	(void)now;
	json_append_text(interfaces, service_interface);
	if (our_interface(owner, ours, sizeof(ours)))
		json_append_text(interfaces, ours);
	json_set_text(info, "vendor", "svcd");
	json_set_text(info, "product", "svcd");
	json_set_text(info, "version", SVCD_VERSION);
	json_set_text(info, "url", "");
	json_set(info, "interfaces", interfaces);
	varlink_reply(call, info, false);
}

static void get_description(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	const struct varlink_server *server = owner;
	const char *wanted = json_get_text(parameters, "interface", NULL);
	struct json_t *answer = json_new_object();
	const char *description = NULL;
	char ours[128];

	(void)now;
	if (!wanted) {
		json_set_text(answer, "parameter", "interface");
		varlink_error(call, VARLINK_INVALID, answer);
		return;
	}
	if (strcmp(wanted, service_interface) == 0) {
		description = varlink_service_text;
	} else if (our_interface(server, ours, sizeof(ours)) &&
		   strcmp(wanted, ours) == 0) {
		description = server->description;
	}
	if (!description) {
		json_set_text(answer, "interface", wanted);
		varlink_error(call, "org.varlink.service.InterfaceNotFound", answer);
		return;
	}
	json_set_text(answer, "description", description);
	varlink_reply(call, answer, false);
}

const struct varlink_method service_methods[] = {
	{ "org.varlink.service.GetInfo", get_info },
	{ "org.varlink.service.GetInterfaceDescription", get_description },
	{ NULL, NULL },
};
