/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_workload.c - the workload parser on mutated and random input.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/plan/workload.c but rm_workload_load: test_fuzz_mode.c
 * fuzzes: runner/plan/workload_check.c
 * fuzzes: runner/base/lines.c but check_section, load, rm_lines_load:
 *   sections are a mode's, the rest are errors of the system
 * fuzzes: runner/base/number.c
 *
 * A result is sound if an error is one line that names the file. Accepted input
 * is written as text that reads back to equal text. Includes are read, too:
 * real workloads, a file that includes itself, and a chain that is too long.
 */
#include "runner/plan/internal.h"
#include "tests/unit/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "writes", "write-kind", "misses", "keys",
	"shape", "key-bytes", "value-bytes", "str64x1024", "shape = ", "dist",
	"loop", "rate", "arrivals", "threads", "placement", "memory", "presize",
	"warm-up", "window", "deadline", "blocks", "verify", "maps", "base",
	"measure", "include", "article", "repeat-wait", "repeat-most",
	"repeat-share", "allocator", "huge-pages", "goroutines", "key-differs",
	"last", " = ", "=", "\n", "\r\n", " # ", "#", ";", "[", "]", ":", "3%",
	"0%", "100%", "1Ki", "2Gi", "0", "4294967296", "1e9", "-1", "0x10",
	"nan", "99999999999999999999999", "cores/2", "cpus*2", "cpus",
	"zipf:0.99", "hot:1%:90%", "80/s", "500kops", "1ns", "~*", "all",
	"latency", "paced", "fresh", "settle", "renewed:3", "numa:1", "bind:0",
	"interleave", "smt", "jemalloc", "simulated:zen3", "1pass", "W1",
	"file:x.trace", "\xef\xbb\xbf", "window = 1000ops\n",
	"keys = file:x.trace\n", "window = 2passes\n", "loop = paced\n",
	"loop = mix paced\n", "rate = 10k/s\n", "measure = latency\n",
	"measure = simulated:zen3\n", "misses = 10%\n", "deadline = 1s\n",
	"include = one.conf\n", "include = loop.conf\n",
	"include = chain0.conf\n", "include = missing.conf\n", "include = .\n",
	NULL };

static const char *const files[] = { "workloads/smoke.conf",
	"workloads/uniform-97-3.conf", "workloads/session-cache.conf",
	"workloads/order-service.conf", "workloads/crossover.conf",
	"workloads/hot-reads.conf", NULL };

static const char *const texts[] = {
	"keys = file:x.trace\nthreads = 2\nwindow = 2passes\n",
	"include = one.conf\nthreads = 4\nmaps = all ~syncmap*\n",
	"writes = 3% 10%\nkeys = 64 1Ki\nthreads = cores cpus/2 3\n"
	"loop = mix paced\nrate = 10k/s 80/s\nmeasure = throughput latency\n"
	"placement = cores numa:1\nmemory = interleave bind:0\n"
	"repeat-wait = 10%\nrepeat-most = 2\narticle = W1 W2\n"
	"allocator = glibc jemalloc\nhuge-pages = on off\nsettle = no\n",
	"loop = hash:1024\nthreads = 1\n",
	"writes = 3%\nkeys = 64\nthreads = 1\nmaps=gomap\n",
	"writes = 1%\nkeys = 64\nthreads = 1\nwindow = 1000ops\n"
	"measure = simulated:zen3\nmisses = 50%\nwrite-kind = fresh churn\n",
	NULL
};

static int parse(const char *text, size_t length, struct rm_workload *workload,
        struct rm_error *error)
{
	return rm_workload_parse(
	        fuzz_path("fuzz.conf"), text, length, NULL, 0, workload, error);
}

/* Parses the text with its last line as an option --set. */
static int parse_with_set(const char *text, size_t length,
        struct rm_workload *workload, struct rm_error *error)
{
	const char *last = memrchr(text, '\n', length ? length - 1 : 0);
	size_t head = last ? (size_t)(last + 1 - text) : 0;
	char *option = strndup(text + head, length - head);
	char where[RM_WHERE_BYTES];
	struct rm_override set;

	option[strcspn(option, "\n")] = '\0';
	int failed = rm_override_split(option, where, &set, error);

	if (!failed)
		failed = rm_workload_parse(fuzz_path("fuzz.conf"), text, head,
		        &set, 1, workload, error);
	free(option);
	return failed;
}

/* True if the workload reads back from its own text. */
static bool reads_back(const struct rm_workload *workload, char *why)
{
	struct rm_workload back = { .file = NULL };
	struct rm_error error = { "" };
	char *text = rm_workload_text(workload), *again = NULL;
	bool ok = text && !parse(text, strlen(text), &back, &error);

	if (ok)
		again = rm_workload_text(&back);
	ok = again && !strcmp(text, again);
	if (!ok)
		snprintf(why, FUZZ_WHY, "%s", error.text);
	free(text);
	free(again);
	rm_workload_clear(&back);
	return ok;
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_workload workload = { .file = NULL };
	struct rm_error error = { "" };
	enum fuzz_verdict verdict = FUZZ_TAKEN;
	const char *folder = fuzz_path("");

	bool set = fuzz_below(input, 8) == 0;

	if (set ? parse_with_set(text, length, &workload, &error)
	        : parse(text, length, &workload, &error)) {
		snprintf(why, FUZZ_WHY, "%s", error.text);
		verdict = strncmp(why, folder, strlen(folder)) &&
		                          strncmp(why, "--set ", 6) &&
		                          strncmp(why, "default: ", 9)
		                  ? FUZZ_UNSOUND
		                  : FUZZ_REFUSED;
	} else if (error.text[0] || (!set && fuzz_key_twice(text, length)) ||
	           !reads_back(&workload, why)) {
		verdict = FUZZ_UNSOUND;
	}
	rm_workload_clear(&workload);
	return verdict;
}

/* Writes the files that inputs include. */
static void write_included(void)
{
	static const char one[] = "writes = 5%\nkeys = 1000\n";
	static const char loop[] = "include = loop.conf\n";
	char name[32], text[64];

	fuzz_file("one.conf", one, sizeof(one) - 1);
	fuzz_file("loop.conf", loop, sizeof(loop) - 1);
	for (int i = 0; i <= RM_INCLUDE_MAX; i++) {
		snprintf(name, sizeof(name), "chain%d.conf", i);
		snprintf(text, sizeof(text), "include = chain%d.conf\n", i + 1);
		fuzz_file(name, text, strlen(text));
	}
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "workload",
		.words = words,
		.files = files,
		.texts = texts,
		.judge = judge };

	write_included();
	fuzz_check(&parser, 60000);
	return DONE();
}
