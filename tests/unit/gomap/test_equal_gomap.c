/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_equal_gomap.c - compares the native map in C with Go's: with Go's
 * hashes, the same operations lead to the same buckets (docs/go-equality.md).
 * slow: over five seconds of CPU time; not part of `make check`.
 */
#include "tests/go/gomap_state.h" /* included first, since its hash is
                                     injected */

#include "tests/go/compare.h"

#include <signal.h>
#include <sys/wait.h>

enum { STEPS = 100000, MOST = 200000 };

static const struct trace_plan plans[] = {
	{ "native-word-5", TRACE_NATIVE, false, 5, STEPS, 0, 100 },
	{ "native-word-20", TRACE_NATIVE, false, 20, STEPS, 0, 100 },
	{ "native-text-60", TRACE_NATIVE, true, 60, STEPS, 0, 100 },
	{ "native-word-200", TRACE_NATIVE, false, 200, STEPS, 8, 100 },
	{ "native-word-500", TRACE_NATIVE, false, 500, STEPS, 9, 100 },
	{ "native-text-2000", TRACE_NATIVE, true, 2000, STEPS, 100, 1000 },
	{ "native-word-5000", TRACE_NATIVE, false, 5000, STEPS, 0, 1000 },
	{ "native-word-20000", TRACE_NATIVE, false, 20000, 2 * STEPS, 10000,
	        1000 },
	{ "filling-word-200000", TRACE_FILLING, false, MOST, 3 * STEPS, 0,
	        10000 },
	{ "turning-text-3000", TRACE_TURNING, true, 3000, STEPS, 52, 100 },
	{ "turning-word-10000", TRACE_TURNING, false, 10000, STEPS, 205, 100 },
	{ "turning-word-20000", TRACE_TURNING, false, 20000, 4 * STEPS, 1660,
	        1000 },
	{ "growth-hint-0", TRACE_GROWTH, false, MOST, MOST, 0, 1 },
	{ "growth-hint-8", TRACE_GROWTH, false, MOST, MOST, 8, 1 },
	{ "growth-hint-9", TRACE_GROWTH, false, MOST, MOST, 9, 1 },
	{ "growth-hint-100", TRACE_GROWTH, false, MOST, MOST, 100, 1 },
	{ "growth-hint-10000", TRACE_GROWTH, false, MOST, MOST, 10000, 1 },
	{ "nil-map", TRACE_NIL, false, 10, 200, 0, 1 },
};

/* Numbers of the tested events in all replays. */
static struct {
	uint64_t growths, same_size, seeds, overflow, busiest_log2;
} seen;

/* Reads the next table of the hashes of all keys from the log. */
static bool read_hashes(struct reference *reference, uint32_t *table)
{
	uint32_t rank = 0;

	while (rank < injected.keys) {
		const char *line = reference_peek(reference);
		unsigned hash0, first, hash;
		int at = 0;

		if (!line ||
		        sscanf(line, "h %x %u %n", &hash0, &first, &at) != 2 ||
		        first != rank)
			return false;
		for (; sscanf(line + at, "%6x", &hash) == 1; at += 6)
			if (rank < injected.keys)
				table[rank++] = hash;
		reference_next(reference);
	}
	return true;
}

static bool add(void *context, struct rm_key key, const struct rm_value *value)
{
	uint64_t *sums = context;
	struct rm_shape shape = { sums[1] != 0, 8 };

	sums[0] += rm_seed(key_word(shape, key), value->word[0]);
	return true;
}

/* Executes one step. Stores the value that it returned, or 0. */
static bool do_step(struct gomap *map, const struct trace_step *step,
        struct rm_shape shape, uint64_t *returned)
{
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(shape, step->rank, &line);
	struct rm_value value = { { step->value } }, got = { { 0 } };
	uint64_t sums[2] = { 0, shape.str };
	bool ok = false;

	switch (step->operation) {
	case TRACE_LOAD:
		ok = gomap_lookup(map, shape, key, &got);
		break;
	case TRACE_STORE:
		gomap_exchange(map, shape, key, &value, NULL);
		break;
	case TRACE_DELETE:
		gomap_remove(map, shape, key, NULL);
		break;
	case TRACE_RANGE:
		gomap_scan(map, shape, add, sums);
		got.word[0] = sums[0];
		break;
	default:
		gomap_clear(map, shape);
	}
	*returned = got.word[0];
	return ok;
}

/* One replay of a trace on a map. */
struct play {
	const struct trace_plan *plan;
	struct reference *reference;
	struct gomap *map;
	uint32_t *table, seed;
	uint64_t seeds, layout, results;
};

/* Compares the state after a step. If Go drew a new seed, the map must have
   drawn one, too, and the log continues with Go's new hashes. */
static bool compare(struct play *play, uint32_t step)
{
	uint64_t fields[GOMAP_STATE_FIELDS + 3];
	bool drawn = gomap_get(play->map->hash0) != play->seed;

	play->seed = gomap_get(play->map->hash0);
	play->seeds += drawn;
	if (step % play->plan->deep == 0)
		play->layout = gomap_layout(play->map);
	gomap_state(play->map, fields);
	fields[GOMAP_STATE_FIELDS] = play->seeds;
	fields[GOMAP_STATE_FIELDS + 1] = play->layout;
	fields[GOMAP_STATE_FIELDS + 2] = play->results;
	if (fields[1] > seen.busiest_log2)
		seen.busiest_log2 = fields[1];
	if (!reference_state(play->reference, step, fields,
	            GOMAP_STATE_FIELDS + 3, false))
		return false;
	if (!drawn || step == play->plan->steps)
		return true;
	if (!read_hashes(play->reference, play->table))
		reference_differs(play->reference, step, "hashes",
		        play->reference->line, "drew a new seed");
	return play->reference->equal;
}

static bool replay_native(
        const struct trace_plan *plan, struct reference *reference)
{
	struct rm_shape shape = { plan->str, 8 };
	struct trace trace = trace_open(plan);
	struct play play = { .plan = plan,
		.reference = reference,
		.table = calloc(plan->keys, sizeof(*play.table)) };
	struct trace_step step;
	uint64_t got;

	injected.keys = plan->keys;
	injected.top_and_low = play.table;
	bool equal = play.table && read_hashes(reference, play.table);

	play.map = gomap_create(plan->hint, shape, 1);
	play.seed = gomap_get(play.map->hash0);
	while (equal && trace_next(&trace, &step)) {
		bool ok = do_step(play.map, &step, shape, &got);

		play.results = rm_seed(play.results, got << 1 | ok);
		equal = compare(&play, trace.step);
	}
	if (equal && gomap_check(play.map))
		printf("# broken at the end: %s\n", gomap_check(play.map));
	equal = equal && !gomap_check(play.map);
	seen.growths += gomap_get(play.map->extra->growths);
	seen.same_size += gomap_get(play.map->extra->same_size_growths);
	seen.overflow += gomap_get(play.map->extra->overflow_buckets);
	seen.seeds += play.seeds;
	gomap_destroy(play.map);
	trace_close(&trace);
	injected.top_and_low = NULL;
	free(play.table);
	return equal;
}

/* Go's rule for growth, written independently: count + 1 > 8 and count + 1 > 13
   * (2^B / 2). */
static bool follows_growth_rule(uint64_t count, unsigned before, unsigned after)
{
	return after == before + 1 && count > 8 &&
	       count > 13 * ((1ULL << before) / 2) &&
	       count - 1 <= (before ? 13 * ((1ULL << before) / 2) : 8);
}

/* Checks when B changes, with the hash of this project, because the hash does
   not affect that. */
static bool replay_growth(
        const struct trace_plan *plan, struct reference *reference)
{
	struct gomap *map = gomap_create(plan->hint, RM_U64X8, 1);
	unsigned log2_buckets = gomap_get(map->log2_buckets);
	struct trace trace = trace_open(plan);
	uint64_t fields[2] = { 0, log2_buckets }, got;
	bool equal = reference_state(reference, 0, fields, 2, true);
	struct trace_step step;

	while (equal && trace_next(&trace, &step)) {
		do_step(map, &step, RM_U64X8, &got);
		fields[0] = gomap_count(map);
		fields[1] = gomap_get(map->log2_buckets);
		if (fields[1] == log2_buckets && trace.step < plan->steps)
			continue;
		if (fields[1] != log2_buckets)
			equal = follows_growth_rule(
			        fields[0], log2_buckets, (unsigned)fields[1]);
		if (!equal)
			printf("# grew at %u, against the rule\n", trace.step);
		log2_buckets = (unsigned)fields[1];
		equal &=
		        reference_state(reference, trace.step, fields, 2, true);
	}
	equal &= gomap_get(map->extra->same_size_growths) == 0;
	gomap_destroy(map);
	trace_close(&trace);
	return equal;
}

/* Executes a step on a nil map in a child process and stores its message in
   `line`. Returns false if the child did not abort. */
static bool ends_process(const struct trace_step *step, char *line, size_t size)
{
	int ends[2], status = 0;
	uint64_t got;
	FILE *output;
	pid_t pid;

	if (pipe(ends))
		return false;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		do_step(NULL, step, RM_U64X8, &got);
		_exit(0);
	}
	close(ends[1]);
	output = fdopen(ends[0], "r");
	if (!output || !fgets(line, (int)size, output))
		line[0] = 0;
	line[strcspn(line, "\n")] = 0;
	if (output)
		fclose(output);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* If a store made Go panic, the port must abort with Go's message. */
static bool compare_panic(struct reference *reference,
        const struct trace_step *step, uint32_t number)
{
	const char *wanted = reference_peek(reference);
	char message[200] = "n ";
	bool ended = ends_process(step, message + 2, sizeof(message) - 2);

	if (!ended || !wanted || strcmp(message, wanted) != 0)
		reference_differs(
		        reference, number, "message", wanted, message);
	reference_next(reference);
	return reference->equal;
}

static bool replay_nil(
        const struct trace_plan *plan, struct reference *reference)
{
	struct trace trace = trace_open(plan);
	struct trace_step step;
	uint64_t got, fields[2] = { 0 };
	bool equal = true;

	while (equal && trace_next(&trace, &step)) {
		if (step.operation == TRACE_STORE) {
			equal = compare_panic(reference, &step, trace.step);
			fields[1] = 0; /* result of the failed operation */
		} else {
			bool ok = do_step(NULL, &step, RM_U64X8, &got);

			fields[1] = rm_seed(fields[1], got << 1 | ok);
		}
		fields[0] = gomap_count(NULL);
		equal = equal &&
		        reference_state(reference, trace.step, fields, 2, true);
	}
	trace_close(&trace);
	return equal;
}

static bool replay(const struct trace_plan *plan, struct reference *reference)
{
	if (plan->set == TRACE_NIL)
		return replay_nil(plan, reference);
	return plan->set == TRACE_GROWTH ? replay_growth(plan, reference)
	                                 : replay_native(plan, reference);
}

/* Checks, for each minor version that find_go.sh accepts, whether native maps
   are compared with it. */
static void check_go_versions(void)
{
	const struct trace_plan any = { .name = "sync", .set = TRACE_CLASSIC };
	bool skipped = true, compared = !compare_lacks(&any, true, 21);

	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const char *why = compare_lacks(&plans[i], true, 21);

		skipped &= why && strstr(why, "1.21");
		for (unsigned minor = 19; minor <= 23; minor++)
			compared &= minor == 21 ||
			            !compare_lacks(&plans[i], true, minor);
	}
	CHECK(skipped, "native maps are not compared with Go 1.21, whose maps "
	               "grow at 6");
	CHECK(compared, "native maps are compared with other versions, and "
	                "sync.Map also with 1.21");
}

int main(int argc, char **argv)
{
	enum { PLANS = sizeof(plans) / sizeof(plans[0]) };

	compare_run(argc, argv, plans, PLANS, replay);
	if (argc > 1)
		return tap_count ? DONE() : 0;
	printf("# %llu growths, %llu of the same size, %llu new seeds, %llu "
	       "overflow buckets\n",
	        (unsigned long long)seen.growths,
	        (unsigned long long)seen.same_size,
	        (unsigned long long)seen.seeds,
	        (unsigned long long)seen.overflow);
	CHECK(seen.growths >= 40 && seen.same_size >= 40 && seen.seeds >= 40,
	        "growths of both kinds and new seeds: at least 40 of each");
	CHECK(seen.busiest_log2 == 15, "up to 2^15 buckets");
	check_go_versions();
	return DONE();
}
