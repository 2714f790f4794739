/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * script.c - declarations of services in Python.
 */
#include "tests/service/script.h"

#include "tests/service/fleet.h"

static const char preamble[] =
	"import os, signal, socket, sys, time\n"
	"s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
	"s.connect(os.environ[\"NOTIFY_SOCKET\"])\n"
	"def say(*words): s.send(\"\\n\".join(words).encode())\n"
	"def monotonic(): return \"MONOTONIC_USEC=%d\" % (time.monotonic_ns() // 1000)\n"
	"def rest():\n"
	"    while True: signal.pause()\n"
	"def on(number, act): signal.signal(number, lambda *_: act())\n";

static void add_escaped(struct text *text, const char *bytes)
{
	for (; *bytes; bytes++) {
		if (*bytes == '\n')
			text_add(text, "\\n");
		else
			text_addf(text, *bytes == '"' || *bytes == '\\' ? "\\%c" : "%c",
				*bytes);
	}
}

char *script_declare(const char *code, const char *more, const char *beside)
{
	struct text text = { 0 };

	text_add(&text, "{'service':'web','run':{'user':'nobody','command':['python3',"
			"'-uc','");
	add_escaped(&text, preamble);
	add_escaped(&text, code);
	text_addf(&text,
		"'],'restart':{'delay':'10ms'},'ready':{'by':'notify',"
		"'timeout':'20s'}%s}%s}",
		more, beside);
	return text_take(&text);
}

struct service *script_begin(struct arena *arena, const char *code, const char *more)
{
	_cleanup_free_ char *declaration = script_declare(code, more, "");

	return fleet_begin(arena, declaration);
}
