/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fleet.h - services of several instances for tests of rolls and slots.
 */
#pragma once

#include "tests/service/arena.h"

/* With a port of its own each, so that a new process can stand beside the old one. */
#define FLEET(instances, command, more)                                                  \
	"{'service':'web','run':{'user':'nobody','instances':" #instances ",'command':"  \
	"['sh','-c','" command "'],'ready':{'by':'started'},"                            \
	"'drain':{'settle':'50ms'},'restart':{'delay':'10ms'}" more "},"                 \
	"'listen':[{'name':'http','port':'${10042 + instance}'}],"                       \
	"'logs':{'stdout':'none','stderr':'none'}}"
/* All on one port: a new process can only stand in the place of the old one. */
#define SHARED(instances, command, more)                                                 \
	"{'service':'web','run':{'user':'nobody','instances':" #instances ",'command':"  \
	"['sh','-c','" command "'],'ready':{'by':'started'},'restart':{'delay':'10ms',"  \
	"'handover':'stop-first'},'drain':{'settle':'50ms'}" more "}}"
#define SLEEPS "exec sleep 1000"

/* Begins it, and waits until its start is done. */
struct service *fleet_begin(struct arena *arena, const char *declaration);
void fleet_declare(struct service *service, const char *declaration);
unsigned fleet_up(const struct service *service);        /* instances that are up */
unsigned fleet_processes(const struct service *service); /* that run */
