/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * first_look.h - what a supervisor begins with, when it has read the disk for the first
 * time: what was accepted before stands in for what is refused or missing now.
 */
#pragma once

#include "config/config.h"
#include "supervisor/reader.h"

struct supervisor;
struct instant;

/* Host and site as accepted, where the files are refused; the refusals stay. Says so. */
void first_look_host(struct supervisor *supervisor, struct config *config,
	const struct json_t *accepted);
/* Makes members of the bodies in `accepted` (accepted_answer()), not started: the plan
 * then meets them as if they ran. */
void first_look_services(
	struct supervisor *supervisor, struct json_t *accepted, struct instant now);
/* Where the seal holds: one of the services that runs as it was accepted, at once when it
 * need not wait for others. -EINVAL: what was told makes no sense. */
int first_look_service(struct supervisor *supervisor,
	const struct reader_service *service, struct instant now);
/* The same of one that another supervisor left, as it was accepted: before the files are
 * looked at. Others wait for that. */
int first_look_take_over(
	struct supervisor *supervisor, const struct reader_service *service);
