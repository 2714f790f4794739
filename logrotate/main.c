/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - svcd-log: born by the supervisor with its channel at fd 3 and log.sock in
 * $SVCD_FDNAMES.
 */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

#include "logrotate/confine.h"
#include "logrotate/engine.h"
#include "protocol/protocol.h"

static void on_signal(void *owner, int number, struct instant now)
{
	(void)number;
	(void)now;
	engine_stop(owner);
}

static int run(struct loop *loop, struct error *err)
{
	_cleanup_(engine_freep) struct log_engine *engine = NULL;
	struct signal_watch *term = NULL;
	int listen_fd = -1, r;

	engine_listeners("log.sock", &listen_fd, 1);
	r = engine_new(&engine, loop, ENGINE_CHANNEL_FD, listen_fd);
	if (r == 0)
		r = signal_watch_new(&term, loop, SIGTERM, on_signal, engine);
	if (r < 0)
		(void)error_errno(err, r, "start");
	else
		r = confine(err);
	if (r == 0)
		loop_run(loop);
	signal_watch_free(term);
	return r;
}

int main(void)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	struct error err = { 0 };
	int r;

	log_init("svcd-log", LOG_INFO);
	umask(0); /* modes are declared */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is a full disk, not an end */
	r = loop_new(&loop);
	r = r < 0 ? error_errno(&err, r, "start") : run(loop, &err);
	if (r < 0)
		log_error("cannot run: %s (svcd-log is started by svcd-supervisor)",
			err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
