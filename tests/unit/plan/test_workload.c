/* SPDX-License-Identifier: Apache-2.0 */
/* test_workload.c - valid and invalid workload files. */
#include "runner/plan/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINIMAL "writes = 3%\nkeys = 1Ki\nthreads = 1\n"
#define TRACED  "keys = file:x.trace\nthreads = 1\nwindow = 1pass\n"

static char folder[] = "/tmp/rm-test-workload-XXXXXX";

/* Writes a new file in the folder of the test. Returns its path. */
static const char *file_of(const char *name, const char *text)
{
	static char path[4][256];
	static unsigned at;
	char *mine = path[at++ % 4];
	FILE *file;

	snprintf(mine, 256, "%s/%s", folder, name);
	file = fopen(mine, "w");
	if (!file || fputs(text, file) == EOF || fclose(file)) {
		printf("Bail out! cannot write %s\n", mine);
		exit(1);
	}
	return mine;
}

static int parse(
        const char *text, struct rm_workload *workload, struct rm_error *error)
{
	memset(workload, 0, sizeof(*workload));
	error->text[0] = '\0';
	return rm_workload_parse(
	        "w.conf", text, strlen(text), NULL, 0, workload, error);
}

/* True if `text` is rejected at `where`, and the message contains `what`. */
static bool refused(const char *text, const char *where, const char *what)
{
	struct rm_workload workload;
	struct rm_error error;
	int failed = parse(text, &workload, &error);
	bool ok = failed == -EINVAL &&
	          !strncmp(error.text, where, strlen(where)) &&
	          strstr(error.text, what) && strstr(error.text, "expected") &&
	          !strchr(error.text, '\n');

	if (!ok)
		printf("# %d: %s\n", failed, error.text);
	rm_workload_clear(&workload);
	return ok;
}

static void presets(void)
{
	struct rm_workload w;
	struct rm_error error;

	CHECK(parse(MINIMAL, &w, &error) == 0,
	        "a workload needs only writes, keys and threads");
	CHECK(w.values[0].write_share == 0.03 && w.values[0].keys == 1024 &&
	                w.values[0].threads == 1 && !strcmp(w.name, "w"),
	        "writes, keys and threads are read, and the name is derived "
	        "from the file");
	CHECK(w.values[0].write_kind == RM_UPDATE &&
	                w.values[0].miss_share == 0 &&
	                rm_shape_index(w.values[0].shape) == 0 &&
	                w.values[0].dist == RM_DIST_UNIFORM &&
	                w.values[0].loop.kind == RM_LOOP_MIX &&
	                w.values[0].presize &&
	                w.values[0].warm_up_ns == 200000000 &&
	                w.values[0].window_ns == 1000000000 &&
	                w.values[0].blocks == 10 &&
	                w.values[0].deadline_ns == 60000000000 &&
	                !strcmp(w.values[0].base, "gomap_rw") &&
	                !strcmp(w.values[0].map, "all") &&
	                w.values[0].measure == RM_MEASURE_THROUGHPUT,
	        "defaults are as documented");
	rm_workload_clear(&w);
	CHECK(parse(MINIMAL "loop = paced\nrate = 80/s\n", &w, &error) == 0 &&
	                w.values[0].measure == RM_MEASURE_LATENCY &&
	                w.count[RM_KEY_MEASURE] == 1 &&
	                w.values[0].arrivals == RM_ARRIVALS_POISSON,
	        "an open loop measures latency of Poisson arrivals");
	rm_workload_clear(&w);
}

static void lists(void)
{
	struct rm_workload w;
	struct rm_error error;

	CHECK(parse("# why\n\nwrites=0.1%  3%\t50% # shares\n"
	            "keys = 100 64Ki 1Mi\r\n"
	            "threads = 1 cores cpus cores/2 cpus*2 cores*3\n"
	            "dist = uniform zipf:0.99 hot:1%:90%\n"
	            "shape = u64x8 str16x24\nwindow = 500kops\n"
	            "maps = all ~syncmap*",
	              &w, &error) == 0,
	        "lists, comments, CRLF, no newline at the end");
	CHECK(w.count[RM_KEY_WRITES] == 3 && w.values[0].write_share == 0.001 &&
	                w.values[2].write_share == 0.5,
	        "a comment after a value is not part of it");
	CHECK(w.count[RM_KEY_KEYS] == 3 && w.values[2].keys == 1048576,
	        "CRLF is not part of the value");
	CHECK(w.count[RM_KEY_THREADS] == 6 &&
	                w.values[1].threads_unit == RM_THREADS_CORES &&
	                w.values[2].threads_unit == RM_THREADS_CPUS &&
	                w.values[3].threads_unit == RM_THREADS_CORES &&
	                w.values[3].threads == 2 &&
	                w.values[4].threads_unit == RM_THREADS_TIMES_CPUS &&
	                w.values[4].threads == 2 &&
	                w.values[5].threads_unit == RM_THREADS_TIMES_CORES &&
	                w.values[5].threads == 3,
	        "threads stay symbolic until a machine is known");
	CHECK(w.values[1].dist == RM_DIST_ZIPF && w.values[1].dist_a == 0.99 &&
	                w.values[2].dist_a == 0.01 && w.values[2].dist_b == 0.9,
	        "distributions keep their parameters");
	CHECK(w.values[0].window_ns == 0 && w.values[0].window_ops == 500000,
	        "a window may be a count");
	CHECK(!strcmp(w.values[1].map, "~syncmap*"),
	        "maps are kept as patterns");
	CHECK(!strcmp(w.where[RM_KEY_KEYS], "w.conf:4") &&
	                !strcmp(w.where[RM_KEY_BLOCKS], "default"),
	        "the source of each key is stored");
	rm_workload_clear(&w);
}

static void mistakes(void)
{
	char comment[420] = MINIMAL "# ";
	static const char *const cases[][3] = {
		{ MINIMAL "colour = red\n", "w.conf:4: ", "colour" },
		{ MINIMAL "measure = simulated:icelake-sp\n",
		        "w.conf:4: ", "expected a count" },
		{ MINIMAL "writes = 5%\n", "w.conf:4: ", "occurs twice" },
		{ "writes = 300%\n", "w.conf:1: ", "300%" },
		{ "writes = 3\n", "w.conf:1: ", "\"3\"" },
		{ "writes = -3%\n", "w.conf:1: ", "-3%" },
		{ "writes = 3% 3.0%\n", "w.conf:1: ", "twice" },
		{ "writes =\n", "w.conf:1: ", "no value" },
		{ "\nwrites = # nothing\n", "w.conf:2: ", "no value" },
		{ "writes = 3 %\n", "w.conf:1: ", "\"3\"" },
		{ "keys = 0\n", "w.conf:1: ", "\"0\"" },
		{ "keys = 3Gi\n", "w.conf:1: ", "3Gi" },
		{ "keys = 1024 1Ki\n", "w.conf:1: ", "twice" },
		{ "keys = 1K\n", "w.conf:1: ", "1K" },
		{ "threads = 0\n", "w.conf:1: ", "\"0\"" },
		{ "window = 99999999999h\n",
		        "w.conf:1: ", "from 1ns to 104 days" },
		{ "window = 1e3ms\n", "w.conf:1: ", "without an exponent" },
		{ "rate = 1000000000000/s\n", "w.conf:1: ", "at most 1000M/s" },
		{ "threads = 4097\n", "w.conf:1: ", "4097" },
		{ "threads = core\n", "w.conf:1: ", "core" },
		{ "threads = cpus/0\n", "w.conf:1: ", "cpus/0" },
		{ "threads = cpus*1\n", "w.conf:1: ", "cpus*1" },
		{ "threads = cpus*\n", "w.conf:1: ", "cpus*2" },
		{ "threads = cpus+2\n", "w.conf:1: ", "cpus+2" },
		{ "misses = 100%\n", "w.conf:1: ", "100%" },
		{ "write-kind = insert\n", "w.conf:1: ", "insert" },
		{ "shape = u32\n", "w.conf:1: ", "u32" },
		{ "dist = zipf:9\n", "w.conf:1: ", "zipf:9" },
		{ "loop = open\n", "w.conf:1: ", "open" },
		{ "placement = numa\n", "w.conf:1: ", "numa" },
		{ "memory = bind\n", "w.conf:1: ", "bind" },
		{ "presize = true\n", "w.conf:1: ", "true" },
		{ "clock-rate = 7\n", "w.conf:1: ", "10, 100 or 1000" },
		{ "settle = cold\n", "w.conf:1: ", "cold" },
		{ "window = 5\n", "w.conf:1: ", "\"5\"" },
		{ "window = 1s 2s\n", "w.conf:1: ", "too many" },
		{ "warm-up = 5 ms\n", "w.conf:1: ", "\"5\"" },
		{ "blocks = 0\n", "w.conf:1: ", "\"0\"" },
		{ "measure = verify\n", "w.conf:1: ", "verify" },
		{ "measure = simulated\n", "w.conf:1: ", "simulated:MODEL" },
		{ "measure = simulated:\n", "w.conf:1: ", "simulated:MODEL" },
		{ "measure = simulated:a/b\n", "w.conf:1: ", "a/b" },
		{ MINIMAL "measure = simulated:zen3\nwindow = 1ms\n",
		        "w.conf:5: ", "expected a count" },
		{ "verify = 5\n", "w.conf:1: ", "\"5\"" },
		{ "maps = ~\n", "w.conf:1: ", "\"~\"" },
		{ "maps = ../x\n", "w.conf:1: ", "../x" },
		{ "base = a b\n", "w.conf:1: ", "too many" },
		{ "keys = 1Ki\nthreads = 1\n", "w.conf: ", "writes" },
		{ "", "w.conf: ", "writes" },
		{ " writes = 3%\n", "w.conf:1: ", "indented" },
		{ "writes = 3%\n\tkeys = 1\n", "w.conf:2: ", "indented" },
		{ "writes\n", "w.conf:1: ", "KEY = VALUE" },
		{ "= 3%\n", "w.conf:1: ", "KEY = VALUE" },
		{ "writes: 3%\n", "w.conf:1: ", "KEY = VALUE" },
		{ "writes = 3% ; no\n", "w.conf:1: ", "semicolon" },
		{ "; no\n", "w.conf:1: ", "semicolon" },
		{ "[all]\n", "w.conf:1: ", "section" },
		{ "writes = 3%\x01\n", "w.conf:1: ", "0x01" },
		{ "writes = 3\xc2\xa0%\n", "w.conf:1: ", "0xc2" },
		{ "a\rb = 1\n", "w.conf:1: ", "0x0d" },
		{ "include = a b\n", "w.conf:1: ", "include" },
		{ MINIMAL "loop = paced\n", "w.conf:4: ", "rate" },
		{ MINIMAL "rate = 80/s\n", "w.conf:4: ", "loop = paced" },
		{ MINIMAL "loop = paced\nrate = 1\n", "w.conf:5: ", "\"1\"" },
		{ MINIMAL "loop = paced\nrate = 1/s\nwindow = 5ops\n",
		        "w.conf:6: ", "counted window" },
		{ MINIMAL "measure = latency\n", "w.conf:4: ", "latency" },
		{ MINIMAL "loop = fill scan\nmeasure = throughput latency\n",
		        "w.conf:5: ", "loop = paced, stock or hold" },
		{ MINIMAL "loop = paced\nrate = 1/s\nmeasure = throughput\n",
		        "w.conf:6: ", "throughput" },
		{ MINIMAL "misses = 1%\nwrite-kind = churn fresh\n",
		        "w.conf:4: ", "misses need update or churn" },
		{ "writes = 3%\nkeys = 2Gi\nthreads = 1\nmisses = 60%\n",
		        "w.conf:4: ", "2^32" },
		{ MINIMAL "deadline = 1s\n", "w.conf:4: ", "deadline" },
		{ MINIMAL "warm-up = 1s\nwindow = 2s\ndeadline = 3s\n",
		        "w.conf:6: ", "reach the deadline" },
		{ MINIMAL "window = 100s\n", "w.conf:4: ", "the deadline" },
		{ MINIMAL "warm-up = 100s\n", "w.conf:4: ", "the deadline" },
		{ "writes = 3%\nthreads = 1\n", "w.conf: ", "keys is missing" },
		{ "writes = 3%\nkeys = 1\n", "w.conf: ", "threads is missing" },
		{ MINIMAL "window = 2passes\n",
		        "w.conf:4: ", "passes without keys = file" },
		{ "writes = 3%\nkeys = 1Ki file:x.trace\nthreads = 1\n",
		        "w.conf:2: ", "numbers and traces" },
		{ "writes = 3%\nkeys = file:x.trace 1Ki\nthreads = 1\n",
		        "w.conf:2: ", "numbers and traces" },
		{ TRACED "loop = scan\n", "w.conf:4: ", "expected mix" },
		{ TRACED "writes = 3%\n",
		        "w.conf:4: ", "the trace determines it" },
		{ TRACED "measure = simulated:zen3\n",
		        "w.conf:4: ", "measure = simulated with keys = file" },
		{ "keys = file:x.trace\nthreads = 1\nwindow = 1s\n",
		        "w.conf:3: ", "window without passes" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK(refused(cases[i][0], cases[i][1], cases[i][2]),
		        cases[i][2]);
	memset(comment + strlen(comment), 'x', 300);
	CHECK(refused(comment, "w.conf:4: ", "302 characters"),
	        "a line of 302 characters is rejected, even as a comment");
	memset(comment, 0, sizeof(comment));
	memset(comment, 'k', 220);
	strcpy(comment + 220, " = 1");
	CHECK(refused(comment, "w.conf:1: ", "224 characters"),
	        "a line that libinih would truncate is rejected");
}

/* Tests valid workloads at the limits that mistakes() exceeds. */
static void limits_are_allowed(void)
{
	static const char *const texts[] = { TRACED,
		TRACED "loop = mix\nmeasure = causes\n",
		MINIMAL "warm-up = 1s\nwindow = 2s\ndeadline = 3001ms\n",
		MINIMAL "write-kind = fresh\nmisses = 0%\n",
		MINIMAL "write-kind = churn update\nmisses = 1%\n",
		"writes = 3%\nkeys = 2Gi\nthreads = 1\nmisses = 50%\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct rm_workload w;
		struct rm_error error;
		int failed = parse(texts[i], &w, &error);

		if (failed)
			printf("# %s\n", error.text);
		CHECK(!failed, "a value at the limit is accepted");
		rm_workload_clear(&w);
	}
}

static void three_hundred_characters_pass(void)
{
	char text[512] = MINIMAL "# ";
	struct rm_workload w;
	struct rm_error error;

	memset(text + strlen(text), 'x', 298);
	CHECK(parse(text, &w, &error) == 0,
	        "a comment of 300 characters is accepted");
	rm_workload_clear(&w);
}

static void nul_bytes(void)
{
	static const char text[] = "writes = 3%\0\nkeys = 1Ki\nthreads = 1\n";
	struct rm_workload w = { .file = NULL };
	struct rm_error error = { "" };

	CHECK(rm_workload_parse("w.conf", text, sizeof(text) - 1, NULL, 0, &w,
	              &error) == -EINVAL &&
	                strstr(error.text, ":1: not a text file (byte 0x00"),
	        "a NUL byte is rejected");
	rm_workload_clear(&w);
	CHECK(parse("\xef\xbb\xbf" MINIMAL "# \xc3\xa9t\xc3\xa9\n", &w,
	              &error) == 0,
	        "a byte order mark and UTF-8 in comments are accepted");
	rm_workload_clear(&w);
}

static int load(const char *file, struct rm_workload *w, struct rm_error *error)
{
	memset(w, 0, sizeof(*w));
	error->text[0] = '\0';
	return rm_workload_load(file, NULL, 0, w, error);
}

static void files(void)
{
	struct rm_workload w;
	struct rm_error error;
	char path[300];

	CHECK(load("/nonexistent/w.conf", &w, &error) == -ENOENT &&
	                strstr(error.text, "/nonexistent/w.conf: No such"),
	        "a missing file is named");
	rm_workload_clear(&w);
	CHECK(load(folder, &w, &error) == -EINVAL &&
	                strstr(error.text, "a directory"),
	        "a folder is rejected");
	rm_workload_clear(&w);
	snprintf(path, sizeof(path), "%s/pipe.conf", folder);
	mkfifo(path, 0600);
	CHECK(load(path, &w, &error) == -EINVAL &&
	                strstr(error.text, "not a regular file"),
	        "a pipe is rejected without waiting");
	rm_workload_clear(&w);
	snprintf(path, sizeof(path), "%s", file_of("a b.conf", MINIMAL));
	CHECK(load(path, &w, &error) == -EINVAL &&
	                strstr(error.text, "letters"),
	        "a name with a blank is rejected, since ids contain it");
	rm_workload_clear(&w);
}

static void includes(void)
{
	struct rm_workload w;
	struct rm_error error;
	const char *path;

	file_of("base.conf", MINIMAL "blocks = 7\nwindow = 2s\n");
	path = file_of("top.conf", "window = 3s\ninclude = base.conf\n"
	                           "writes = 9%\n");
	CHECK(load(path, &w, &error) == 0 &&
	                w.values[0].window_ns == 3000000000 &&
	                w.values[0].write_share == 0.09 &&
	                w.values[0].blocks == 7 && !strcmp(w.name, "top"),
	        "own lines override included ones, in any order");
	CHECK(strstr(w.where[RM_KEY_BLOCKS], "base.conf:4"),
	        "an included key is located in its own file");
	rm_workload_clear(&w);
	path = file_of("loop.conf", "include = loop2.conf\n");
	file_of("loop2.conf", MINIMAL "include = loop.conf\n");
	CHECK(load(path, &w, &error) == -EINVAL &&
	                strstr(error.text, "loop2.conf:4: ") &&
	                strstr(error.text, "no loop"),
	        "a loop of includes is rejected");
	rm_workload_clear(&w);
	path = file_of("self.conf", "include = ./self.conf\n");
	CHECK(load(path, &w, &error) == -EINVAL &&
	                strstr(error.text, "no loop"),
	        "a file that includes itself is rejected");
	rm_workload_clear(&w);
	path = file_of("lost.conf", "include = bas\n");
	CHECK(load(path, &w, &error) == -EINVAL &&
	                strstr(error.text, "lost.conf:1: include: ") &&
	                strstr(error.text, "(did you mean base.conf?)"),
	        "a missing include is located at the including line");
	rm_workload_clear(&w);
	file_of("bad.conf", "writes = 3%\nblocks = none\n");
	path = file_of("over.conf", "blocks = 3\ninclude = bad.conf\n");
	CHECK(load(path, &w, &error) == -EINVAL &&
	                strstr(error.text, "bad.conf:2: "),
	        "an error in an included file is reported, even if overridden");
	rm_workload_clear(&w);
}

static void overrides(void)
{
	struct rm_workload w = { .file = NULL };
	struct rm_error error = { "" };
	struct rm_override set = { "window", "5s", "--set window", false };
	struct rm_override bad = { "window", "5", "--set window", false };
	struct rm_override other = { "widow", "5s", "--set widow", false };
	char text[] = "keys=1Ki 2Ki", no[] = "keys", where[RM_WHERE_BYTES];

	CHECK(rm_workload_parse("w.conf", MINIMAL, strlen(MINIMAL), &set, 1, &w,
	              &error) == 0 &&
	                w.values[0].window_ns == 5000000000,
	        "an override acts like a last line");
	rm_workload_clear(&w);
	CHECK(rm_workload_parse("w.conf", MINIMAL, strlen(MINIMAL), &bad, 1, &w,
	              &error) == -EINVAL &&
	                !strncmp(error.text, "--set window: ", 14),
	        "errors of an override are located at --set KEY");
	rm_workload_clear(&w);
	error.text[0] = '\0';
	CHECK(rm_workload_parse("w.conf", MINIMAL, strlen(MINIMAL), &other, 1,
	              &w, &error) == -EINVAL &&
	                !strncmp(error.text, "--set widow: unknown", 20),
	        "an unknown key of --set is rejected");
	rm_workload_clear(&w);
	CHECK(rm_override_split(text, where, &set, &error) == 0 &&
	                !strcmp(set.key, "keys") &&
	                !strcmp(set.value, "1Ki 2Ki") &&
	                !strcmp(set.where, "--set keys"),
	        "KEY=VALUE is split at the first =");
	error.text[0] = '\0';
	CHECK(rm_override_split(no, where, &set, &error) == -EINVAL &&
	                strstr(error.text, "KEY=VALUE"),
	        "a text without = is rejected");
}

/* True if the workload's text reads back to equal text. */
static bool reads_back(const struct rm_workload *w, struct rm_workload *back)
{
	char *text = rm_workload_text(w), *again = NULL;
	struct rm_error error;
	bool same;

	if (parse(text, back, &error))
		printf("# %s\n", error.text);
	else
		again = rm_workload_text(back);
	same = again && !strcmp(text, again) &&
	       !memcmp(w->count, back->count, sizeof(w->count));
	free(text);
	free(again);
	return same;
}

static void text_reads_back(void)
{
	static const char *const names[] = { "smoke", "uniform-97-3",
		"session-cache", "order-service", "crossover", "hot-reads",
		"locks-97-3", "shards-97-3", "fast-paths" };
	bool all = true;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct rm_workload w, back;
		struct rm_error error;
		char path[64];

		snprintf(path, sizeof(path), "workloads/%s.conf", names[i]);
		if (load(path, &w, &error)) {
			printf("# %s\n", error.text);
			all = false;
			continue;
		}
		all &= reads_back(&w, &back) &&
		       !memcmp(w.values, back.values, sizeof(w.values));
		rm_workload_clear(&w);
		rm_workload_clear(&back);
	}
	CHECK(all, "real workloads read back from their own text");
}

/* A list may come from several lines of a mode or from --set, but the text of
   the workload has one line for each key. */
static void long_lists_read_back(void)
{
	struct rm_sources sources = { .set = "peers", .mode = "quick" };
	struct rm_inputs peers = { .workloads = NULL };
	struct rm_workload w = { .file = NULL }, back = w;
	struct rm_error error = { "" };
	char files[64 * 200], *end = files;
	struct rm_override set = { "keys", files, "--set keys", false };
	bool all = !rm_inputs_read(&sources, &peers, &error);

	for (size_t i = 0; all && i < peers.workload_count; i++) {
		all = reads_back(&peers.workloads[i], &back);
		rm_workload_clear(&back);
	}
	CHECK(all && peers.workload_count == 3 &&
	                peers.workloads[0].count[RM_KEY_MAPS] == 56,
	        "the maps of set peers read back from one line");
	rm_inputs_clear(&peers);
	for (int i = 0; i < 64; i++)
		end += sprintf(end, "file:/%0*d.trace ", 184, i);
	CHECK(rm_workload_parse("w.conf", "threads = 1\n", 12, &set, 1, &w,
	              &error) == 0 &&
	                w.count[RM_KEY_KEYS] == 64 && reads_back(&w, &back),
	        "the longest possible list of traces reads back");
	rm_workload_clear(&w);
	rm_workload_clear(&back);
	end = files + sprintf(files, "keys =");
	for (int i = 0; i < 60; i++)
		end += sprintf(end, " %d", 1000 + i);
	strcpy(end, " 0 # none\n");
	CHECK(refused(files, "w.conf:1: ", "\"0\""),
	        "an error beyond libinih's limit is found");
}

static bool mode_refused(const char *text, const char *what)
{
	struct rm_inputs mode = { .workloads = NULL };
	struct rm_error error = { "" };
	const char *path = file_of("modes/m.conf", text);
	int failed = rm_mode_load(path, NULL, 0, &mode, &error);
	bool ok = failed && strstr(error.text, what);

	if (!ok)
		printf("# %d: %s\n", failed, error.text);
	rm_inputs_clear(&mode);
	return ok;
}

static int read_touched(const char *text, const char *touched,
        struct rm_inputs *mode, struct rm_error *error)
{
	return rm_inputs_read(
	        &(struct rm_sources){ .mode = file_of("modes/m.conf", text),
	                .touched = touched },
	        mode, error);
}

/* Maps given by --touched run in a workload of their own, next to the base. */
static void touched(void)
{
	static const char text[] =
	        "budget = 3min\nworkloads = touched one\nbase = gomap\n";
	struct rm_error error = { "" };
	struct rm_inputs mode;

	file_of("touched.conf", MINIMAL);
	CHECK(!read_touched(text, NULL, &mode, &error) &&
	                mode.workload_count == 1 &&
	                !strcmp(mode.workloads[0].name, "one"),
	        "without --touched the workload `touched` is removed");
	rm_inputs_clear(&mode);
	CHECK(!read_touched(text, "mine, gomap,mine yours", &mode, &error) &&
	                mode.workload_count == 2 &&
	                mode.workloads[0].count[RM_KEY_MAPS] == 3 &&
	                !strcmp(mode.workloads[0].values[0].map, "gomap") &&
	                !strcmp(mode.workloads[0].values[1].map, "mine") &&
	                !strcmp(mode.workloads[0].values[2].map, "yours"),
	        "touched maps run next to the base, each once");
	rm_inputs_clear(&mode);
	CHECK(read_touched("budget = 3min\nworkloads = one\n", "mine", &mode,
	              &error) &&
	                strstr(error.text, "no workload named touched"),
	        "a mode without the workload is an error");
	rm_inputs_clear(&mode);
}

/* Loads a mode with `count` workloads, eight per line. Returns the result. */
static int mode_of_many(unsigned count, struct rm_inputs *mode)
{
	char text[4096] = "budget = 3min", name[32];
	struct rm_error error = { "" };

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "many-%u.conf", i);
		file_of(name, MINIMAL);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		        "%s many-%u", i % 8 ? "" : "\nworkloads =", i);
	}
	strcat(text, "\n");
	return rm_mode_load(
	        file_of("modes/many.conf", text), NULL, 0, mode, &error);
}

static void modes_have_bounds(void)
{
	struct rm_inputs mode = { .workloads = NULL };

	CHECK(mode_of_many(96, &mode) == 0 && mode.workload_count == 96,
	        "a mode lists 96 workloads");
	rm_inputs_clear(&mode);
	CHECK(mode_of_many(97, &mode) == -EINVAL,
	        "a mode of 97 workloads is rejected");
	rm_inputs_clear(&mode);
}

static void modes(void)
{
	struct rm_inputs mode = { .workloads = NULL };
	struct rm_error error = { "" };
	struct rm_override set = { "blocks", "3", "--set blocks", false };
	char path[300];

	snprintf(path, sizeof(path), "%s/modes", folder);
	mkdir(path, 0700);
	file_of("one.conf", MINIMAL);
	file_of("two.conf", MINIMAL "blocks = 4\n");
	CHECK(rm_mode_load(file_of("modes/m.conf",
	                           "budget = 3min\nworkloads = one two\n"
	                           "blocks = 6\nwindow = 20ms\n"
	                           "[two] # only this\nwindow = 40ms\n"),
	              NULL, 0, &mode, &error) == 0 &&
	                mode.workload_count == 2 &&
	                mode.budget_ns == 180000000000 &&
	                !strcmp(mode.name, "m"),
	        "a mode names workloads and a budget");
	CHECK(mode.workloads[0].values[0].blocks == 6 &&
	                mode.workloads[1].values[0].blocks == 6 &&
	                mode.workloads[0].values[0].window_ns == 20000000 &&
	                mode.workloads[1].values[0].window_ns == 40000000,
	        "lines before sections apply to all, those of a section to "
	        "one");
	CHECK(strstr(mode.workloads[1].where[RM_KEY_WINDOW], "m.conf:6"),
	        "the source of an override is its line");
	rm_inputs_clear(&mode);
	snprintf(path, sizeof(path), "%s/modes/m.conf", folder);
	CHECK(rm_mode_load(path, &set, 1, &mode, &error) == 0 &&
	                mode.workloads[0].values[0].blocks == 3,
	        "--set overrides the mode");
	rm_inputs_clear(&mode);
	CHECK(rm_mode_load(
	              file_of("modes/m.conf", "budget = 3min\nworkloads = one\n"
	                                      "workloads = two\n"),
	              NULL, 0, &mode, &error) == 0 &&
	                mode.workload_count == 2 &&
	                !strcmp(mode.workloads[0].name, "one") &&
	                !strcmp(mode.workloads[1].name, "two"),
	        "names may continue on another line");
	rm_inputs_clear(&mode);
	CHECK(mode_refused("budget = 3min\nworkloads = one\nworkloads = one\n",
	              "m.conf:3: workloads has \"one\" twice"),
	        "a name may occur once in all lines");
	CHECK(mode_refused("workloads = one\n", "budget is missing"),
	        "a mode without a budget is rejected");
	CHECK(mode_refused("budget = 3min\n", "workloads is missing"),
	        "a mode without workloads is rejected");
	CHECK(mode_refused("budget = 3min\nworkloads = one\n[two]\nkeys = 1\n",
	              "m.conf:4: section [two]"),
	        "a section must name one of the workloads");
	CHECK(mode_refused("budget = 3min\nworkloads = one\nkeys = x\n",
	              "m.conf:3: keys"),
	        "an invalid value is located at the mode's line");
	CHECK(mode_refused("budget = 3min\nworkloads = one gone\n",
	              "m.conf:2: workloads: "),
	        "a missing workload is located at the line that names it");
	CHECK(mode_refused("budget = 3min\nworkloads = one one\n", "twice"),
	        "a workload may occur once");
	CHECK(mode_refused("budget = 3min\nworkloads = one\nkey = 1\n",
	              "m.conf:3: unknown key"),
	        "an unknown key is named");
	CHECK(mode_refused("budget = 3min\nworkloads = one\n[one]\nkeys = 1\n"
	                   "keys = 2\n",
	              "m.conf:5: keys occurs twice"),
	        "a key may occur once per section");
	snprintf(path, sizeof(path), "%s/sub", folder);
	mkdir(path, 0700);
	file_of("sub/three.conf", MINIMAL);
	CHECK(rm_mode_load(file_of("modes/m.conf",
	                           "budget = 3min\nworkloads = one sub/three\n"
	                           "[sub/three]\nblocks = 7\n"),
	              NULL, 0, &mode, &error) == 0 &&
	                mode.workload_count == 2 &&
	                !strcmp(mode.workloads[1].name, "three") &&
	                mode.workloads[1].values[0].blocks == 7,
	        "a workload may be in a subfolder");
	rm_inputs_clear(&mode);
	CHECK(mode_refused("budget = 3min\nworkloads = sub/../one\n",
	              "sub/../one") &&
	                mode_refused("budget = 3min\nworkloads = /sub/three\n",
	                        "/sub/three") &&
	                mode_refused(
	                        "budget = 3min\nworkloads = sub/\n", "sub/"),
	        "other paths are rejected");
	CHECK(mode_refused("budget = 3min\nworkloads = ../one\n", "../one"),
	        "a path outside the folder is rejected");
	CHECK(mode_refused("budget = 3min\nworkloads = one\n[one\nkeys = 1\n",
	              "m.conf:3: a broken section"),
	        "a malformed section is rejected");
}

/* True if the workload has these maps, such as "a b c", in this order. */
static bool maps_are(const struct rm_workload *workload, const char *ids)
{
	char text[200] = "";

	for (unsigned i = 0; i < workload->count[RM_KEY_MAPS]; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		        "%s%s", i ? " " : "", workload->values[i].map);
	return !strcmp(text, ids);
}

/* Uses the files of modes(). */
static void lines_of_maps_add_up(void)
{
	struct rm_inputs mode = { .workloads = NULL };
	struct rm_error error = { "" };
	struct rm_override set = { "maps", "f g", "--set maps", false };
	const char *text = "budget = 3min\nworkloads = one two\n"
	                   "maps = a b\nblocks = 2\nmaps = c\n"
	                   "[two]\nmaps = d\nmaps = e\n";

	CHECK(rm_mode_load(file_of("modes/m.conf", text), NULL, 0, &mode,
	              &error) == 0 &&
	                maps_are(&mode.workloads[0], "a b c"),
	        "lines of maps add up");
	CHECK(maps_are(&mode.workloads[1], "d e"),
	        "a section's lines replace the head's");
	CHECK(strstr(mode.workloads[0].where[RM_KEY_MAPS], "m.conf:5"),
	        "the last line is the source of the maps");
	rm_inputs_clear(&mode);
	CHECK(rm_mode_load(file_of("modes/m.conf", text), &set, 1, &mode,
	              &error) == 0 &&
	                maps_are(&mode.workloads[0], "f g") &&
	                maps_are(&mode.workloads[1], "f g"),
	        "--set maps replaces all of them");
	rm_inputs_clear(&mode);
	CHECK(mode_refused("budget = 3min\nworkloads = one\nmaps = a b\n"
	                   "maps = c a\n",
	              "m.conf:4: maps has \"a\" twice"),
	        "a map may occur once in all lines");
	CHECK(mode_refused("budget = 3min\nworkloads = one\nmaps = a\n"
	                   "maps =\n",
	              "m.conf:4: maps has no value"),
	        "each line must name a map");
}

static void a_mode_includes_another(void)
{
	struct rm_inputs mode = { .workloads = NULL };
	struct rm_error error = { "" };

	file_of("modes/short.conf", "budget = 3min\nworkloads = one\n"
	                            "[one]\nblocks = 2\nkeys = 1\n"
	                            "maps = a b\nwindow = 20ms\n");
	CHECK(rm_mode_load(file_of("modes/m.conf",
	                           "include = short.conf\nbudget = 9min\n"
	                           "workloads = two\nblocks = 4\n"
	                           "[one]\nkeys = 7\nmaps = c\nmaps = d\n"),
	              NULL, 0, &mode, &error) == 0,
	        "a mode includes another");
	CHECK(mode.budget_ns == 9 * UINT64_C(60000000000) &&
	                mode.workload_count == 2 &&
	                !strcmp(mode.workloads[1].name, "two"),
	        "workloads add up, and the nearer budget applies");
	CHECK(mode.workloads[0].values[0].keys == 7 &&
	                mode.workloads[0].values[0].blocks == 4 &&
	                mode.workloads[0].values[0].window_ns == 20000000,
	        "the nearer line of a key wins, other lines apply");
	CHECK(maps_are(&mode.workloads[0], "c d"),
	        "lines of maps replace the included ones");
	CHECK(strstr(mode.workloads[0].where[RM_KEY_WINDOW], "short.conf:7"),
	        "an included line is located in its own file");
	rm_inputs_clear(&mode);
	CHECK(mode_refused("budget = 3min\ninclude = short.conf\n",
	              "m.conf:2: include = short.conf, expected it as the "
	              "first"),
	        "an include must be the first line");
	CHECK(mode_refused("include = m.conf\n", "m.conf:1: include = m.conf"),
	        "a mode that includes itself is rejected");
	CHECK(mode_refused("include = ../modes/short.conf\n", "folder"),
	        "an include must be a file of the folder");
	CHECK(mode_refused("include = gone.conf\n", "m.conf:1: include: "),
	        "a missing include is rejected");
	CHECK(mode_refused("include = short.conf\nworkloads = one\n", "twice"),
	        "a workload may occur once in both modes");
}

int main(void)
{
	char command[300];

	if (!mkdtemp(folder))
		return 1;
	presets();
	lists();
	mistakes();
	limits_are_allowed();
	three_hundred_characters_pass();
	nul_bytes();
	files();
	includes();
	overrides();
	text_reads_back();
	long_lists_read_back();
	modes();
	modes_have_bounds();
	lines_of_maps_add_up();
	a_mode_includes_another();
	touched();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command))
		printf("# %s failed\n", command);
	return DONE();
}
