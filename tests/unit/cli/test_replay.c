/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_replay.c - the statuses of `readmostly replay --map` of a trace's own
 * keys: 1 is the map's fault, 3 is a file's.
 */
#include "tests/fixtures/bad_loses_insert.c"

#include "runner/impl_table.h"

/* The fixture beside the maps of this program. */
static const struct rm_impl *find(const char *id)
{
	const struct rm_impl *bad = &rm_impl_bad_loses_insert;

	return strcmp(id, bad->id) ? rm_impl_find(id) : bad;
}

/* The code itself, which finds it: the library's object is then not linked. */
#define rm_impl_find find
#include "runner/cli/replay.c"
#undef rm_impl_find

#include "tests/unit/cli/said.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/test_replay.XXXXXX";
static char trace[64], state[64], other[64];
static struct said said;

/* The status; a NULL ends the arguments early. */
static int replay_on(const char *map, const char *option, const char *value)
{
	const char *arguments[] = { "replay", trace, "--map", map, option,
		value, NULL };
	int count = 4, status;

	while (arguments[count])
		count++;
	memset(&said, 0, sizeof(said));
	said_begin(&said);
	status = rm_cli_replay(count, (char **)arguments);
	said_end(&said);
	if (said.err[0])
		printf("# %s", said.err);
	return status;
}

static void answers(void)
{
	const char *bad = "bad_loses_insert";

	CHECK(replay_on("gomap_rw", NULL, NULL) == RM_OK,
	        "a map that answers as the trace: status 0");
	CHECK(replay_on(bad, NULL, NULL) == RM_FAILED &&
	                strstr(said.err, "a get missed, the trace says"),
	        "one that lost a key: status 1");
	CHECK(replay_on(bad, "--shape", "str16x24") == RM_FAILED,
	        "with long values, too");
	CHECK(replay_on(bad, "--threads", "2") == RM_FAILED &&
	                strstr(said.err, "another value at the end"),
	        "with two threads, too, which only the end tells");
	CHECK(replay_on(bad, "--state", state) == RM_FAILED,
	        "and where its state is to be kept");
}

static void files(void)
{
	CHECK(replay_on("gomap_rw", "--state", state) == RM_OK,
	        "a state that is written: status 0");
	CHECK(replay_on("gomap_rw", "--state", other) == RM_INCOMPLETE,
	        "one that cannot be made: status 3");
	if (access("/dev/full", W_OK))
		SKIP("one that has no room: status 3", "no /dev/full here");
	else
		CHECK(replay_on("gomap_rw", "--state", "/dev/full") ==
		                RM_INCOMPLETE,
		        "one that has no room: status 3");
}

/* More than a stream keeps: it fails long before it is closed. */
static void a_large_state(void)
{
	FILE *out = fopen(trace, "we");

	for (int i = 0; i < 2000; i++)
		fprintf(out, "set key-number-%d\n", i);
	fprintf(out, "end 2000\n");
	fclose(out);
	if (access("/dev/full", W_OK))
		SKIP("a large state, too", "no /dev/full here");
	else
		CHECK(replay_on("gomap_rw", "--state", "/dev/full") ==
		                        RM_INCOMPLETE &&
		                strstr(said.err, "/dev/full: "),
		        "a large state, too, and it is named");
}

int main(void)
{
	FILE *out;

	if (!mkdtemp(dir))
		return 1;
	snprintf(trace, sizeof(trace), "%s/trace", dir);
	snprintf(state, sizeof(state), "%s/state", dir);
	snprintf(other, sizeof(other), "%s/none/state", dir);
	setenv("RM_FAULT_PERIOD", "3", 1);
	out = fopen(trace, "we");
	fprintf(out, "set a\nset b\nset c\nget c\nend 4\n");
	fclose(out);
	answers();
	files();
	a_large_state();
	unlink(trace);
	unlink(state);
	rmdir(dir);
	return DONE();
}
