/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The kernel's end, in a network namespace of this process: our netlink makes what nft
 * makes of our text, and whatever somebody did to the table, the next apply puts it
 * right. Needs root.
 */
#include "firewall/kernel.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

#include "tests/firewall/made.h"
#include "tests/test.h"

enum { OUTPUT_MAX_BYTES = 1024 * 1024 };

static const struct made_set sets[] = {
	{ "DOMAIN_NETWORKS", { "10.64.0.0/12", "2620:0:861::/48", "224.0.0.0/3" } },
	{ "PROMETHEUS_HOSTS", { "192.0.2.7", "192.0.2.8", "192.0.2.9", "0.0.0.0/2" } },
};
static const struct made services[] = {
	{ .name = "mathoid",
		.listen = { { "http", "10042", "*" } },
		.allow = { { "http", { "DOMAIN_NETWORKS" } },
			{ "9102", { "PROMETHEUS_HOSTS", "ff00::/8" } } },
		.deny = { { "http", { "10.66.0.0/16", "2001:db8::/32" } } } },
	{ .name = "dns",
		.listen = { { "dns", "53", "*", PROTOCOL_UDP } },
		.allow = { { "dns", { "world" } } } },
	{ .name = "narrow",
		.listen = { { "https", "443", "*" } },
		.allow = { { "https", { "DOMAIN_NETWORKS" } } },
		.destination = { "198.51.100.7", "2001:db8:7::7" } },
	{ .name = "broken",
		.listen = { { "http", "81", "*" } },
		.allow = { { "http", { "10/8" } } } },
};

struct lab {
	struct kernel *kernel;
	struct site *site;
	struct plan *plan; /* of all services */
};

static char *output_of(const char *command)
{
	FILE *pipe = popen(command, "r");
	char *text = NULL;

	assert_non_null(pipe);
	assert_int_equal(fd_read_all(&text, NULL, fileno(pipe), OUTPUT_MAX_BYTES), 0);
	if (pclose(pipe) != 0)
		fail_msg("%s: %s", command, text);
	return text;
}

static void nft(const char *words)
{
	char *command = text_format("nft '%s' 2>&1", words);

	free(output_of(command));
	free(command);
}

static void nft_load(const char *text)
{
	FILE *pipe = popen("nft -f - 2>&1 >&2", "w");

	assert_non_null(pipe);
	fputs(text, pipe);
	assert_int_equal(pclose(pipe), 0);
}

/* As people and as the kernel see it. Handles do not count, nor does the order in which
 * a hash table gives the elements of the map. */
static char *ruleset(void)
{
	return output_of(
		"all=$(nft --debug=netlink list ruleset 2>&1 | "
		"sed -E \"/^inet svcd [^@]/s/( [0-9]+)+$//; s/elements = //; "
		"/jump/s/[{},]//g\"); "
		"echo \"$all\" | grep -v jump; echo \"$all\" | grep jump | sort -b");
}

static int set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	if (unshare(CLONE_NEWNET) < 0)
		fail_msg("this test needs root: unshare: %s", strerror(errno));
	lab->site = made_site(sets, ARRAY_LEN(sets), NULL);
	lab->plan = made_plan(services, ARRAY_LEN(services), lab->site, NULL);
	assert_int_equal(kernel_open(&lab->kernel), 0);
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	struct lab *lab = *state;

	kernel_close(lab->kernel);
	plan_free(lab->plan);
	made_site_free(lab->site);
	free(lab);
	return 0;
}

static void apply(struct lab *lab, const struct plan *plan)
{
	struct refusal refusal;
	struct error err = { 0 };

	if (kernel_apply(lab->kernel, plan, &refusal, &err) < 0)
		fail_msg("%s (%s)", err.text, refusal.service);
}

static void our_netlink_makes_what_nft_makes_of_our_text(void **state)
{
	struct lab *lab = *state;
	char *text = made_text(lab->plan, NULL), *ours, *theirs;

	apply(lab, lab->plan);
	ours = ruleset();
	nft("delete table inet svcd");
	nft_load(text);
	theirs = ruleset();
	assert_string_equal(ours, theirs);
	free(text);
	free(ours);
	free(theirs);
}

static void applying_twice_changes_nothing(void **state)
{
	struct lab *lab = *state;
	char *before, *after;

	apply(lab, lab->plan);
	before = output_of("nft -a list ruleset");
	apply(lab, lab->plan);
	after = output_of("nft -a list ruleset");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* From any of these plans to any other, the table is as if the second one had been the
 * first. */
static void every_way_leads_to_the_same_table(void **state)
{
	enum { PLANS = 5 };
	struct lab *lab = *state;
	struct made changed = services[0];
	struct plan *plans[PLANS];
	char *wanted[PLANS];

	changed.allow[0].words[0] = "192.0.2.0/24";
	plans[0] = made_plan(services, 0, lab->site, NULL);
	plans[1] = made_plan(services, 1, lab->site, NULL);
	plans[2] = made_plan(&changed, 1, lab->site, NULL);
	plans[3] = made_plan(services + 1, 2, lab->site, NULL);
	plans[4] = made_plan(services, ARRAY_LEN(services), lab->site, NULL);
	for (size_t i = 0; i < PLANS; i++) {
		nft("flush ruleset");
		apply(lab, plans[i]);
		wanted[i] = output_of("nft list ruleset | sort");
	}
	for (size_t i = 0; i < PLANS; i++)
		for (size_t k = 0; k < PLANS; k++) {
			char *got;

			apply(lab, plans[i]);
			apply(lab, plans[k]);
			got = output_of("nft list ruleset | sort");
			assert_string_equal(got, wanted[k]);
			free(got);
		}
	for (size_t i = 0; i < PLANS; i++) {
		plan_free(plans[i]);
		free(wanted[i]);
	}
}

static void whatever_was_done_to_the_table_is_put_right(void **state)
{
	static const char *const deeds[] = {
		"flush ruleset",
		"flush table inet svcd",
		"delete element inet svcd ports { tcp . 10042 }",
		"add element inet svcd ports { tcp . 22 : accept }",
		"add chain inet svcd theirs; add rule inet svcd theirs accept",
		"add chain inet svcd theirs { type filter hook input priority -20; }",
		"insert rule inet svcd input accept",
		"insert rule inet svcd mathoid.http accept",
		"flush chain inet svcd mathoid.http",
		"flush map inet svcd ports",
		"add set inet svcd theirs { type ipv4_addr; elements = { 192.0.2.1 }; }",
		"add counter inet svcd theirs",
		"add quota inet svcd theirs { over 10 mbytes }",
		"delete table inet svcd; add table inet svcd",
		"delete table inet svcd; add table inet svcd; add set inet svcd ports "
		"{ type ipv4_addr; }",
		"delete table inet svcd; add table inet svcd; add chain inet svcd input "
		"{ type filter hook output priority 0; }",
		"delete table inet svcd; add table inet svcd { flags dormant; }",
		"add table inet svcd { flags dormant; }",
	};
	struct lab *lab = *state;
	char *wanted;

	apply(lab, lab->plan);
	wanted = output_of("nft list ruleset | sort");
	for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
		char culprit[CULPRIT_BYTES] = "", *got;

		assert_false(kernel_read_events(lab->kernel, culprit));
		nft(deeds[i]);
		if (!kernel_read_events(lab->kernel, culprit))
			fail_msg("not noticed: %s", deeds[i]);
		assert_true(text_starts(culprit, "nft (pid "));
		apply(lab, lab->plan);
		got = output_of("nft list ruleset | sort");
		if (!text_equal(got, wanted))
			fail_msg("after %s:\n%s", deeds[i], got);
		free(got);
	}
	free(wanted);
}

/* Elements of a set are told by no name: only reading them back shows it. */
static void a_set_that_somebody_changed_is_filled_anew(void **state)
{
	struct lab *lab = *state;
	char *wanted, *got, *name, *command;

	apply(lab, lab->plan);
	wanted = output_of("nft list ruleset | sort");
	name = output_of(
		"nft list sets | grep -o \"ipv4[^ ]*\" | head -n 1 | tr -d \"\\n\"");
	command = text_format("add element inet svcd %s { 8.8.8.8 }", name);
	nft(command);
	apply(lab, lab->plan);
	got = output_of("nft list ruleset | sort");
	assert_string_equal(got, wanted);
	free(wanted);
	free(got);
	free(name);
	free(command);
}

static void other_tables_are_neither_touched_nor_noticed(void **state)
{
	struct lab *lab = *state;
	char culprit[CULPRIT_BYTES];
	char *before, *after;

	nft("add table inet theirs; add chain inet theirs input; add table ip svcd; "
	    "add chain ip svcd input");
	assert_false(kernel_read_events(lab->kernel, culprit));
	before = output_of("nft list table inet theirs; nft list table ip svcd");
	apply(lab, lab->plan);
	assert_int_equal(kernel_remove(lab->kernel, NULL), 0);
	assert_false(kernel_read_events(lab->kernel, culprit));
	after = output_of("nft list ruleset");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void add_up(const char *name, uint64_t packets, void *data)
{
	uint64_t *sum = data;

	(void)name;
	*sum += packets + 1;
}

static void counters_are_read_for_services_with_ports(void **state)
{
	struct lab *lab = *state;
	uint64_t sum = 0;

	apply(lab, lab->plan);
	assert_int_equal(kernel_counters(lab->kernel, add_up, &sum), 0);
	assert_int_equal(sum, 2 * ARRAY_LEN(services));
}

int main(void)
{
#define IN_A_LAB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_A_LAB(our_netlink_makes_what_nft_makes_of_our_text),
		IN_A_LAB(applying_twice_changes_nothing),
		IN_A_LAB(every_way_leads_to_the_same_table),
		IN_A_LAB(whatever_was_done_to_the_table_is_put_right),
		IN_A_LAB(a_set_that_somebody_changed_is_filled_anew),
		IN_A_LAB(other_tables_are_neither_touched_nor_noticed),
		IN_A_LAB(counters_are_read_for_services_with_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
