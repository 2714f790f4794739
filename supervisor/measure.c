/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * measure.c - cgroup counters, /proc and sock_diag, looked at when somebody wants to
 * know.
 */
#include "supervisor/measure.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/netlink.h"

#include "spawn/spawn.h"

enum { STATM_MAX_BYTES = 256 };

static int count_one(const struct socket_seen *socket, void *data)
{
	(void)socket;
	++*(int64_t *)data;
	return 0;
}

static int64_t count_connections(const struct declaration *declaration, unsigned instance)
{
	int64_t count = 0;

	for (size_t i = 0; i < declaration->listen_count; i++) {
		const struct listen *listen = &declaration->listen[i];
		uint16_t port = config_port(listen, instance);

		if (listen->protocol == PROTOCOL_TCP && port &&
			sockets_walk(IPPROTO_TCP, 1U << TCP_ESTABLISHED, port, count_one,
				&count) < 0)
			return UNSET;
	}
	return count;
}

static int64_t count_fds(pid_t pid)
{
	char path[64];
	int64_t count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	if (!folder)
		return UNSET;
	for (const struct dirent *at = readdir(folder); at; at = readdir(folder))
		count += at->d_name[0] != '.';
	closedir(folder);
	return count;
}

/* Resident memory of the main process, for hosts without the memory controller. */
static int64_t resident_bytes(pid_t pid)
{
	_cleanup_free_ char *text = NULL;
	char path[64], *at;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (file_read(&text, NULL, AT_FDCWD, path, STATM_MAX_BYTES) < 0)
		return UNSET;
	at = strchr(text, ' ');
	return at ? strtoll(at + 1, NULL, 10) * sysconf(_SC_PAGESIZE) : UNSET;
}

void measured_unknown(struct measured *ret)
{
	*ret = (struct measured){ UNSET, UNSET, UNSET, UNSET, UNSET, { 0 } };
	pressure_unknown(&ret->pressure);
}

static struct measured measure_instance(const struct instance *instance)
{
	struct usage usage;
	struct measured ret;

	measured_unknown(&ret);
	if (instance->pid <= 0)
		return ret;
	instance_usage(instance, &usage);
	instance_pressure(instance, &ret.pressure);
	ret.cpu_us = usage.cpu_us;
	ret.tasks = usage.tasks;
	ret.memory_bytes = usage.memory_bytes != UNSET ? usage.memory_bytes
						       : resident_bytes(instance->pid);
	ret.fds = count_fds(instance->pid);
	ret.connections =
		count_connections(instance->service->declaration, instance->number);
	return ret;
}

void measure_usage(struct member *member, int64_t fresh_ms, struct instant now)
{
	const struct service *service = member->service;

	if (!service ||
		(member->measured && member->measured_count == service->instances_count &&
			instant_since_ms(now, member->measured_at) < fresh_ms))
		return;
	if (!member->measured || member->measured_count != service->instances_count) {
		free(member->measured);
		member->measured =
			calloc(service->instances_count, sizeof(*member->measured));
		member->measured_count = member->measured ? service->instances_count : 0;
	}
	for (size_t i = 0; i < member->measured_count; i++)
		member->measured[i] = measure_instance(&service->instances[i]);
	member->measured_at = now;
}

/* A bound UDP socket that is not connected is in the kernel's state "close". */
static int count_bound(enum protocol protocol, uint16_t port, int64_t *ret)
{
	*ret = 0;
	return protocol == PROTOCOL_TCP
		       ? sockets_walk(IPPROTO_TCP, 1U << TCP_LISTEN, port, count_one, ret)
		       : sockets_walk(IPPROTO_UDP, 1U << TCP_CLOSE, port, count_one, ret);
}

static bool listen_is_bound(
	struct term *term, const struct listen *listen, const struct instance *instance)
{
	uint16_t port = config_port(listen, instance->number);
	int64_t count;
	int r = count_bound(listen->protocol, port, &count);

	if (r == 0 && count > 0)
		return true;
	term->ok = false;
	if (r < 0)
		snprintf(term->reason, sizeof(term->reason),
			"port %u: cannot ask the kernel: %s", port, strerror(-r));
	else
		snprintf(term->reason, sizeof(term->reason),
			"nothing listens on port %u (%s); does the service use another one?",
			port, listen->name ? listen->name : "listen");
	return false;
}

static bool instance_is_bound(struct term *term, const struct instance *instance)
{
	const struct declaration *declaration = instance->service->declaration;

	for (size_t i = 0; i < declaration->listen_count; i++)
		if (!listen_is_bound(term, &declaration->listen[i], instance))
			return false;
	return true;
}

void measure_port(struct member *member, struct instant now)
{
	const struct service *service = member->service;
	struct term term = { .ok = true };
	bool any_up = false, any_bound = false;

	for (unsigned i = 0; i < service->instances_count && !any_bound; i++) {
		if (service->instances[i].state != STATE_UP)
			continue;
		any_up = true;
		any_bound = instance_is_bound(&term, &service->instances[i]);
	}
	if (!any_up && service->declaration->listen_count > 0)
		term = (struct term){ .ok = false, .reason = "no process is up" };
	else if (any_bound || !any_up)
		term.ok = true;
	member_keep_port(member, &term);
	member->port_at = now;
}
