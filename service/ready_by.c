/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ready_by.c - listening sockets, and whose they are: sock_diag gives an inode,
 * /proc/PID/fd has the owner.
 */
#include "service/ready_by.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/file.h"
#include "base/netlink.h"
#include "base/reason.h"

enum { MAX_SOCKETS = 64, MAX_PIDS = 1024, UDP_UNCONNECTED = TCP_CLOSE };

/* Sockets that serve a port at an address. */
struct listeners {
	struct sought {
		bool every; /* whatever address it is bound to */
		bool v4;
		uint8_t address[16]; /* as IPv6 shows it: ::ffff:127.0.0.1 */
	} sought;
	uint32_t inodes[MAX_SOCKETS];
	size_t count;
};

static const uint8_t any[16], mapped[12] = { [10] = 0xff, [11] = 0xff };

static void map(uint8_t ret[static 16], const uint8_t v4[static 4])
{
	memcpy(ret, mapped, sizeof(mapped));
	memcpy(ret + sizeof(mapped), v4, 16 - sizeof(mapped));
}

/* What is no address (a name that is yet to be one) can be anywhere. */
static void seek(struct sought *ret, const struct listen *listen)
{
	const char *address = listen->address ? listen->address : "*";
	uint8_t v4[4];

	*ret = (struct sought){ 0 };
	if (inet_pton(AF_INET, address, v4) == 1) {
		ret->v4 = true;
		map(ret->address, v4);
	} else {
		ret->every = inet_pton(AF_INET6, address, ret->address) != 1;
	}
}

/* Who listens on all addresses serves each; on those of IPv6 alone, IPv4 too unless it
 * said otherwise, which the kernel does not tell here. */
static bool serves(const struct socket_seen *socket, const struct sought *sought)
{
	uint8_t local[16];

	if (sought->every)
		return true;
	if (memcmp(socket->local, any, sizeof(any)) == 0)
		return socket->family == AF_INET6 || sought->v4;
	if (socket->family == AF_INET)
		map(local, socket->local);
	else
		memcpy(local, socket->local, sizeof(local));
	return memcmp(local, sought->address, sizeof(local)) == 0;
}

static int add_listener(const struct socket_seen *socket, void *data)
{
	struct listeners *listeners = data;

	if (listeners->count < MAX_SOCKETS && serves(socket, &listeners->sought))
		listeners->inodes[listeners->count++] = socket->inode;
	return 0;
}

static int find_listeners(
	struct listeners *ret, const struct listen *listen, uint16_t port)
{
	bool tcp = listen->protocol == PROTOCOL_TCP;

	*ret = (struct listeners){ 0 };
	seek(&ret->sought, listen);
	return sockets_walk(tcp ? IPPROTO_TCP : IPPROTO_UDP,
		1U << (tcp ? TCP_LISTEN : UDP_UNCONNECTED), port, add_listener, ret);
}

static bool is_one_of(const struct listeners *listeners, const char *link)
{
	static const char prefix[] = "socket:[";
	unsigned long inode;

	if (!text_starts(link, prefix))
		return false;
	inode = strtoul(link + sizeof(prefix) - 1, NULL, 10);
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->inodes[i] == inode)
			return true;
	}
	return false;
}

static bool process_has(const char *pid, const struct listeners *listeners)
{
	_cleanup_free_ char *path = text_format("/proc/%s/fd", pid);
	DIR *directory = path ? opendir(path) : NULL;
	const struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		char link[64];
		ssize_t size = readlinkat(
			dirfd(directory), entry->d_name, link, sizeof(link) - 1);

		if (size <= 0)
			continue;
		link[size] = '\0';
		found = is_one_of(listeners, link);
	}
	if (directory)
		closedir(directory);
	return found;
}

static bool cgroup_has_socket(struct cgroup *cgroup, const struct listeners *listeners)
{
	pid_t pids[MAX_PIDS];
	size_t count = cgroup_pids(cgroup, pids, MAX_PIDS);

	for (size_t i = 0; i < count; i++) {
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", pids[i]);
		if (process_has(pid, listeners))
			return true;
	}
	return false;
}

int ports_are_ours(const struct declaration *declaration, unsigned instance,
	struct cgroup *cgroup, char *reason, size_t size)
{
	for (size_t i = 0; i < declaration->listen_count; i++) {
		const struct listen *listen = &declaration->listen[i];
		uint16_t port = config_port(listen, instance);
		struct listeners listeners;
		int r = find_listeners(&listeners, listen, port);

		if (r < 0)
			return r;
		if (listeners.count > 0 && cgroup_has_socket(cgroup, &listeners))
			continue;
		reason_set(reason, size, "%s on %s%sport %u (%s)",
			listeners.count ? "another program listens"
					: "nothing listens yet",
			listeners.sought.every ? "" : listen->address,
			listeners.sought.every ? "" : " ", port, listen->name);
		return 0;
	}
	return 1;
}

static bool is_own(struct cgroup_set own, const struct listeners *found)
{
	for (size_t i = 0; i < own.count; i++) {
		if (cgroup_has_socket(own.items[i], found))
			return true;
	}
	return false;
}

int ports_are_free(const struct declaration *declaration, unsigned instance,
	struct cgroup_set own, struct port_taken *ret)
{
	*ret = (struct port_taken){ 0 };
	for (size_t i = 0; i < declaration->listen_count; i++) {
		const struct listen *listen = &declaration->listen[i];
		uint16_t port = config_port(listen, instance);
		struct listeners listeners;
		int r;

		r = find_listeners(&listeners, listen, port);
		if (r < 0)
			return r;
		if (listeners.count == 0 || is_own(own, &listeners))
			continue;
		*ret = (struct port_taken){ port, listeners.inodes[0] };
		return 0;
	}
	return 0;
}

int port_owner_run(void *data, int output_fd)
{
	const struct port_taken *taken = data;
	struct listeners listeners = { .inodes = { taken->inode }, .count = 1 };
	DIR *directory = opendir("/proc");
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		_cleanup_free_ char *path = NULL, *name = NULL;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
			!process_has(entry->d_name, &listeners))
			continue;
		path = text_format("/proc/%s/comm", entry->d_name);
		if (!path || file_read(&name, NULL, AT_FDCWD, path, 64) < 0)
			break;
		name[strcspn(name, "\n")] = '\0';
		dprintf(output_fd, "pid %s (%s)", entry->d_name, name);
		return EXIT_SUCCESS;
	}
	return EXIT_FAILURE;
}
