/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_simulator.c - what readmostly-sim can simulate, as it says itself, or
 * why nobody knows. The program is a script of this file's.
 */
#include "runner/campaign/campaign.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_simulator.XXXXXX";
static char program[64];

/* Which program a measure has is of another file. */
const char *rm_program_of(enum rm_measure measure, char path[RM_PROGRAM_BYTES])
{
	strcpy(path, measure == RM_MEASURE_SIMULATED ? program : "/bin/false");
	return path;
}

static void put_program(const char *script, mode_t mode)
{
	FILE *file = fopen(program, "w");

	if (!file)
		abort();
	fprintf(file, "#!/bin/sh\n%s\n", script);
	fclose(file);
	if (chmod(program, mode))
		abort();
}

/* Asks; what was there before is not what is found. */
static struct rm_simulator ask(void)
{
	static char text[] = "old yes\n";
	struct rm_simulator simulator = { .text = text, .reason = "old" };

	rm_simulator_ask(&simulator);
	return simulator;
}

static void it_answers(void)
{
	struct rm_simulator simulator;

	put_program("echo \"$# $1\"; echo 'a yes'", 0700);
	simulator = ask();
	CHECK(simulator.text && !strcmp(simulator.text, "1 maps\na yes\n"),
	        "the program is asked for its maps, and for nothing else");
	CHECK(!simulator.reason[0], "who has an answer has no reason");
	free(simulator.text);
}

static bool has_none(const char *because)
{
	char expected[160];
	struct rm_simulator simulator = ask();

	snprintf(expected, sizeof(expected),
	        "readmostly-sim, which simulates, %s", because);
	return !simulator.text && !strcmp(simulator.reason, expected);
}

static void it_does_not_answer(void)
{
	unlink(program);
	CHECK(has_none("is not beside this program (No such file or "
	               "directory)"),
	        "a program that is not there is why there is no answer");
	put_program("echo 'a yes'", 0600);
	CHECK(has_none("is not beside this program (Permission denied)"),
	        "so is one that may not be run");
	put_program("echo 'a yes'; exit 1", 0700);
	CHECK(has_none("did not say what it can (Input/output error); "
	               "`readmostly-sim maps` says why"),
	        "what one says that failed is no answer, and it is there");
	unlink(program);
}

static char why[160];

/* Whether a map can be simulated, by this answer; `why` is set. */
static bool can(const char *text, const char *id)
{
	struct rm_simulator simulator = { .text = (char *)text,
		.reason = "nobody answers" };

	strcpy(why, "not set");
	return rm_simulator_can(&simulator, id, why, sizeof(why));
}

static bool cannot(const char *text, const char *id, const char *because)
{
	bool could = can(text, id);

	if (strcmp(why, because) != 0)
		printf("# %s\n", why);
	return !could && !strcmp(why, because);
}

static void maps_are_found(void)
{
	static const char text[] = "gomap_rw no it waits: in a kernel\n"
	                           "gomap yes\n"
	                           "go no it is in Go\n"
	                           "rcu_no yes\n"
	                           "last yes";

	CHECK(can(text, "gomap") && !why[0],
	        "a map that can be simulated has no reason why not");
	CHECK(cannot(text, "gomap_rw", "it waits: in a kernel") &&
	                cannot(text, "go", "it is in Go"),
	        "one that cannot has the program's reason, to its line's end");
	CHECK(can(text, "rcu_no") && can(text, "last") && !why[0],
	        "the last line needs no end, and a name is no verdict");
	CHECK(cannot("last no a reason", "last", "a reason"),
	        "nor does a reason");
}

static void others_are_not(void)
{
	static const char unknown[] = "readmostly-sim does not know it";

	CHECK(cannot("gomap_rw yes\n", "gomap", unknown) &&
	                cannot("gomap yes\n", "gomap_rw", unknown) &&
	                cannot("gomap yes\n", "map", unknown) &&
	                cannot("a no gomap yes\n", "gomap", unknown),
	        "a part of a line is not the map");
	CHECK(cannot("", "gomap", unknown) && cannot("\n", "gomap", unknown),
	        "of an empty answer none is known");
	CHECK(cannot(NULL, "gomap", "nobody answers"),
	        "without an answer the reason is why there is none");
}

static void reasons_are_cut(void)
{
	struct rm_simulator simulator = { .text = (char *)"a no 123456789\n" };
	char few[8];

	memset(few, 'x', sizeof(few));
	CHECK(!rm_simulator_can(&simulator, "a", few, 5) &&
	                !strcmp(few, "1234") && few[5] == 'x',
	        "of a long reason is kept what fits");
	CHECK(!rm_simulator_can(&simulator, "b", few, 5) &&
	                !strcmp(few, "read") && few[5] == 'x',
	        "of ours as well");
}

int main(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(program, sizeof(program), "%s/readmostly-sim", dir);
	it_answers();
	it_does_not_answer();
	maps_are_found();
	others_are_not();
	reasons_are_cut();
	rmdir(dir);
	return DONE();
}
