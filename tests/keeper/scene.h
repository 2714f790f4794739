/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scene.h - a real keeper with a pretend supervisor: the test's own program, by other
 * names.
 *
 * The supervisor obeys orders, a line each from one fifo, and tells what it sees through
 * another; the test reads lines and waits for nothing else.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "tests/temporary.h"
#include "tests/test.h"

enum {
	ANSWER_MS = 20000,
	LINE_BYTES = 512,
	WATCHDOG_MS = 450,
	MANY = 100,
	EXIT_ALONE = 5
};

struct scene {
	char root[TEMPORARY_BYTES], program[96];
	int answers, orders; /* fifos; open for both, so that reading never sees an end */
	int outer;           /* what systemd would listen on */
	pid_t keeper, supervisor;
};

/* As the pretend supervisor or the keeper, when called by those names; else `run`. */
int scene_main(int argc, char **argv, int (*run)(void));

int set_up(void **state);
int set_up_and_begin(void **state);     /* a keeper, and its supervisor is up */
int set_up_below_systemd(void **state); /* the same, with an outer store: `outer` */
int set_up_watched(void **state);       /* the same, with a watchdog of WATCHDOG_MS */
int tear_down(void **state);
#define RUNS(name)    cmocka_unit_test_setup_teardown(name, set_up_and_begin, tear_down)
#define BELOW(name)   cmocka_unit_test_setup_teardown(name, set_up_below_systemd, tear_down)
#define WATCHED(name) cmocka_unit_test_setup_teardown(name, set_up_watched, tear_down)

void begin(struct scene *scene); /* another keeper */
int end_of(struct scene *scene); /* of the keeper: its status, when it has ended */

/* ---- what is told ----------------------------------------------------------------- */

void answer(const struct scene *scene, char line[static LINE_BYTES]);
void expect(const struct scene *scene, const char *want);
void expect_soon(const struct scene *scene, const char *want);
void expect_up(struct scene *scene); /* another supervisor: `supervisor` is its pid */

/* ---- what is ordered -------------------------------------------------------------- */

/* keep NAME, say TEXT (| is a newline), orphan STATUS, has NAME, read NAME, signal N,
 * deaf. */
void order(const struct scene *scene, const char *what);
void ask(const struct scene *scene, const char *what, const char *want);
void do_it(const struct scene *scene, const char *what);
/* "done" says that it was said: the keeper sleeps when it has heard all that was. */
void wait_until_all_is_heard(const struct scene *scene);
/* It dies by SIGKILL, and the next one is up. */
void supervisor_dies(struct scene *scene);
/* A process that the keeper inherits ends, and the supervisor is told so: `ret` is
 * "PID START CODE STATUS". */
void an_orphan(const struct scene *scene, char ret[static LINE_BYTES], int status);

void make(const char *variable); /* the file that it names */
/* From the next one on the supervisor is a shell script. */
void supervisor_is_a_script(const struct scene *scene, const char *script);
ino_t inode(const struct scene *scene, const char *name); /* in the run directory */
