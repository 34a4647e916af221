/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_answers.c - good and bad answers of a trial, and its bad ends.
 *
 * plain: the fake trial crashes, which a sanitizer reports in its own way.
 */
#include "tests/unit/campaign/launch_play.h"

static void good_answers(void)
{
	struct rm_outcome outcome = play("ok");

	CHECK(!strcmp(outcome.status, "ok") && !strcmp(outcome.exit, "0") &&
	                !outcome.reason,
	        "a good answer is ok, exit 0, no reason");
	CHECK(json_integer_value(json_object_get(outcome.result, "ops")) ==
	                2000,
	        "the result is the trial's");
	CHECK(outcome.wall_ns > 0, "wall time is measured");
	CHECK(outcome.peak_bytes == 8192, "its peak is what it says itself");
	rm_outcome_clear(&outcome);
	outcome = play("void");
	CHECK(!strcmp(outcome.status, "void") &&
	                !strcmp(outcome.reason, "as RM_FAKE wishes"),
	        "a void trial keeps its own reason");
	rm_outcome_clear(&outcome);
	outcome = play("idle");
	CHECK(!strcmp(outcome.status, "void") &&
	                strstr(outcome.reason, "thread 0 was never scheduled"),
	        "facts that show another measurement than asked are void");
	CHECK(!strcmp(json_string_value(
	                      json_object_get(outcome.result, "status")),
	              outcome.status),
	        "the result says so, too");
	rm_outcome_clear(&outcome);
	outcome = play("failed");
	CHECK(!strcmp(outcome.status, "failed") && outcome.result &&
	                !strcmp(outcome.exit, "0"),
	        "a trial that says failed keeps its result");
	rm_outcome_clear(&outcome);
}

static void bad_ends(void)
{
	CHECK(fails("crash", "signal 11", "Segmentation fault"),
	        "a crash is named by its signal");
	CHECK(fails("abort", "signal 6", "a < b; second line"),
	        "the last words on standard error are in the reason");
	CHECK(fails("status1", "status 1", "status 1"),
	        "another status is a failure");
	CHECK(fails("refuse", "status 2", "no member \"keys\""),
	        "a refused request says why");
	CHECK(fails("late-crash", "signal 7", "Bus error"),
	        "a good answer does not excuse a crash after it");
	CHECK(fails("noise", "status 3", "last ?? words"),
	        "10 MB on standard error do not block, bad UTF-8 is replaced");
	CHECK(fails("deaf", "0", "no answer"),
	        "a trial that does not read its request does not kill us");
}

static void bad_answers(void)
{
	CHECK(fails("nothing", "0", "no answer"), "no answer");
	CHECK(fails("garbage", "0", "no JSON"), "garbage");
	CHECK(fails("half", "0", "no JSON"), "half an answer");
	CHECK(fails("zeros", "0", "no JSON"), "zero bytes");
	CHECK(fails("two-lines", "0", "more than one line"), "two lines");
	CHECK(fails("other-cell", "0", "of cell \"another\", expected \"w/"),
	        "the answer of another cell");
	CHECK(fails("missing", "0", "hits is missing, expected an integer"),
	        "a missing member is named");
	CHECK(fails("wrong-type", "0", "ops is of the wrong type"),
	        "a member of the wrong type is named");
	CHECK(fails("old-protocol", "0", "protocol 0, expected 2"),
	        "another protocol");
	CHECK(fails("bad-status", "0", "status is \"fine\""),
	        "an unknown status");
	CHECK(fails("bad-sum", "0", "expected 2001 operations"),
	        "operations that do not add up");
	CHECK(fails("unverified", "0", "verification is \"failed\""),
	        "ok with a failed verification");
	CHECK(fails("flood", "signal 9", "more than 33554432 bytes"),
	        "an answer of 100 MB is cut short");
}

int main(void)
{
	find_fake();
	good_answers();
	bad_ends();
	bad_answers();
	return DONE();
}
