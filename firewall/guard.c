/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * guard.c - messages in, one plan, one transaction, answers out.
 *
 * Changes of one turn of the loop become one transaction. Nothing is written before
 * SYNC: until then the kernel keeps what an earlier engine left. A service that the
 * kernel refuses is closed and the others are applied; whatever else fails is tried
 * again every few seconds and told meanwhile.
 *
 * Drift: another program's change of our table is told with its name and, unless the
 * host says `drift: report`, undone a moment later.
 */
#include "firewall/guard.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

#include "firewall/kernel.h"
#include "firewall/say.h"

enum {
	REPAIR_AFTER_MS =
		100, /* so that a program that makes ten changes is undone once */
	RETRY_AFTER_MS = 5000,
	REFUSALS_AT_MOST = 100, /* services closed by the kernel in one go */
};

struct guard {
	struct loop *loop;
	struct channel *channel;
	struct kernel *kernel; /* NULL: not opened yet */
	struct watch *events;
	struct task *apply;
	struct timer *retry, *repair;
	struct told told;
	struct plan *plan; /* what the kernel has; NULL: unknown */
	bool is_synced;
	char culprit[CULPRIT_BYTES];
};

/* ---- what was applied ------------------------------------------------------------ */

static void say_all_applied(struct guard *guard, bool ok, const char *reason)
{
	for (size_t i = 0; i < guard->told.count; i++)
		say_applied(guard->channel, guard->told.services[i], ok, reason);
}

static void say_plan_applied(struct guard *guard, const struct plan *plan)
{
	const char *warning = host_warning(guard->told.host);

	for (size_t i = 0; i < guard->told.count; i++) {
		struct told_service *service = guard->told.services[i];
		const struct plan_service *planned = plan_service(plan, service->name);
		const char *reason = planned && planned->reason ? planned->reason : "";

		say_applied(guard->channel, service,
			planned && !planned->closed && !warning,
			warning && reason[0] == '\0' ? warning : reason);
	}
}

/* ---- counters --------------------------------------------------------------------- */

static void take_counter(const char *name, uint64_t packets, void *data)
{
	struct guard *guard = data;
	const struct plan_service *planned = plan_service_of_counter(guard->plan, name);
	struct told_service *service =
		planned ? told_find(&guard->told, planned->name) : NULL;

	if (!service)
		return;
	*(text_equal(name, planned->accepted) ? &service->accepted : &service->dropped) =
		packets;
}

static void read_counters(struct guard *guard)
{
	int r;

	if (!guard->plan)
		return;
	r = kernel_counters(guard->kernel, take_counter, guard);
	if (r < 0 && r != -ENOENT && r != -EINTR)
		log_warning("counters cannot be read: %s", strerror(-r));
	else
		say_counters(guard->channel, &guard->told);
}

/* ---- applying --------------------------------------------------------------------- */

static void on_events(void *owner, unsigned events, struct instant now);

static int open_kernel(struct guard *guard, struct error *err)
{
	int r = guard->kernel ? 0 : kernel_open(&guard->kernel);

	if (r < 0) {
		return error_errno(err, r,
			"netlink: svcd-firewall needs CAP_NET_ADMIN and a kernel with "
			"nftables");
	}
	if (guard->events)
		return 0;
	r = watch_new(&guard->events, guard->loop, kernel_events_fd(guard->kernel),
		WATCH_READ, on_events, guard);
	return r < 0 ? error_errno(err, r, "netlink events") : 0;
}

static int make_plan(struct guard *guard, struct plan **ret, struct error *err)
{
	_cleanup_free_ const struct declaration **declarations = NULL;
	_cleanup_free_ struct closed *closed = NULL;
	struct plan_input input;
	int r = told_input(&input, &guard->told, &closed, &declarations);

	if (r >= 0)
		r = plan_make(ret, &input, NULL);
	return r < 0 ? error_errno(err, r, "the rules cannot be planned") : 0;
}

/* 1 when a service was closed because of it: worth another try. */
static int close_refused(
	struct guard *guard, const struct refusal *refusal, const struct error *err)
{
	struct told_service *service = told_find(&guard->told, refusal->service);

	if (!service || service->refused)
		return err->code;
	service->refused = strdup(err->text);
	log_warning("%s stays closed: %s", service->name, err->text);
	return service->refused ? 1 : -ENOMEM;
}

static int apply_plan(struct guard *guard, struct error *err)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	struct refusal refusal = { 0 };
	int r = make_plan(guard, &plan, err);

	if (r < 0)
		return r;
	r = kernel_apply(guard->kernel, plan, &refusal, err);
	if (r < 0)
		return close_refused(guard, &refusal, err);
	plan_free(guard->plan);
	guard->plan = TAKE(plan);
	say_plan_applied(guard, guard->plan);
	return 0;
}

static int apply_mode(struct guard *guard, struct error *err)
{
	int r = open_kernel(guard, err);

	if (r < 0)
		return r;
	if (guard->told.host->firewall.mode == FIREWALL_OFF) {
		guard->plan = plan_free(guard->plan);
		r = kernel_remove(guard->kernel, err);
		if (r >= 0)
			say_all_applied(guard, true, "");
		return r;
	}
	for (int i = 0; i < REFUSALS_AT_MOST; i++) {
		r = apply_plan(guard, err);
		if (r <= 0)
			break;
	}
	return r > 0 ? err->code : r;
}

static void on_apply(void *owner, struct instant now)
{
	struct guard *guard = owner;
	struct error err = { 0 };

	if (!guard->is_synced)
		return;
	timer_arm(guard->repair, NEVER);
	timer_arm(guard->retry, NEVER);
	if (apply_mode(guard, &err) >= 0)
		return;
	log_error("%s", err.text);
	say_all_applied(guard, false, err.text);
	timer_arm(guard->retry, instant_add_ms(now, RETRY_AFTER_MS));
}

/* ---- drift ------------------------------------------------------------------------ */

static void on_repair(void *owner, struct instant now)
{
	struct guard *guard = owner;

	say_foreign(guard->channel, guard->culprit, "put back");
	on_apply(guard, now);
}

static void on_events(void *owner, unsigned events, struct instant now)
{
	struct guard *guard = owner;

	(void)events;
	if (!kernel_read_events(guard->kernel, guard->culprit) || !guard->is_synced ||
		guard->told.host->firewall.mode == FIREWALL_OFF)
		return;
	if (guard->told.host->firewall.drift == DRIFT_REPORT) {
		say_foreign(guard->channel, guard->culprit,
			"left as it is until a service changes "
			"(firewall.drift: report)");
	} else if (!timer_is_armed(guard->repair)) {
		timer_arm(guard->repair, instant_add_ms(now, REPAIR_AFTER_MS));
	}
}

/* ---- from the supervisor ---------------------------------------------------------- */

typedef int message_fn(struct guard *guard, struct json_t *body, struct error *err);

static int take_hello(struct guard *guard, struct json_t *body, struct error *err)
{
	const char *warning;
	int r;

	if (json_get_int(body, "version", 0) != CHANNEL_VERSION) {
		return error_set(err, -EPROTO,
			"the supervisor speaks version %lld of the channel, not %d",
			(long long)json_get_int(body, "version", 0), CHANNEL_VERSION);
	}
	guard->is_synced = false;
	r = told_hello(&guard->told, body, err);
	warning = r < 0 ? NULL : host_warning(guard->told.host);
	if (warning)
		log_warning("%s", warning);
	return r;
}

/* What a plan is made of. */
static const char *const our_keys[] = { "service", "owner", "values", "listen",
	"firewall", "lvs", NULL };

static int take_service(struct guard *guard, struct json_t *body, struct error *err)
{
	const char *name = json_get_text(body, "service", "");
	struct declaration *declaration = NULL;
	int r = declaration_read(&declaration, json_get(body, "declaration"), err);

	if (r < 0)
		return r;
	if (!text_equal(declaration->service, name)) {
		declaration_free(declaration);
		return error_set(err, -EINVAL,
			"the declaration is of another service than \"%s\"", name);
	}
	declaration_keep_only(declaration, our_keys);
	if (!told_set(
		    &guard->told, name, json_get_int(body, "generation", 0), declaration))
		return error_errno(err, -ENOMEM, "%s", name);
	task_schedule(guard->apply);
	return 0;
}

static int take_gone(struct guard *guard, struct json_t *body, struct error *err)
{
	(void)err;
	told_remove(&guard->told, json_get_text(body, "service", ""));
	task_schedule(guard->apply);
	return 0;
}

static int take_sync(struct guard *guard, struct json_t *body, struct error *err)
{
	(void)body;
	if (!guard->told.host)
		return error_set(err, -EPROTO, "sync came before hello");
	told_sync(&guard->told);
	guard->is_synced = true;
	task_schedule(guard->apply);
	return 0;
}

static int take_counters(struct guard *guard, struct json_t *body, struct error *err)
{
	(void)body;
	(void)err;
	read_counters(guard);
	return 0;
}

static int take_stop(struct guard *guard, struct json_t *body, struct error *err)
{
	(void)body;
	(void)err;
	say(guard->channel, MESSAGE_BYE, json_new_object());
	loop_stop(guard->loop);
	return 0;
}

static const struct {
	message_fn *take;
	bool is_acknowledged;
} rows[MESSAGE_COUNT] = {
	[MESSAGE_HELLO] = { take_hello, false },
	[MESSAGE_SERVICE] = { take_service, true },
	[MESSAGE_GONE] = { take_gone, true },
	[MESSAGE_SYNC] = { take_sync, true },
	[MESSAGE_COUNTERS] = { take_counters, false },
	[MESSAGE_STOP] = { take_stop, false },
};

static void on_message(void *owner, enum message_kind kind, struct json_t *body,
	struct fds *fds, struct instant now)
{
	struct guard *guard = owner;
	struct error err = { 0 };
	int r;

	(void)fds; /* nobody sends us any: the channel closes them */
	(void)now;
	if (!rows[kind].take)
		return;
	r = rows[kind].take(guard, body, &err);
	if (rows[kind].is_acknowledged) {
		say_ack(guard->channel, kind, body, r < 0 ? err.text : NULL);
	} else if (r < 0) {
		log_error("%s: %s", message_words[kind], err.text);
	}
}

static void on_closed(void *owner, const char *reason, struct instant now)
{
	struct guard *guard = owner;

	(void)reason;
	(void)now;
	loop_stop(guard->loop);
}

static const struct channel_user channel_user = { on_message, NULL, on_closed };

/* ---- birth and end ---------------------------------------------------------------- */

static int prepare(struct guard *guard, int channel_fd)
{
	struct loop *loop = guard->loop;
	int r = channel_new(&guard->channel, loop, channel_fd, &channel_user, guard);

	if (r >= 0)
		r = task_new(&guard->apply, loop, on_apply, guard);
	if (r >= 0)
		r = timer_new(&guard->retry, loop, on_apply, guard);
	if (r >= 0)
		r = timer_new(&guard->repair, loop, on_repair, guard);
	return r;
}

int guard_new(struct guard **ret, struct loop *loop, int channel_fd, struct error *err)
{
	_cleanup_(guard_freep) struct guard *guard = calloc(1, sizeof(*guard));
	int r;

	if (!guard)
		return error_errno(err, -ENOMEM, "start");
	guard->loop = loop;
	r = prepare(guard, channel_fd);
	if (r < 0)
		return error_errno(err, r, "start");
	say_hello(guard->channel);
	*ret = TAKE(guard);
	return 0;
}

/* The rules stay: an engine that ends is not a host that opens. */
struct guard *guard_free(struct guard *guard)
{
	if (!guard)
		return NULL;
	timer_free(guard->repair);
	timer_free(guard->retry);
	task_free(guard->apply);
	watch_free(guard->events);
	kernel_close(guard->kernel);
	channel_free(guard->channel);
	plan_free(guard->plan);
	told_done(&guard->told);
	free(guard);
	return NULL;
}
