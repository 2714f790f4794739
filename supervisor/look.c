/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * look.c - what services use and what the firewall counted, sampled while somebody reads
 * it: a host that nobody looks at sleeps.
 *
 * Who asks for a status has its usage measured anew (ask.c, streams.c). The faces of the
 * health engine cannot wait for that: who reads them leaves them fresh for the next.
 */
#include <string.h>

#include "service/service.h"
#include "supervisor/measure.h"
#include "supervisor/supervisor.h"

enum {
	EVERY_MS = 15 * MS_PER_S,
	COUNTED_APART_MS = 500,
	LOOKS_FOR_MS = 300 * MS_PER_S, /* monitors that come every minute miss nothing */
	SLICE = 32, /* services; then the rest of the loop has its turn */
};

static bool is_up(const struct member *member)
{
	return member->service && service_state(member->service) == STATE_UP;
}

static bool wants_vip(const struct member *member)
{
	return member->service && vip_is_wanted(member->service->declaration);
}

static void sample(struct member *member, struct instant now)
{
	struct measured before = { 0 };

	if (!is_up(member))
		return;
	if (member->measured_count > 0)
		before = member->measured[0];
	measure_usage(member, 0, now);
	if (member->measured_count != 1 || wants_vip(member) ||
		memcmp(&before, &member->measured[0], sizeof(before)) != 0)
		member_changed(member);
}

/* True: there are more. */
static bool sample_some(struct supervisor *supervisor, struct instant now)
{
	const size_t end = MIN(supervisor->look_next + SLICE, supervisor->members.count);

	for (size_t i = supervisor->look_next; i < end; i++)
		sample(supervisor->members.items[i], now);
	supervisor->look_next = end < supervisor->members.count ? end : 0;
	return supervisor->look_next > 0;
}

void look_at_counters(struct supervisor *supervisor, struct instant now)
{
	struct engine_process *firewall = supervisor->engines[ENGINE_FIREWALL];

	if (!engine_listens(firewall) ||
		instant_since_ms(now, supervisor->counted) < COUNTED_APART_MS)
		return;
	supervisor->counted = now;
	(void)engine_send(firewall, MESSAGE_COUNTERS, json_new_object(), -1);
}

/* Of a VIP the kernel tells the address and nothing about the sysctls that go with it. */
static bool must_look(const struct supervisor *supervisor, struct instant now)
{
	if (supervisor->looked.us &&
		instant_since_ms(now, supervisor->looked) < LOOKS_FOR_MS)
		return true;
	for (size_t i = 0; i < supervisor->members.count; i++)
		if (wants_vip(supervisor->members.items[i]))
			return true;
	return false;
}

void look_tick(struct supervisor *supervisor, struct instant now)
{
	if (!supervisor->applied_once || !instant_reached(now, supervisor->look_at))
		return;
	if (sample_some(supervisor, now)) {
		supervisor->look_at = now;
		return;
	}
	look_at_counters(supervisor, now);
	supervisor->look_at =
		must_look(supervisor, now) ? instant_add_ms(now, EVERY_MS) : NEVER;
}

void supervisor_look(struct supervisor *supervisor, struct instant now)
{
	bool slept = supervisor->look_at.us == NEVER.us;

	supervisor->looked = now;
	if (!slept)
		return;
	supervisor->look_at = now;
	look_tick(supervisor, now);
	task_schedule(supervisor->settle);
}
