/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * verb_reexec.c - svcd is replaced by what is installed now; done when the new one
 * answers.
 *
 * Who answered before is known by its pid and since when it runs. While none does, the
 * socket stands and connections wait in it.
 */
#include <time.h>

#include "ctl/ctl.h"

enum {
	REEXEC_MS = 20 * MS_PER_S, /* the keeper tries the program for 10 s at most */
	REPLACED_MS = 60 * MS_PER_S,
	LOOK_AGAIN_MS = 20,
};

/* NULL when nobody answers; nothing is said. */
static struct json_t *look(const struct ctl *ctl)
{
	struct varlink_answer answer = { 0 };
	struct json_t *version = NULL;

	(void)varlink_ask(ctl->paths.control, "io.svcd.Version", NULL, false, ANSWER_MS,
		keep_answer, &version, &answer);
	json_free(answer.parameters);
	return version;
}

static bool is_same(const struct json_t *a, const struct json_t *b)
{
	return json_same(json_get(a, "pid"), json_get(b, "pid")) &&
	       json_same(json_get(a, "since"), json_get(b, "since"));
}

/* NULL: not in time. */
static struct json_t *wait_for_another(const struct ctl *ctl, const struct json_t *before)
{
	const struct timespec pause = { 0, LOOK_AGAIN_MS * 1000000L };
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += REPLACED_MS / MS_PER_S;
	do {
		_cleanup_(json_freep) struct json_t *version = look(ctl);

		if (version && !is_same(version, before))
			return TAKE(version);
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec);
	return NULL;
}

static int print(const struct ctl *ctl, const struct json_t *version)
{
	struct text out = { 0 };

	if (ctl->options.json)
		return put_json(version);
	text_addf(&out, "svcd %s took over, svcd-supervisor is pid %lld\n",
		json_get_text(version, "version", "?"),
		(long long)json_get_int(version, "pid", 0));
	return put(&out);
}

int verb_reexec(struct ctl *ctl)
{
	_cleanup_(json_freep) struct json_t *before = NULL, *after = NULL, *reply = NULL;
	struct question version = ask_svcd(ctl, "io.svcd.Version", keep_answer, &before);
	struct question reexec = ask_svcd(ctl, "io.svcd.Reexec", keep_answer, &reply);
	int r = ask(ctl, &version, NULL);

	if (r != 0)
		return r;
	reexec.timeout_ms = REEXEC_MS;
	reexec.may_hang_up = true;
	r = ask(ctl, &reexec, NULL);
	if (r != 0)
		return r;
	after = wait_for_another(ctl, before);
	if (after)
		return print(ctl, after);
	say(ctl,
		"svcd-supervisor was not replaced within %d s; its log may tell why: "
		"journalctl -u svcd",
		REPLACED_MS / MS_PER_S);
	return EXIT_FAILED;
}
