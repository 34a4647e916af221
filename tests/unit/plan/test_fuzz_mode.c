/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_mode.c - the reader of workloads/modes/ on mutated input.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/plan/mode.c
 *
 * A result is sound if an error is one line that names a file. Accepted input,
 * written as files without overrides, reads back as equal workloads and an
 * equal budget.
 */
#include "runner/plan/internal.h"
#include "tests/unit/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "budget", "workloads", "budget = 3min\n",
	"workloads = one two\n", "workloads = touched\n", "one", "two",
	"touched", "three", "../one", "a/b", ".", "[one]\n", "[two]\n",
	"[three]\n", "[", "]", " = ", "\n", "0s", "3min", "1h", "-1s", "blocks",
	"blocks = 5\n", "writes", "keys", "threads", "threads = 1 2\n", "maps",
	"maps = gomap_rw\n", "maps = syncmap slab\n", "measure", "include",
	"include = one.conf\n", "deadline", "window", "window = 10ms\n", "# ",
	";", "1%", "nan", "99999999999999999999999", NULL };

static const char *const files[] = { "workloads/modes/smoke.conf",
	"workloads/modes/quick.conf", NULL };

static const char *const texts[] = {
	"# A mode.\nbudget = 3min\nworkloads = one two touched\nblocks = 3\n\n"
	"[one]\nthreads = 1 2\nwindow = 10ms\n\n[two]\nblocks = 2\n",
	"budget = 10s\nworkloads = one two\n[two]\nkeys = 1Ki\n",
	"budget = 1h\nworkloads = touched two\nthreads = 2\n",
	"budget = 1h\nworkloads = two\nworkloads = one\n",
	"budget = 1h\nworkloads = one two\nmaps = gomap_rw\nmaps = syncmap\n"
	"[two]\nmaps = snapshot\nmaps = slab shard_seg\n",
	NULL
};

static const char *const workloads[][2] = {
	{ "one.conf", "writes = 3%\nkeys = 64\nthreads = 1\n" },
	{ "two.conf", "writes = 10%\nkeys = 1Ki 4Ki\nthreads = 2\nloop = mix "
	              "paced\nrate = 10k/s\n" },
	{ "touched.conf", "writes = 1%\nkeys = 1000\nthreads = 1\n" },
};

/* Reads FOLDER/modes/fuzz.conf, with --touched if `touched`. */
static int read_mode(const char *folder, bool touched, struct rm_inputs *inputs,
        struct rm_error *error)
{
	char file[512];
	struct rm_sources sources = { .mode = file,
		.touched = touched ? "gomap_rw, syncmap" : NULL };

	snprintf(file, sizeof(file), "%s/modes/fuzz.conf", fuzz_path(folder));
	return rm_inputs_read(&sources, inputs, error);
}

/* Writes each workload as a file, and a mode without overrides. */
static bool write_again(const struct rm_inputs *inputs)
{
	char name[128], text[4096];
	int used = snprintf(text, sizeof(text), "budget = %lluns\nworkloads =",
	        (unsigned long long)inputs->budget_ns);
	bool fits = true;

	for (size_t i = 0; i < inputs->workload_count; i++) {
		char *own = rm_workload_text(&inputs->workloads[i]);

		snprintf(name, sizeof(name), "again/%s.conf",
		        inputs->workloads[i].name);
		fuzz_file(name, own, strlen(own));
		free(own);
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		        " %s", inputs->workloads[i].name);
		fits = fits && used < 190; /* the line must not be too long */
	}
	fuzz_file("again/modes/fuzz.conf", text, (size_t)used);
	return fits;
}

static bool same(const struct rm_inputs *a, const struct rm_inputs *b)
{
	bool equal = a->budget_ns == b->budget_ns &&
	             a->workload_count == b->workload_count;

	for (size_t i = 0; equal && i < a->workload_count; i++) {
		char *x = rm_workload_text(&a->workloads[i]);
		char *y = rm_workload_text(&b->workloads[i]);

		equal = !strcmp(x, y) &&
		        !strcmp(a->workloads[i].name, b->workloads[i].name);
		free(x);
		free(y);
	}
	return equal;
}

static bool reads_back(const struct rm_inputs *inputs, bool touched, char *why)
{
	struct rm_inputs again = { 0 };
	struct rm_error error = { "" };
	bool ok = inputs->budget_ns > 0;

	/* without --touched, a mode that has only `touched` has no workloads */
	if (ok && inputs->workload_count && write_again(inputs))
		ok = !read_mode("again", touched, &again, &error) &&
		     same(inputs, &again);
	rm_inputs_clear(&again);
	if (!ok)
		snprintf(why, FUZZ_WHY, "does not read back equal: %s",
		        error.text);
	return ok;
}

static void comment_out(char *text, size_t length, const char *key)
{
	const size_t size = strlen(key);

	for (size_t i = 0; i + size <= length; i++)
		if ((!i || text[i - 1] == '\n') && !memcmp(text + i, key, size))
			text[i] = '#';
}

/* Lines of workloads and maps may repeat, so they are commented out before the
   search for repeated keys. */
static bool key_twice(const char *text, size_t length)
{
	char *copy = malloc(length + 1);
	bool twice;

	if (!copy)
		return true;
	memcpy(copy, text, length);
	comment_out(copy, length, "workloads");
	comment_out(copy, length, "maps");
	twice = fuzz_key_twice(copy, length);
	free(copy);
	return twice;
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	const char *folder = fuzz_path("");
	struct rm_inputs inputs = { 0 };
	struct rm_error error = { "" };
	enum fuzz_verdict verdict = FUZZ_TAKEN;
	bool touched = fuzz_below(input, 4) == 0;

	fuzz_file("first/modes/fuzz.conf", text, length);
	if (read_mode("first", touched, &inputs, &error)) {
		snprintf(why, FUZZ_WHY, "%s", error.text);
		verdict = strncmp(why, folder, strlen(folder)) &&
		                          strncmp(why, "--touched: ", 11) &&
		                          strncmp(why, "default: ", 9)
		                  ? FUZZ_UNSOUND
		                  : FUZZ_REFUSED;
	} else if (error.text[0] || key_twice(text, length) ||
	           !reads_back(&inputs, touched, why)) {
		verdict = FUZZ_UNSOUND;
	}
	rm_inputs_clear(&inputs);
	return verdict;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "mode",
		.words = words,
		.files = files,
		.texts = texts,
		.judge = judge };
	char name[64];

	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		snprintf(name, sizeof(name), "first/%s", workloads[i][0]);
		fuzz_file(name, workloads[i][1], strlen(workloads[i][1]));
	}
	fuzz_check(&parser, 6000);
	return DONE();
}
