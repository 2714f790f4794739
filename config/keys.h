/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys.h - the tables of keys, and what only they need. Private to this room.
 */
#pragma once

#include "config/config.h"
#include "rows/rows.h"

/* ---- tables ------------------------------------------------------------------------ */

extern const struct rows declaration_rows; /* keys_service.c */
extern const struct rows run_rows;         /* keys_run.c */
extern const struct rows listen_rows, file_rows;
extern const struct rows limits_rows, security_rows; /* keys_guard.c */
extern const struct rows health_rows, check_rows;    /* keys_health.c */
extern const struct rows firewall_rows;
extern const struct rows logs_rows;                       /* keys_logs.c */
extern const struct rows lvs_rows, dns_rows, deploy_rows; /* keys_release.c */
extern const struct rows access_rows, edge_rows, monitor_rows;
extern const struct rows host_rows;                  /* keys_host.c */
extern const struct rows policy_rows, ceilings_rows; /* keys_policy.c */
extern const struct rows site_rows;                  /* keys_site.c */

/* ---- kinds of their own ------------------------------------------------------------ */

extern const struct kind kind_probe; /* a key of a check that says what it asks */
extern const struct kind kind_reload, kind_log_target;
extern const struct kind kind_overrides; /* read by what lays them over; not kept */

/* ---- shapes (words.c) -------------------------------------------------------------- */

extern const struct shape shape_service, shape_name, shape_user, shape_path,
	shape_file_name, shape_signal, shape_host, shape_variable, shape_header,
	shape_method, shape_time, shape_capability, shape_asked, shape_service_or_all,
	shape_user_or_all, shape_capability_or_all;
