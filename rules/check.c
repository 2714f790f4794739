/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check.c - rules across the keys of one declaration. What one key alone must be, its row
 * says.
 *
 * Not here: ports (check_listen.c), networks (check_firewall.c), paths and words
 * (check_words.c, check_capabilities.c), other services (across.c).
 */
#include <stdarg.h>
#include <string.h>

#include "base/paths.h"

#include "document/document.h"
#include "rules/address.h"
#include "rules/checking.h"

enum { PATH_BYTES = 128, GROUP_MOST_BYTES = 32 };

void checking_refuse(struct checking *self, const char *path, const char *format, ...)
{
	struct text sentence = { 0 };
	va_list args;

	va_start(args, format);
	text_addv(&sentence, format, args);
	va_end(args);
	if (!text_failed(&sentence))
		problem(self->problems, node_mark(self->tree, path), path, "%s",
			sentence.bytes);
	text_done(&sentence);
}

void checking_warn(struct checking *self, const char *path, const char *format, ...)
{
	struct problems one = { 0 };
	struct text sentence = { 0 };
	va_list args;

	va_start(args, format);
	text_addv(&sentence, format, args);
	va_end(args);
	if (!text_failed(&sentence))
		problem(&one, node_mark(self->tree, path), path, "%s", sentence.bytes);
	for (size_t i = 0; i < one.lines.count; i++)
		(void)strings_add(self->warnings, one.lines.items[i]);
	problems_done(&one);
	text_done(&sentence);
}

/* ---- run --------------------------------------------------------------------------- */

static bool listens_on_tcp(const struct declaration *declaration)
{
	for (size_t i = 0; i < declaration->listen_count; i++)
		if (declaration->listen[i].protocol == PROTOCOL_TCP)
			return true;
	return false;
}

static bool has_ready_check(const struct declaration *declaration)
{
	for (size_t i = 0; i < declaration->health.checks_count; i++)
		if (declaration->health.checks[i].effect == EFFECT_READY ||
			declaration->health.checks[i].startup)
			return true;
	return false;
}

static void check_ready(struct checking *self)
{
	const enum ready_by by = self->declaration->run.ready.by;

	if (by == READY_BY_LISTEN && !listens_on_tcp(self->declaration))
		checking_refuse(self, "run.ready.by",
			"listen needs a tcp port in `listen`; notify, check and started do "
			"not");
	if (by == READY_BY_CHECK && !has_ready_check(self->declaration))
		checking_refuse(self, "run.ready.by",
			"check needs a check in health.checks that has effect ready or is a "
			"startup check");
}

static void check_restart(struct checking *self)
{
	const struct restart_policy_spec *restart = &self->declaration->run.restart;
	const struct limits *limits = &self->declaration->limits;

	if (restart->delay_ms > restart->delay_max_ms)
		checking_refuse(self, "run.restart.delay",
			"is longer than run.restart.delay_max");
	if (restart->memory_above_bytes != UNSET && limits->memory_high_bytes != UNSET &&
		restart->memory_above_bytes >= limits->memory_high_bytes)
		checking_refuse(self, "run.restart.memory_above",
			"must be below limits.memory_high, which slows the service down "
			"before");
	if (restart->memory_above_bytes != UNSET && limits->memory_bytes != UNSET &&
		restart->memory_above_bytes >= limits->memory_bytes)
		checking_refuse(self, "run.restart.memory_above",
			"must be below limits.memory, where the kernel kills");
}

/* Two processes stand side by side for a while: each needs its own port. */
static void check_handover(struct checking *self)
{
	const struct run *run = &self->declaration->run;
	const struct listen *fixed = config_fixed_port(self->declaration);

	if (run->restart.handover != HANDOVER_START_FIRST)
		return;
	if (run->kind == RUN_ONESHOT) {
		checking_refuse(self, "run.restart.handover",
			"start-first is for a service: a oneshot is run to its end");
	} else if (fixed) {
		checking_refuse(self, "run.restart.handover",
			"start-first needs a port of its own for each instance, and listen "
			"'%s' is %s for all; write ${%s + instance} there, or stop-first",
			fixed->name, fixed->port, fixed->port);
	}
}

static void check_limits(struct checking *self)
{
	const struct limits *limits = &self->declaration->limits;

	if (self->declaration->state == ROLLOUT_PRODUCTION &&
		limits->memory_bytes == UNSET)
		checking_refuse(self, "state",
			"production needs limits.memory, like {memory: 2G}");
	if (limits->core_bytes > 0 && declaration_secrets(self->declaration))
		checking_refuse(self, "limits.core",
			"must be 0: the secrets of the service would stand in a core");
	if (limits->memory_high_bytes != UNSET && limits->memory_bytes != UNSET &&
		limits->memory_high_bytes > limits->memory_bytes)
		checking_refuse(
			self, "limits.memory_high", "must not be above limits.memory");
}

/* Nothing outside its own network reaches it. */
static void check_network(struct checking *self)
{
	const struct declaration *declaration = self->declaration;
	char path[PATH_BYTES];

	if (declaration->security.network != NETWORK_NONE)
		return;
	if (declaration->listen_count > 0)
		checking_refuse(self, "security.network",
			"with none nobody reaches listen '%s'; remove it, or write host",
			declaration->listen[0].name);
	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		const struct check *check = &declaration->health.checks[i];
		const bool asks = check->kind == CHECK_HTTP ||
				  check->kind == CHECK_OPENAPI ||
				  check->kind == CHECK_TCP;

		snprintf(path, sizeof(path), "health.checks[%zu]", i);
		if (asks && !check->unix_socket) {
			checking_refuse(self, path,
				"'%s' asks over the network, which security.network: none "
				"takes away; write exec, file or notify",
				check->name);
		}
	}
}

static void check_drain(struct checking *self)
{
	const struct run *run = &self->declaration->run;

	if (run->drain.settle_ms > run->drain.max_ms)
		checking_refuse(self, "run.drain.settle", "is longer than run.drain.max");
	if (run->drain.announce_max_ms > run->drain.max_ms)
		checking_refuse(
			self, "run.drain.announce_max", "is longer than run.drain.max");
}

/* ---- others ------------------------------------------------------------------------ */

static void check_depends(struct checking *self)
{
	const struct strings *services = &self->declaration->depends.services;

	for (size_t i = 0; i < services->count; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "depends.services[%zu]", i);
		if (strcmp(services->items[i], self->declaration->service) == 0)
			checking_refuse(self, path, "a service cannot wait for itself");
	}
}

static const char *cluster_name_at(size_t index, const void *data)
{
	const struct site *site = data;

	return index < site->clusters_count ? site->clusters[index].name : NULL;
}

static bool cluster_exists(const struct checking *self, const char *name)
{
	for (size_t i = 0; i < self->site->clusters_count; i++)
		if (strcmp(self->site->clusters[i].name, name) == 0)
			return true;
	return strings_have(&self->host->clusters, name);
}

static void check_clusters(struct checking *self)
{
	const struct strings *clusters = &self->declaration->clusters;

	for (size_t i = 0; self->site->clusters_count > 0 && i < clusters->count; i++) {
		const char *nearest;
		char path[PATH_BYTES];

		if (cluster_exists(self, clusters->items[i]))
			continue;
		nearest = text_nearest(clusters->items[i], cluster_name_at, self->site);
		snprintf(path, sizeof(path), "clusters[%zu]", i);
		checking_refuse(self, path, "there is no cluster '%s' in site.yaml%s%s%s",
			clusters->items[i], nearest ? "; did you mean '" : "",
			nearest ? nearest : "", nearest ? "'?" : "");
	}
}

static void check_monitors(struct checking *self)
{
	if (self->declaration->state != ROLLOUT_PRODUCTION ||
		self->declaration->owner.contact)
		return;
	checking_warn(
		self, "owner.contact", "nobody is told when it fails in production");
}

void declaration_check(struct checking *self)
{
	static void (*const rules[])(struct checking * self) = {
		listen_check,
		check_ready,
		check_restart,
		check_handover,
		check_limits,
		check_network,
		check_drain,
		check_depends,
		check_clusters,
		lvs_check,
		logs_check,
		check_monitors,
		health_check,
		capabilities_check,
		words_check,
		firewall_check,
		policy_check,
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		rules[i](self);
}

/* ---- defaults that are other values ------------------------------------------------ */

static int fill(char **member, const char *value)
{
	if (*member)
		return 0;
	*member = strdup(value);
	return *member ? 0 : -ENOMEM;
}

static int fill_joined(
	char **member, const char *one, const char *between, const char *other)
{
	if (*member)
		return 0;
	*member = text_format("%s%s%s", one, between, other);
	return *member ? 0 : -ENOMEM;
}

/* What a name of up to 31 characters makes may be more than a group's: then there is
 * none, rather than one that nobody can make. */
static int fill_group(struct checking *self)
{
	struct declaration *declaration = self->declaration;
	const bool named = declaration->access.group != NULL;
	int r = fill_joined(
		&declaration->access.group, declaration->service, "-", "admins");

	if (r < 0 || named || strlen(declaration->access.group) <= GROUP_MOST_BYTES)
		return r;
	checking_warn(self, "service",
		"%s is too long for a group (%d characters): nobody but operators of "
		"the host may operate it; name a group in access.group",
		declaration->access.group, GROUP_MOST_BYTES);
	free(TAKE(declaration->access.group));
	return 0;
}

/* What holds a secret is for the service alone, unless somebody says otherwise: then it
 * is refused. */
static void close_files(struct checking *self)
{
	struct declaration *declaration = self->declaration;

	for (size_t i = 0; i < declaration->files_count; i++) {
		struct file *file = &declaration->files[i];
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "files[%zu].mode", i);
		if (config_has_secret(file->content) && !node_find(self->tree, path))
			file->mode &= SECRET_FILE_MODE;
	}
}

int declaration_complete(struct checking *self)
{
	struct declaration *declaration = self->declaration;
	const char *service = declaration->service;
	int r = fill(&declaration->run.user,
		declaration->names.user ? declaration->names.user : service);

	if (r == 0)
		r = fill(&declaration->run.group, declaration->names.group
							  ? declaration->names.group
							  : declaration->run.user);
	if (r == 0)
		r = fill_joined(
			&declaration->logs.directory, self->paths->log, "/", service);
	if (r == 0)
		r = fill_group(self);
	if (!node_find(self->tree, "run.ready.by") && !listens_on_tcp(declaration))
		declaration->run.ready.by = READY_BY_STARTED;
	close_files(self);
	return r < 0 ? r : firewall_complete(self);
}
