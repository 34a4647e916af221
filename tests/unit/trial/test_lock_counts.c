/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every map with locks must count them. A map that bypasses the hooks of
 * runner/event.h would report 0 in causes, as if it had no locks. Windows are
 * counts of operations on one thread, so that the number of locks is known.
 * This test is linked with the stats objects.
 *
 * slow: it is linked with each map of the build.
 */
#include "runner/impl.h"
#include "tests/unit/find_map.h"
#include "tests/unit/trial/run_trial.h"
#include "tests/unit/wanted_stat.h"

/* Which locks of a map are counted. */
enum locked {
	EACH,   /* one lock of each operation */
	WRITES, /* one lock of each write; look-ups may have none */
	SOME,   /* one lock of some writes */
	NONE,   /* no locks, or none in this program's code */
};

/* Maps whose locks are inside a library and therefore have no hooks. */
static const char *const of_libraries[] = { "boost_flat", "boost_node",
	"cds_feldman_rcu", "cds_feldman_signal", "interpose", "libcuckoo",
	"phmap_shared", "phmap_spin", "tbb_hash", NULL };

/* Maps in which every write takes a lock, but not every look-up. */
static const char *const of_writers[] = { "critnib", "hashtriemap",
	"local_cache", "local_cache_replica", "local_cache_ttl",
	"local_cache_version", "shard_life", "shard_life_hash", "snapshot",
	"snapshot_batch", "snapshot_version", NULL };

/* Values of `sync` of maps that lock every operation. */
static const char *const of_all[] = { "ck-brlock", "ck-pflock", "go-mutex",
	"go-rwmutex", "go-rwmutex-spin", "mutex", "pthread-mutex",
	"pthread-rwlock", "rw spin lock per shard", "rwlock",
	"rwlock (absl::Mutex)", "ticket", NULL };

static bool is_among(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

static enum locked locked_by(const struct rm_impl *impl)
{
	if (strcmp(impl->progress, "blocking") ||
	        is_among(of_libraries, impl->id))
		return NONE;
	if (is_among(of_writers, impl->id) ||
	        strstr(impl->sync, "mutex for writes"))
		return WRITES;
	return is_among(of_all, impl->sync) ||
	                       !strcmp(impl->id, "shard_life_rlock")
	               ? EACH
	               : SOME;
}

/* Returns the part of a statistic that belongs to the window; or -1 if there is
   none. */
static double window_of(const json_t *result, const char *name)
{
	size_t i;
	json_t *stat;

	json_array_foreach (json_object_get(result, "stats"), i, stat)
		if (!strcmp(text_of(stat, "name"), name))
			return number_of(stat, "window");
	return -1;
}

static struct rm_request causes_of(const char *map)
{
	struct rm_request request = small_request(map);

	request.cell.threads = 1;
	request.cell.measure = RM_MEASURE_CAUSES;
	return request;
}

static bool counts_as(enum locked locked, const json_t *result)
{
	const double reads = window_of(result, "lock_reads"),
	             writes = window_of(result, "lock_writes"),
	             lookups = number_of(result, "lookups"),
	             updates = number_of(result, "writes");
	bool right = updates > 0 && lookups > 0;

	if (locked == EACH)
		right &= reads >= lookups && writes >= updates;
	else if (locked == WRITES)
		right &= writes >= updates;
	else if (locked == SOME)
		right &= writes > 0;
	else
		right &= reads == 0 && writes == 0;
	if (!right)
		printf("# %.0f reads and %.0f writes of locks, of %.0f "
		       "look-ups and %.0f writes\n",
		        reads, writes, lookups, updates);
	return right;
}

/* Uses fresh writes, for which even maps that update in place take a lock. */
static void each_map_counts(const struct rm_impl *impl)
{
	static const char *const facts[] = {
		"a lock of each operation is counted",
		"a lock of each write is counted", "locks are counted",
		"there are no locks to count"
	};
	const enum locked locked = locked_by(impl);
	struct rm_request request = causes_of(impl->id);
	char fact[100];
	unsigned shape = 0;

	while (!impl->drive[shape])
		shape++;
	request.cell.shape = rm_shapes[shape];
	request.cell.write_kind = RM_FRESH;
	json_t *result = run_on(&request, impl);

	snprintf(fact, sizeof(fact), "%s: %s", impl->id, facts[locked]);
	if (!CHECK(counts_as(locked, result), fact))
		printf("# %s\n", text_of(result, "reason"));
	json_decref(result);
}

/* Runs sessions through handles, which bypass the table of operations, but not
   the locks. */
static json_t *lifecycle_of(const char *map)
{
	struct rm_request request = loop_request(map, "lifecycle:4:4");

	request.cell.threads = 1;
	request.cell.measure = RM_MEASURE_CAUSES;
	return run_on(&request, rm_impl_find(map));
}

static void sessions_count(void)
{
	json_t *slab = lifecycle_of("slab"),
	       *boxed = lifecycle_of("slab_boxed");
	const double opened = number_of(slab, "inserts");

	CHECK(opened > 0 && window_of(boxed, "lock_writes") ==
	                            number_of(boxed, "inserts") +
	                                    number_of(boxed, "removes"),
	        "opening or closing a session takes its stripe's lock");
	CHECK(window_of(slab, "lock_writes") ==
	                2 * (opened + number_of(slab, "removes")),
	        "with pooled slabs a session also takes the pool's lock");
	json_decref(slab);
	json_decref(boxed);
}

static void rlock_counts(void)
{
	json_t *without = lifecycle_of("shard_life"),
	       *with = lifecycle_of("shard_life_rlock");

	/* The sync.Maps of the shards also lock, and the shard of a connection
	   depends on the time. */
	const double of_get = window_of(with, "lock_reads") -
	                      window_of(without, "lock_reads");

	CHECK(of_get > 0.9 * number_of(with, "lookups") &&
	                of_get < 1.1 * number_of(with, "lookups"),
	        "shard_life_rlock takes its RWMutex around every Get");
	json_decref(without);
	json_decref(with);
}

/* A map may lock to report statistics, which are read around the window. */
static void statistics_lie_outside(const char *map)
{
	struct rm_request request = causes_of(map);
	char fact[100];

	request.cell.write_share = 0;
	json_t *result = run_on(&request, rm_impl_find(map));

	snprintf(fact, sizeof(fact),
	        "%s: a window of look-ups counts only their locks", map);
	if (!CHECK(window_of(result, "lock_reads") ==
	                            number_of(result, "lookups") &&
	                    window_of(result, "lock_writes") == 0,
	            fact))
		printf("# %.0f and %.0f, of %.0f look-ups\n",
		        window_of(result, "lock_reads"),
		        window_of(result, "lock_writes"),
		        number_of(result, "lookups"));
	json_decref(result);
}

static double locked_to_write(void)
{
	struct wanted_stat stat = { "lock_writes", -1 };

	rm_lock_waits_emit(take_wanted, &stat);
	return stat.value;
}

/* Returns the number of write locks in addition to one per insert, until the
   first shards are split. */
static double locks_of_growth(const char *id)
{
	enum { INSERTS = 110000 };
	const struct rm_sizing sizing = {
		.keys = INSERTS, .threads = 1, .shape = RM_U64X8
	};
	const struct rm_map_ops *ops = rm_impl_find(id)->ops;
	void *map = ops->create(&sizing), *thread = ops->join(map, 0);
	const struct rm_value value = { { 1 } };
	double before = locked_to_write(), all;

	for (uint64_t i = 0; i < INSERTS; i++)
		rm_map_upsert(ops, thread, RM_U64X8,
		        (struct rm_key){ .word = i }, &value);
	all = locked_to_write() - before;
	ops->leave(thread);
	ops->destroy(map);
	return all - INSERTS;
}

static void counts_if_map(const struct rm_impl *impl)
{
	if (rm_impl_is_map(impl) && !impl->misuse)
		each_map_counts(impl);
}

int main(void)
{
	each_map(counts_if_map);
	statistics_lie_outside("gomap_rw");
	statistics_lie_outside("shard_rw_256");
	statistics_lie_outside("slab");
	sessions_count();
	rlock_counts();
	CHECK(locks_of_growth("shard_grow") > 0,
	        "a split of a shard locks the routing table");
	CHECK(locks_of_growth("shard_grow_stop") > 32,
	        "growing all 32 shards at once locks each of them");
	return DONE();
}
