/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.h - shared code of the tests that compare maps in C with Go's maps.
 * They read the states of a Go map during a trace from a recorded log or from a
 * running program, and report the first step at which the map in C has another
 * state (docs/go-equality.md).
 *
 * tests/go/replay writes a log with these lines:
 *
 *	log NAME GO-VERSION
 *	trace DIGEST		of the steps, see trace_next()
 *	h HASH0 RANK HEX...	native maps: six digits of each key's hash;
 *				after the state of the step that drew a seed
 *	s STEP FIELD... DIGEST	hexadecimal; the digest covers all states so far,
 *				also those that are not printed
 */
#ifndef RM_GO_COMPARE_H
#define RM_GO_COMPARE_H

#include "tests/go/trace.h"
#include "tests/unit/tap.h"

#include <libgen.h>
#include <unistd.h>
#include <zlib.h>

enum { COMPARE_LINE = 8192, COMPARE_FIELDS = 12 };

struct reference {
	gzFile file;
	FILE *pipe; /* output of a running Go program, or NULL */
	char line[COMPARE_LINE];
	bool held; /* `line` has been read but not used yet */
	char version[64];
	uint64_t digest; /* digest of all states in C so far */
	bool equal;
};

/* Returns the next line without its newline, or NULL at the end. A second call
   returns the same line, until reference_next() is called. */
static inline const char *reference_peek(struct reference *reference)
{
	if (!reference->held &&
	        !gzgets(reference->file, reference->line, COMPARE_LINE))
		return NULL;
	reference->held = true;
	reference->line[strcspn(reference->line, "\n")] = 0;
	return reference->line;
}

static inline void reference_next(struct reference *reference)
{
	reference->held = false;
}

static inline void reference_differs(struct reference *reference, uint32_t step,
        const char *what, const char *go, const char *c)
{
	printf("# step %u: %s\n# Go: %.200s\n# C:  %.200s\n", step, what,
	        go ? go : "the log has ended", c);
	reference->equal = false;
}

/*
 * Compares the state of the map in C after `step` with the log, if the log has
 * a state for this step. Returns false and prints both states if they differ.
 * `whole` is true if the log must have the state of every step.
 */
static inline bool reference_state(struct reference *reference, uint32_t step,
        const uint64_t *fields, unsigned count, bool whole)
{
	const char *line = reference_peek(reference);
	char text[COMPARE_FIELDS * 20];
	unsigned logged = 0;
	int length = snprintf(text, sizeof(text), "s %u", step);

	for (unsigned i = 0; i < count; i++)
		reference->digest = rm_seed(reference->digest, fields[i]);
	if (!whole && line && sscanf(line, "s %u", &logged) == 1 &&
	        logged > step)
		return true;
	for (unsigned i = 0; i < count; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
		        " %llx", (unsigned long long)fields[i]);
	snprintf(text + length, sizeof(text) - (size_t)length, " %llx",
	        (unsigned long long)reference->digest);
	if (line && strcmp(line, text) == 0) {
		reference_next(reference);
		return true;
	}
	reference_differs(reference, step,
	        "state, in hexadecimal; the last number is the digest of all "
	        "states so far",
	        line, text);
	return false;
}

/* Reads the first two lines, and checks that the log is of this trace. */
static inline bool reference_begin(
        struct reference *reference, const struct trace_plan *plan)
{
	struct trace trace = trace_open(plan);
	struct trace_step step;
	char wanted[64], name[64] = "";
	const char *line = reference_peek(reference);

	while (trace_next(&trace, &step))
		continue;
	trace_close(&trace);
	reference->equal = true;
	reference->digest = 0;
	if (!line ||
	        sscanf(line, "log %63s %63s", name, reference->version) != 2 ||
	        strcmp(name, plan->name) != 0)
		reference_differs(
		        reference, 0, "another log, or none", line, plan->name);
	reference_next(reference);
	line = reference_peek(reference);
	snprintf(wanted, sizeof(wanted), "trace %016llx",
	        (unsigned long long)trace.digest);
	if (reference->equal && (!line || strcmp(line, wanted) != 0))
		reference_differs(reference, 0,
		        "another trace: `make go-logs` records anew", line,
		        wanted);
	reference_next(reference);
	return reference->equal;
}

/* Opens tests/go/recorded/NAME.log.gz. */
static inline bool reference_open_recorded(
        struct reference *reference, const struct trace_plan *plan)
{
	char path[200];

	snprintf(path, sizeof(path), "tests/go/recorded/%s.log.gz", plan->name);
	*reference = (struct reference){ .file = gzopen(path, "rb") };
	if (!reference->file)
		printf("# %s: cannot be opened; run from the project's "
		       "folder\n",
		        path);
	return reference->file != NULL;
}

/* Stores the path of the program that replays traces in Go: BUILD/go/replay if
   this program is BUILD/tests/NAME. Returns false if it was not built. */
static inline bool compare_program(char *path, size_t size)
{
	char self[512];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return false;
	self[length] = 0;
	snprintf(path, size, "%s/go/replay", dirname(dirname(self)));
	return access(path, X_OK) == 0;
}

/* Starts the Go program with the trace as input. zlib reads its output
   unchanged, because it is not compressed. */
static inline bool reference_open_live(struct reference *reference,
        const struct trace_plan *plan, const char *program)
{
	char path[] = "/tmp/rm-trace-XXXXXX", command[700];
	int descriptor = mkstemp(path);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");

	*reference = (struct reference){ .file = NULL };
	if (!file)
		return false;
	trace_print(plan, file);
	fclose(file);
	snprintf(command, sizeof(command), "exec '%s' <%s", program, path);
	reference->pipe = popen(command, "r");
	if (reference->pipe)
		reference->file = gzdopen(dup(fileno(reference->pipe)), "rb");
	/* After the first line, the child has opened the file, which can
	   then be removed. */
	if (reference->file)
		reference_peek(reference);
	unlink(path);
	return reference->file != NULL;
}

static inline void reference_close(struct reference *reference)
{
	if (reference->file)
		gzclose(reference->file);
	if (reference->pipe && pclose(reference->pipe) != 0)
		reference->equal = false;
}

/* Replays the trace in C; returns false if it differs from the reference. */
typedef bool compare_fn(
        const struct trace_plan *plan, struct reference *reference);

static inline void compare_check(const struct trace_plan *plan,
        struct reference *reference, compare_fn *replay, const char *how)
{
	char fact[200];

	reference->equal = reference_begin(reference, plan) &&
	                   replay(plan, reference) &&
	                   reference_peek(reference) == NULL;
	reference_close(reference);
	snprintf(fact, sizeof(fact), "%s: %u steps as %s did them, %s",
	        plan->name, plan->steps, reference->version, how);
	CHECK(reference->equal, fact);
}

static inline void compare_recorded(
        const struct trace_plan *plan, compare_fn *replay)
{
	struct reference reference;

	if (reference_open_recorded(&reference, plan))
		compare_check(plan, &reference, replay, "recorded");
	else
		CHECK(false, "the recorded log exists");
}

/* Returns the reason for which a trace cannot be compared with this Go, or
   NULL. `minor` is 19 for Go 1.19. */
static inline const char *compare_lacks(
        const struct trace_plan *plan, bool has_go, unsigned minor)
{
	if (!has_go)
		return "no Go 1.19 to 1.23 here: recorded logs only";
	if (plan->set == TRACE_FULL && minor < 23)
		return "needs Go 1.23: recorded log only";
	/* Go 1.21 computes (8 * 13 / 16) * 2, which is 12 instead of 13
	   (golang/go#63438). */
	if (plan->set < TRACE_CLASSIC && minor == 21)
		return "maps of Go 1.21 grow at 6 entries a bucket, not at "
		       "6.5: recorded log only";
	return NULL;
}

/* Compares with a running Go program if Go is installed, has the operations of
 * the trace, and grows its maps at the same sizes. */
static inline void compare_live(const struct trace_plan *plan,
        compare_fn *replay, const char *program, unsigned minor)
{
	const char *lacks = compare_lacks(plan, program != NULL, minor);
	struct reference reference;
	char fact[200];

	snprintf(fact, sizeof(fact), "%s: live", plan->name);
	if (lacks)
		SKIP(fact, lacks);
	else if (!reference_open_live(&reference, plan, program))
		CHECK(false, "the Go program starts");
	else
		compare_check(plan, &reference, replay, "live");
}

/* Returns the minor version of Go, such as 19 for Go 1.19, or 0 if unknown. */
static inline unsigned compare_minor(const char *program)
{
	char command[700];
	unsigned minor = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "exec '%s' -version", program);
	pipe = popen(command, "r");
	if (pipe && fscanf(pipe, "go1.%u", &minor) != 1)
		minor = 0;
	if (pipe)
		pclose(pipe);
	return minor;
}

static inline bool compare_named(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return false;
}

/*
 * Runs a test with these arguments. Without arguments, compares all traces with
 * recorded logs and with a running Go. --list prints the names of traces.
 * --trace NAME... prints these traces. NAME... compares these traces with
 * recorded logs.
 */
static inline void compare_run(int argc, char **argv,
        const struct trace_plan *plans, unsigned count, compare_fn *replay)
{
	const char *option = argc > 1 ? argv[1] : "";
	char path[600];
	const char *program = compare_program(path, sizeof(path)) ? path : NULL;
	unsigned minor = program ? compare_minor(program) : 0;

	for (unsigned i = 0; i < count; i++) {
		const struct trace_plan *plan = &plans[i];

		if (strcmp(option, "--list") == 0)
			puts(plan->name);
		else if (argc > 1 && !compare_named(argc, argv, plan->name))
			continue;
		else if (strcmp(option, "--trace") == 0)
			trace_print(plan, stdout);
		else
			compare_recorded(plan, replay);
		if (argc == 1)
			compare_live(plan, replay, program, minor);
	}
}

#endif /* RM_GO_COMPARE_H */
