/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_equal_syncmap.c - compares sync.Map in C with Go's: the same operations
 * lead to the same state, step by step (docs/go-equality.md).
 * It counts events, so it is linked with the stats objects.
 * slow: over five seconds of CPU time; not part of `make check`.
 */
#include "tests/go/compare.h"
#include "tests/go/syncmap_state.h"

enum { STEPS = 100000 };

/* Maps with up to 1,000 keys are compared at every step, and larger maps at
   every 1,000th step. */
static const struct trace_plan plans[] = {
	{ "sync-word-8", TRACE_CLASSIC, false, 8, STEPS, 0, 1 },
	{ "sync-text-9", TRACE_CLASSIC, true, 9, STEPS, 0, 1 },
	{ "sync-word-30", TRACE_CLASSIC, false, 30, STEPS, 0, 1 },
	{ "sync-word-64", TRACE_CLASSIC, false, 64, STEPS, 0, 1 },
	{ "sync-text-100", TRACE_CLASSIC, true, 100, STEPS, 0, 1 },
	{ "sync-word-150", TRACE_CLASSIC, false, 150, STEPS, 0, 1 },
	{ "sync-word-300", TRACE_CLASSIC, false, 300, STEPS, 0, 1 },
	{ "sync-text-500", TRACE_CLASSIC, true, 500, STEPS, 0, 1 },
	{ "sync-word-1000", TRACE_CLASSIC, false, 1000, STEPS, 0, 1 },
	{ "sync-word-3000", TRACE_CLASSIC, false, 3000, STEPS, 0, 1000 },
	{ "sync-text-10000", TRACE_CLASSIC, true, 10000, STEPS, 0, 1000 },
	{ "sync-word-100000", TRACE_CLASSIC, false, 100000, STEPS, 0, 1000 },
	{ "sync-full-word-7", TRACE_FULL, false, 7, STEPS, 0, 1 },
	{ "sync-full-text-50", TRACE_FULL, true, 50, STEPS, 0, 1 },
	{ "sync-full-word-120", TRACE_FULL, false, 120, STEPS, 0, 1 },
	{ "sync-full-word-400", TRACE_FULL, false, 400, STEPS, 0, 1 },
	{ "sync-full-text-900", TRACE_FULL, true, 900, STEPS, 0, 1 },
	{ "sync-full-word-20000", TRACE_FULL, false, 20000, STEPS, 0, 1000 },
};

struct bench {
	struct epoch_record *thread;
	struct rm_shape shape;
};

/* The sum over the entries of a Range, which does not depend on their order. */
struct visited {
	struct rm_shape shape;
	uint64_t sum;
};

static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct visited *visited = context;

	visited->sum += rm_seed(key_word(visited->shape, key), value->word[0]);
	return true;
}

static uint64_t range(const struct bench *bench)
{
	struct visited visited = { bench->shape, 0 };

	syncmap_scan(bench->thread, bench->shape, visit, &visited);
	return visited.sum;
}

/* Executes one step. Stores the value that it returned, or 0. */
static bool do_step(const struct bench *bench, const struct trace_step *step,
        uint64_t *returned)
{
	struct rm_shape shape = bench->shape;
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(shape, step->rank, &line);
	struct rm_value value = { { step->value } }, got = { { 0 } };
	struct rm_value expected = { { step->expected } };
	void *thread = bench->thread;
	bool ok = false;

	switch (step->operation) {
	case TRACE_LOAD:
		ok = syncmap_lookup(thread, shape, key, &got);
		break;
	case TRACE_STORE:
		syncmap_upsert(thread, shape, key, &value);
		break;
	case TRACE_DELETE:
		syncmap_remove(thread, shape, key);
		break;
	case TRACE_RANGE:
		got.word[0] = range(bench);
		break;
	case TRACE_CLEAR:
		syncmap_clear(thread);
		break;
	case TRACE_LOAD_OR_STORE:
		ok = syncmap_insert_if_absent(thread, shape, key, &value, &got);
		break;
	case TRACE_LOAD_AND_DELETE:
		ok = syncmap_take(thread, shape, key, &got);
		break;
	case TRACE_SWAP:
		ok = syncmap_exchange(thread, shape, key, &value, &got);
		break;
	case TRACE_COMPARE_DELETE:
		ok = syncmap_compare_remove(thread, shape, key, &expected);
		break;
	default:
		ok = syncmap_compare_swap(
		        thread, shape, key, &expected, &value);
	}
	*returned = got.word[0];
	return ok;
}

/* Numbers of the tested events in all replays. */
static struct {
	double promotions, rebuilds, revivals, retired, freed;
} seen;

static void see(void *context, const char *name, const char *unit, double value)
{
	(void)context, (void)unit;
	seen.promotions += strcmp(name, "promotions") ? 0 : value;
	seen.rebuilds += strcmp(name, "rebuilds") ? 0 : value;
	seen.revivals += strcmp(name, "revivals") ? 0 : value;
	seen.retired += strcmp(name, "retired") ? 0 : value;
	seen.freed += strcmp(name, "freed") ? 0 : value;
}

/* Checks after the last step that the invariants hold and that length matches
   the state. */
static bool final_state_valid(struct syncmap *map, const struct bench *bench)
{
	uint64_t fields[SYNCMAP_STATE_FIELDS];
	char why[200] = "length";
	bool amended;
	size_t live;

	syncmap_state(map, fields);
	amended = fields[1] != 0;
	live = amended ? fields[2] - fields[5]
	               : fields[0] - fields[4] - fields[6];
	if (syncmap_check(map, why, sizeof(why)) &&
	        syncmap_length(bench->thread) == live)
		return true;
	printf("# broken at the end: %s\n", why);
	return false;
}

static bool replay(const struct trace_plan *plan, struct reference *reference)
{
	struct rm_sizing sizing = {
		.threads = 1, .shape = { plan->str, 8 }, .seed = 1
	};
	struct syncmap *map = syncmap_create(&sizing);
	struct bench bench = { syncmap_join(map, 0), sizing.shape };
	struct trace trace = trace_open(plan);
	uint64_t fields[SYNCMAP_STATE_FIELDS + 1], results = 0, got;
	struct trace_step step;
	bool equal = true;

	while (equal && trace_next(&trace, &step)) {
		bool ok = do_step(&bench, &step, &got);

		results = rm_seed(results, got << 1 | ok);
		epoch_quiesce(bench.thread);
		if (trace.step % plan->deep)
			continue;
		syncmap_state(map, fields);
		fields[SYNCMAP_STATE_FIELDS] = results;
		equal = reference_state(reference, trace.step, fields,
		        SYNCMAP_STATE_FIELDS + 1, false);
	}
	trace_close(&trace);
	equal &= final_state_valid(map, &bench);
	syncmap_leave(bench.thread);
	syncmap_stats(map, see, NULL);
	syncmap_destroy(map);
	return equal;
}

int main(int argc, char **argv)
{
	enum { PLANS = sizeof(plans) / sizeof(plans[0]) };

	compare_run(argc, argv, plans, PLANS, replay);
	if (argc > 1)
		return tap_count ? DONE() : 0;
	CHECK(seen.promotions > 1000 && seen.rebuilds > 1000 &&
	                seen.revivals > 1000,
	        "promotions, rebuilds and revivals: more than 1,000 each");
	CHECK(seen.retired == seen.freed, "all retired objects were freed");
	return DONE();
}
