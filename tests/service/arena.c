/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * arena.c - namespaces, a mount and a loop for tests with real children.
 */
#include "tests/service/arena.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"

#include "service/preparer.h"
#include "tests/test.h"

enum { LOOK_MS = 20 };

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "arena: %s: %s (tests with real children need root)\n", what,
		strerror(errno));
	exit(EXIT_FAILURE);
}

/* Also after a failure nothing goes on running. */
static char base[4096]; /* NOLINT: atexit(3) has no argument */
static void kill_all(void)
{
	char path[sizeof(base) + 16];

	snprintf(path, sizeof(path), "%s/cgroup.kill", base);
	(void)file_put(AT_FDCWD, path, "1");
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	request.ifr_flags = IFF_UP;
	must(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "ip link set lo up");
	close(fd);
}

static void on_changed(void *owner, struct service *service, struct instant now)
{
	struct arena *arena = owner;

	(void)service;
	(void)now;
	arena->changes++;
	loop_stop(arena->loop);
}

static void on_event(void *owner, const struct service_event *event)
{
	struct arena *arena = owner;

	text_addf(
		&arena->events, "%u %s: %s\n", event->instance, event->word, event->text);
}

static void on_piped(void *owner, struct service *service, unsigned instance,
	const char *stream, int fd)
{
	struct arena *arena = owner;

	(void)service;
	(void)instance;
	(void)stream;
	must(fd_set_nonblock(fd, true) == 0, "pipe");
	arena->pipes++;
}

static void on_limit(void *owner, struct instant now)
{
	struct arena *arena = owner;

	(void)now;
	arena->is_late = true;
	loop_stop(arena->loop);
}

struct arena *arena_open(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));
	_cleanup_free_ char *own = NULL;
	char tree[sizeof(arena->root) + 16];
	struct error err = { 0 };

	must(arena != NULL, "memory");
	temporary_folder(arena->root);
	must(chmod(arena->root, 0755) == 0, "chmod");
	must(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
		"mount --make-rprivate");
	raise_loopback();
	snprintf(tree, sizeof(tree), "%s/cgroup", arena->root);
	must(mkdir(tree, 0755) == 0, "mkdir");
	must(mount("none", tree, "cgroup2", 0, NULL) == 0, "mount -t cgroup2");
	must(spawner_new(&arena->spawner, &err) == 0, "spawner");
	must(paths_init(&arena->paths, arena->root) == 0, "paths");
	must(loop_new(&arena->loop) == 0, "loop");
	must(timer_new(&arena->limit, arena->loop, on_limit, arena) == 0, "timer");
	if (cgroup_base_make_own(&own, arena->root, &err) < 0 ||
		cgroups_open(&arena->cgroups, arena->loop, own, &err) < 0) {
		fprintf(stderr, "arena: %s\n", err.text);
		exit(EXIT_FAILURE);
	}
	must(preparer_new(&arena->preparer, arena->loop, arena->cgroups) == 0,
		"preparer");
	snprintf(base, sizeof(base), "%s", cgroups_base(arena->cgroups));
	atexit(kill_all);
	arena->host = (struct service_host){ .loop = arena->loop,
		.paths = &arena->paths,
		.cgroups = arena->cgroups,
		.spawner = arena->spawner,
		.preparer = arena->preparer,
		.owner = arena,
		.changed = on_changed,
		.event = on_event,
		.piped = on_piped };
	return arena;
}

static bool is_removed(void *data)
{
	return rmdir(data) == 0 || errno == ENOENT;
}

void arena_close(struct arena *arena)
{
	struct strings services = { 0 };
	char tree[sizeof(arena->root) + 16];

	arena_turn(arena, 50); /* what was killed is reaped */
	if (cgroups_services(arena->cgroups, &services) == 0)
		for (size_t i = 0; i < services.count; i++)
			cgroups_remove_service(arena->cgroups, services.items[i]);
	strings_done(&services);
	arena_until(arena, is_removed, base);
	preparer_free(arena->preparer);
	cgroups_free(arena->cgroups);
	spawner_free(arena->spawner);
	timer_free(arena->limit);
	loop_free(arena->loop);
	snprintf(tree, sizeof(tree), "%s/cgroup", arena->root);
	umount2(tree, MNT_DETACH);
	(void)temporary_remove(arena->root);
	paths_done(&arena->paths);
	text_done(&arena->events);
	free(arena);
}

struct declaration *arena_declaration(const char *declaration)
{
	struct declaration *ret = NULL;
	struct json_t *json = NULL;
	struct error err = { 0 };
	char *text = strdup(declaration);

	for (char *at = text; at && *at; at++)
		if (*at == '\'')
			*at = '"';
	if (!text || json_parse(&json, text, strlen(text), 65536, &err) < 0 ||
		declaration_read(&ret, json, &err) < 0) {
		fprintf(stderr, "arena: %s: %s\n", declaration, err.text);
		exit(EXIT_FAILURE);
	}
	json_free(json);
	free(text);
	return ret;
}

struct service *arena_service(struct arena *arena, const char *declaration)
{
	struct service *service = NULL;

	must(service_new(&service, &arena->host, arena_declaration(declaration), "{}") ==
			0,
		"service_new");
	return service;
}

struct service *arena_begin(struct arena *arena, const char *declaration)
{
	struct service *service = arena_service(arena, declaration);

	text_clear(&arena->events);
	service_start(service, "alice", "test", instant_read());
	return service;
}

bool arena_until(struct arena *arena, bool (*is_true)(void *data), void *data)
{
	struct instant end = instant_add_ms(instant_read(), ARENA_WAIT_MS);
	bool found;

	/* on_changed() stops the loop, too; not all waited for is such a change */
	while (!(found = is_true(data)) && !instant_reached(instant_read(), end)) {
		timer_arm(arena->limit, instant_add_ms(instant_read(), LOOK_MS));
		loop_run(arena->loop);
	}
	timer_arm(arena->limit, NEVER);
	return found;
}

void arena_end(struct arena *arena, struct service *service)
{
	_cleanup_free_ char *name = strdup(service->name);

	service_free(service);
	/* What was killed is reaped meanwhile; the next one may have the same name. */
	for (int waited_ms = 0; waited_ms < ARENA_WAIT_MS; waited_ms += 5) {
		arena_turn(arena, 5);
		if (name && cgroups_remove_service(arena->cgroups, name) == 0)
			return;
	}
}

struct state_wish {
	struct service *service;
	enum state state;
};

static bool has_state(void *data)
{
	const struct state_wish *wish = data;

	for (unsigned i = 0; i < wish->service->instances_count; i++)
		if (wish->service->instances[i].state != wish->state)
			return false;
	return true;
}

bool arena_until_state(struct arena *arena, struct service *service, enum state state)
{
	struct state_wish wish = { service, state };

	return arena_until(arena, has_state, &wish);
}

static bool has_job_ended(void *data)
{
	const struct service *service = data;

	return service->job.result != JOB_RUNNING;
}

bool arena_until_job(struct arena *arena, struct service *service)
{
	return arena_until(arena, has_job_ended, service);
}

void arena_turn(struct arena *arena, int64_t ms)
{
	arena->is_late = false;
	timer_arm(arena->limit, instant_add_ms(instant_read(), ms));
	while (!arena->is_late)
		loop_run(arena->loop);
}

bool arena_saw(const struct arena *arena, const char *event)
{
	return arena->events.bytes && strstr(arena->events.bytes, event);
}

char *arena_output(const struct instance *instance, unsigned stream)
{
	struct text text = { 0 };
	char bytes[4096];
	ssize_t got;

	while ((got = read(instance->output[stream], bytes, sizeof(bytes))) > 0)
		text_add_bytes(&text, bytes, (size_t)got);
	return text_take(&text);
}

char *arena_until_says(
	struct arena *arena, const struct service *service, const char *part)
{
	struct text said = { 0 };
	const char *found = NULL;

	for (int waited_ms = 0; waited_ms < ARENA_WAIT_MS; waited_ms += LOOK_MS) {
		_cleanup_free_ char *more = arena_output(&service->instances[0], 0);

		text_add(&said, more);
		found = said.bytes ? strstr(said.bytes, part) : NULL;
		if (found && strchr(found, '\n'))
			return text_take(&said);
		arena_turn(arena, LOOK_MS);
	}
	print_error("\"%s\" is not said: \"%s\"\n", part, said.bytes ? said.bytes : "");
	fail();
	return NULL;
}

void arena_says(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part))
		return;
	print_error("\"%s\" is not in \"%s\"\n", part, text);
	_fail(file, line);
}
