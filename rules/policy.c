/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy.c - what root does not let a declaration wish for: judged on the effective
 * declaration, so that no template, override or default gets past it.
 *
 * Pure: users are judged by name, as nobody may be asked for their numbers here; a link
 * on a path, or another name of root, is judged where it is followed.
 *
 * Not here: paths and programs (policy_paths.c), who may reach it (policy_firewall.c).
 */
#include "rules/policy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "config/fields.h"

/* ---- saying no --------------------------------------------------------------------- */

static void refuse_v(struct judging *self, const char *path, struct ruling ruling,
	const char *format, va_list args)
{
	struct text what = { 0 };

	text_addv(&what, format, args);
	text_addf(&what, " (policy.%s)", ruling.rule);
	if (ruling.fix)
		text_addf(
			&what, "; root may write in svcd.yaml: policy: {%s}", ruling.fix);
	if (!text_failed(&what))
		checking_refuse(self->checking, path, "%s", what.bytes);
	text_done(&what);
}

void policy_refuse(struct judging *self, const char *path, struct ruling ruling,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	refuse_v(self, path, ruling, format, args);
	va_end(args);
}

static bool needs_quotes(const char *value)
{
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && !strchr("_./-", *value))
			return true;
	return false;
}

void policy_refuse_value(struct judging *self, const char *path, const char *rule,
	struct pair fix, const char *format, ...)
{
	const char *quote = needs_quotes(fix.value) ? "\"" : "";
	_cleanup_free_ char *yaml = text_format("services: {%s: {%s: [%s%s%s]}}",
		self->declaration->service, fix.key, quote, fix.value, quote);
	va_list args;

	if (!yaml)
		return;
	va_start(args, format);
	refuse_v(self, path, (struct ruling){ rule, yaml }, format, args);
	va_end(args);
}

bool policy_lists(const struct strings *list, const char *word)
{
	return strings_have(list, "*") || strings_have(list, word);
}

/* ---- users ------------------------------------------------------------------------- */

/* `path`, or `otherwise` when the value was written there. */
static void judge_user(
	struct judging *self, const char *path, const char *otherwise, char *user)
{
	const struct node *tree = self->checking->tree;
	const bool here = node_find(tree, path) || !node_find(tree, otherwise);
	char key[] = "users";

	if (policy_allows_user(self->policy, self->declaration->service, user))
		return;
	policy_refuse_value(self, here ? path : otherwise, "users",
		(struct pair){ key, user },
		"'%s' is not this service's own, which is '%s'", user,
		self->declaration->service);
}

static void judge_users(struct judging *self)
{
	const struct run *run = &self->declaration->run;

	judge_user(self, "run.user", "names.user", run->user);
	if (!text_equal(run->group, run->user))
		judge_user(self, "run.group", "names.group", run->group);
}

/* ---- ports ------------------------------------------------------------------------- */

static bool has_port(const struct policy_exception *besides, uint16_t port)
{
	for (size_t i = 0; i < besides->ports_count; i++)
		if (besides->ports[i] == port)
			return true;
	return false;
}

/* Sockets of our own: "127.0.0.1:9479". */
static bool is_ours(const struct strings *endpoints, uint16_t port)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		const char *colon = strrchr(endpoints->items[i], ':');

		if (colon && strtoul(colon + 1, NULL, 10) == port)
			return true;
	}
	return false;
}

void policy_judge_port(struct judging *self, const char *path, uint16_t port)
{
	const struct host_policy *policy = self->policy;
	const struct host *host = self->checking->host;
	char key[] = "ports", number[8];

	if (port == 0)
		return; /* no port at all: refused already */
	if (is_ours(&host->http.listen, port) || is_ours(&host->agent_listen, port)) {
		policy_refuse(self, path, (struct ruling){ "ports", NULL },
			"port %u is svcd's own, see http.listen and agent.listen in "
			"svcd.yaml",
			port);
		return;
	}
	if ((port >= policy->port_least && port <= policy->port_most) ||
		has_port(self->besides, port))
		return;
	snprintf(number, sizeof(number), "%u", port);
	policy_refuse_value(self, path, "ports", (struct pair){ key, number },
		"port %u is not from %" PRId64 " to %" PRId64, port, policy->port_least,
		policy->port_most);
}

static void judge_ports(struct judging *self)
{
	const struct declaration *declaration = self->declaration;

	for (size_t i = 0; i < declaration->listen_count; i++) {
		char path[POLICY_PATH_BYTES];
		const size_t before = self->checking->problems->lines.count;

		snprintf(path, sizeof(path), "listen[%zu].port", i);
		for (unsigned slot = 1; slot <= config_slots(declaration) &&
					self->checking->problems->lines.count == before;
			slot++)
			policy_judge_port(
				self, path, config_port(&declaration->listen[i], slot));
	}
}

/* ---- capabilities, security -------------------------------------------------------- */

static void judge_capabilities(struct judging *self)
{
	const struct strings *wanted = &self->declaration->security.capabilities;
	char key[] = "capabilities";

	for (size_t i = 0; i < wanted->count; i++) {
		char path[POLICY_PATH_BYTES];

		if (policy_lists(&self->policy->capabilities, wanted->items[i]) ||
			policy_lists(&self->besides->capabilities, wanted->items[i]))
			continue;
		snprintf(path, sizeof(path), "security.capabilities[%zu]", i);
		policy_refuse_value(self, path, "capabilities",
			(struct pair){ key, wanted->items[i] },
			"services do not keep %s here", wanted->items[i]);
	}
}

static void judge_security(struct judging *self)
{
	const struct declaration *declaration = self->declaration;
	const struct {
		const char *key;
		bool weak;
	} wishes[] = {
		{ "no_new_privileges", !declaration->security.no_new_privileges },
		{ "system", declaration->security.system != SYSTEM_STRICT },
		{ "home", declaration->security.home != HOME_HIDDEN },
		{ "tmp", declaration->security.tmp != SPACE_PRIVATE },
		{ "devices", declaration->security.devices != SPACE_PRIVATE },
		{ "system_calls", declaration->security.system_calls != CALLS_SERVICE },
	};

	if (policy_lists(&self->policy->security, declaration->service))
		return;
	for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
		_cleanup_free_ char *path = text_format("security.%s", wishes[i].key);
		_cleanup_free_ char *fix =
			text_format("security: [%s]", declaration->service);

		if (path && fix && wishes[i].weak)
			policy_refuse(self, path, (struct ruling){ "security", fix },
				"weaker than the default is not for this service");
	}
}

/* ---- ceilings ---------------------------------------------------------------------- */

#define OF(member) offsetof(struct declaration, member)
static const struct ceiling {
	const char *row; /* its key in policy.ceilings */
	const char *path;
	size_t at;
	bool floor;
} ceilings[] = {
	{ "instances", "run.instances", OF(run.instances), false },
	{ "open_files", "limits.open_files", OF(limits.open_files), false },
	{ "core", "limits.core", OF(limits.core_bytes), false },
	{ "tasks", "limits.tasks", OF(limits.tasks), false },
	{ "memory", "limits.memory", OF(limits.memory_bytes), false },
	{ "cpu", "limits.cpu", OF(limits.cpu_percent), false },
	{ "cpu_weight", "limits.cpu_weight", OF(limits.cpu_weight), false },
	{ "io_weight", "limits.io_weight", OF(limits.io_weight), false },
	{ "nice", "run.nice", OF(run.nice), true },
	{ "oom_score", "limits.oom_score", OF(limits.oom_score), true },
	{ "logs_total", "logs.total", OF(logs.total_bytes), false },
};
#undef OF

static int64_t number_at(const void *base, size_t at)
{
	return *(const int64_t *)(const void *)((const char *)base + at);
}

static void refuse_ceiling(
	struct judging *self, const struct ceiling *ceiling, int64_t value, int64_t bound)
{
	const bool unset = value == UNSET && !ceiling->floor;
	_cleanup_free_ char *is =
		unset ? strdup("not set") : ceiling_print(ceiling->row, value);
	_cleanup_free_ char *most = ceiling_print(ceiling->row, bound);
	_cleanup_free_ char *rule = text_format("ceilings.%s", ceiling->row);
	_cleanup_free_ char *fix =
		text_format("ceilings: {%s: %s}", ceiling->row, is ? is : "");

	if (!is || !most || !rule || !fix)
		return;
	policy_refuse(self, ceiling->path, (struct ruling){ rule, unset ? NULL : fix },
		"%s, where %s is the %s", is, most, ceiling->floor ? "least" : "most");
}

static void judge_ceilings(struct judging *self)
{
	for (size_t i = 0; i < ARRAY_LEN(ceilings); i++) {
		const struct ceiling *ceiling = &ceilings[i];
		const int64_t value = number_at(self->declaration, ceiling->at);
		const int64_t bound = ceiling_bound(self->policy, ceiling->row);

		if (ceiling->floor ? value >= bound
				   : bound == UNSET || (value != UNSET && value <= bound))
			continue;
		refuse_ceiling(self, ceiling, value, bound);
	}
}

/* What no cap takes is a total too. */
static void judge_kept_logs(struct judging *self)
{
	const struct logs *logs = &self->declaration->logs;
	const int64_t bound = self->policy->ceilings.logs_bytes;
	const int64_t most = logs->rotate.maxsize_bytes > 0 ? logs->rotate.maxsize_bytes
							    : logs->rotate.size_bytes;
	int64_t kept;

	if (bound == UNSET || logs->min_keep == 0)
		return;
	if (most <= 0) {
		policy_refuse(self, "logs.rotate.size",
			(struct ruling){ "ceilings.logs_total", NULL },
			"%" PRId64
			" files of any size are kept (logs.min_keep); give them one",
			logs->min_keep);
		return;
	}
	if (!__builtin_mul_overflow(logs->min_keep, most, &kept) && kept <= bound)
		return;
	policy_refuse(self, "logs.min_keep",
		(struct ruling){ "ceilings.logs_total", NULL },
		"%" PRId64 " files of logs.rotate.size are more than logs may take",
		logs->min_keep);
}

/* ---- all --------------------------------------------------------------------------- */

void policy_check(struct checking *checking)
{
	static void (*const rules[])(struct judging * self) = {
		judge_users,
		judge_ports,
		judge_capabilities,
		judge_security,
		judge_ceilings,
		judge_kept_logs,
		policy_judge_paths,
		policy_judge_firewall,
	};
	const struct host_policy *policy = &checking->host->policy;
	struct judging self = { checking, checking->declaration, policy,
		policy_besides(policy, checking->declaration->service) };

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		rules[i](&self);
}
