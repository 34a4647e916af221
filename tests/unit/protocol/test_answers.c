/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_answers.c - checks valid and invalid results of a trial, and trials that
 * fail.
 *
 * plain: the fake trial crashes, which a sanitizer reports in its own way.
 */
#include "tests/unit/campaign/run_fake.h"

static void accept_results(void)
{
	struct rm_outcome outcome = run_fake("ok");

	CHECK(!strcmp(outcome.status, "ok") && !strcmp(outcome.exit, "0") &&
	                !outcome.reason,
	        "a valid result is ok, exit 0, without a reason");
	CHECK(json_integer_value(json_object_get(outcome.result, "ops")) ==
	                2000,
	        "the result is the trial's");
	CHECK(outcome.wall_ns > 0, "wall time is measured");
	CHECK(outcome.peak_bytes == 8192, "the peak is the trial's own value");
	rm_outcome_clear(&outcome);
	outcome = run_fake("void");
	CHECK(!strcmp(outcome.status, "void") &&
	                !strcmp(outcome.reason, "as RM_FAKE wishes"),
	        "a void trial keeps its reason");
	rm_outcome_clear(&outcome);
	outcome = run_fake("idle");
	CHECK(!strcmp(outcome.status, "void") &&
	                strstr(outcome.reason, "thread 0 was never scheduled"),
	        "a result that differs from the request is void");
	CHECK(!strcmp(json_string_value(
	                      json_object_get(outcome.result, "status")),
	              outcome.status),
	        "the status in the result is changed as well");
	rm_outcome_clear(&outcome);
	outcome = run_fake("failed");
	CHECK(!strcmp(outcome.status, "failed") && outcome.result &&
	                !strcmp(outcome.exit, "0"),
	        "a failed trial keeps its result");
	rm_outcome_clear(&outcome);
}

static void report_failed_ends(void)
{
	CHECK(fails("crash", "signal 11", "Segmentation fault"),
	        "the reason of a crash names the signal");
	CHECK(fails("abort", "signal 6", "a < b; second line"),
	        "the reason has the last output on standard error");
	CHECK(fails("status1", "status 1", "status 1"),
	        "another exit status is a failure");
	CHECK(fails("refuse", "status 2", "no member \"keys\""),
	        "the reason of a rejected request is kept");
	CHECK(fails("late-crash", "signal 7", "Bus error"),
	        "a crash after a valid result is a failure");
	CHECK(fails("noise", "status 3", "last ?? words"),
	        "10 MB on standard error do not block; bad UTF-8 is replaced");
	CHECK(fails("deaf", "0", "no answer"),
	        "a trial that ignores its request does not end the runner");
}

static void reject_results(void)
{
	CHECK(fails("nothing", "0", "no answer"),
	        "a trial without output is a failure");
	CHECK(fails("garbage", "0", "not JSON"),
	        "output that is not JSON is a failure");
	CHECK(fails("half", "0", "not JSON"), "half a result is a failure");
	CHECK(fails("zeros", "0", "not JSON"), "zero bytes are a failure");
	CHECK(fails("two-lines", "0", "more than one line"),
	        "two lines are a failure");
	CHECK(fails("other-cell", "0", "for cell \"another\", expected \"w/"),
	        "a result of another cell is a failure");
	CHECK(fails("missing", "0", "hits is missing, expected an integer"),
	        "a missing member is named");
	CHECK(fails("wrong-type", "0", "ops is of the wrong type"),
	        "a member of the wrong type is named");
	CHECK(fails("old-protocol", "0", "protocol 0, expected 2"),
	        "a result of another protocol is a failure");
	CHECK(fails("bad-status", "0", "status is \"fine\""),
	        "an unknown status is a failure");
	CHECK(fails("bad-sum", "0", "expected 2001 operations"),
	        "operations that do not add up are a failure");
	CHECK(fails("unverified", "0", "verification is \"failed\""),
	        "ok with a failed verification is a failure");
	CHECK(fails("flood", "signal 9", "more than 33554432 bytes"),
	        "a result of 100 MB is cut off");
}

int main(void)
{
	find_fake();
	accept_results();
	report_failed_ends();
	reject_results();
	return DONE();
}
