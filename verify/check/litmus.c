/* SPDX-License-Identifier: Apache-2.0 */
/* litmus.c - short loops of two threads that share only the map. A time stamp
 * acts almost like a fence and would hide the effects. So each thread stores
 * the values that it reads per round, and both records are judged after the
 * threads have ended.
 *
 * The five loops share one driver, so they are in one file, which is longer
 * than most. */
#include "verify/check/internal.h"

#include "runner/base/clock.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Maximum rounds of a batch. Values count up to 2^20, and a batch must be long
 * compared with the start of the second thread. */
enum { BATCH = 16384 };

/* The round of a thread, on its own cache line; and the number of times that it
 * may still yield its CPU to let the other thread catch up. */
struct litmus_pace {
	_Alignas(RM_CACHE_LINE) _Atomic uint32_t round;
	_Alignas(RM_CACHE_LINE) unsigned yields;
};

/* One batch of one loop. */
struct litmus {
	uint32_t rounds; /* rounds of each thread, 1 .. BATCH */
	bool both_write; /* the second thread may write, too */
	/* for each thread, the number read in round i; rounds + 1 items */
	uint32_t *seen[2];
	_Atomic uint64_t reached[2];
	struct litmus_pace pace[2];
};

enum { X, Y, KEYS };
/* STEP: rounds between two reads of the other thread's round, since each read
 * moves a cache line between CPUs. SPINS: reads before a yield. YIELDS: yields
 * per thread and batch; after these the thread no longer waits, since on a busy
 * machine the other may not run. */
enum { STEP = 32, SPINS = 1000, YIELDS = 400 };

/* Writes value number i of a rank; returns whether the key was present. */
static bool write_value(struct rm_peer *peer, uint64_t rank, uint64_t i)
{
	return rm_peer_upsert(peer, rank, rm_value_of(rank, peer->slot, i));
}

/* Verifies a value that was read for a rank; returns its number. */
static uint32_t verify_number(
        struct rm_peer *peer, const struct rm_value *value, uint64_t rank)
{
	rm_peer_verify(peer, value, rank, "lookup");
	return (uint32_t)(value->word[0] >> 44);
}

/* Returns the number of the value of a rank, or 0 if it is absent. */
static uint32_t read_number(struct rm_peer *peer, uint64_t rank)
{
	struct rm_value value;

	return rm_peer_lookup(peer, rank, &value)
	               ? verify_number(peer, &value, rank)
	               : 0;
}

/* Binds the two threads to two CPUs, chosen by the seed, if there are two. On
 * one CPU, each thread sees the other's buffered stores. */
static void bind_to_own_cpu(struct rm_peer *peer)
{
	cpu_set_t allowed, mine;
	unsigned count, place;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	count = (unsigned)CPU_COUNT(&allowed);
	if (count < 2)
		return;
	/* two neighbours in the list of allowed CPUs, or the last and the
	 * first */
	place = (unsigned)((peer->peers->c->seed + peer->slot) % count);
	CPU_ZERO(&mine);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !place--)
			CPU_SET(cpu, &mine);
	/* errors are ignored: unbound threads only overlap less often */
	(void)sched_setaffinity(0, sizeof(mine), &mine);
}

/* Keeps the threads about in step, because on a busy machine they would run one
 * after the other. Called after round i. Reads the other's round only once per
 * STEP, and stops waiting after YIELDS. Also calls rm_peer_tick(); returns
 * false if the thread must stop.
 *
 * All accesses are relaxed, because these numbers must not order anything. */
static bool keep_pace(struct rm_peer *peer, uint32_t i)
{
	struct litmus *litmus = peer->peers->context;
	struct litmus_pace *mine = litmus->pace + peer->slot;
	const struct litmus_pace *other = litmus->pace + !peer->slot;

	if (i % STEP == 0 && peer->peers->threads == 2) {
		atomic_store_explicit(&mine->round, i, memory_order_relaxed);
		for (unsigned spins = 1; mine->yields; spins++) {
			if (atomic_load_explicit(
			            &other->round, memory_order_relaxed) +
			                STEP >
			        i)
				break;
			rm_cpu_relax();
			if (spins % SPINS)
				continue;
			mine->yields--;
			sched_yield();
		}
	}
	return rm_peer_tick(peer);
}

/* Runs fn on two threads and a new map of `keys` keys; then fn_end, if any, on
 * one thread. */
static int run_on_new_map(const struct rm_check_case *c, struct litmus *litmus,
        size_t keys, rm_peer_fn *fn, rm_peer_fn *fn_end, struct rm_error *error)
{
	const struct rm_case_phase phases[] = { { 2, fn },
		{ fn_end ? 1 : 0, fn_end }, { 0 } };

	for (int i = 0; i < 2; i++) {
		/* relaxed: no other thread runs */
		atomic_store_explicit(
		        &litmus->pace[i].round, 0, memory_order_relaxed);
		litmus->pace[i].yields = YIELDS;
	}
	return rm_case_play(c, keys, false, phases, litmus, error);
}

/* Sets both keys to value 0 before the loops start. */
static void insert_both_keys(struct rm_peer *peer)
{
	bind_to_own_cpu(peer);
	if (peer->slot == 0) {
		write_value(peer, X, 0);
		write_value(peer, Y, 0);
	}
	rm_peer_meet(peer);
}

/* Each thread writes its own key, then reads the other's. Keys are computed
 * before, and the read value is verified afterwards, so the code between the
 * two calls gives the store no time to reach the other CPU. */
static void write_then_read(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	const struct rm_map_ops *ops = peer->ops;
	uint32_t *seen = litmus->seen[peer->slot];
	const unsigned mine = peer->slot, other = !peer->slot;
	struct rm_key written, read;

	insert_both_keys(peer);
	written = rm_key_of(peer->shape, mine, &peer->line);
	read = rm_key_of(peer->shape, other, &peer->other);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		struct rm_value value = rm_value_of(mine, mine, i);
		bool found;

		rm_map_upsert(ops, peer->thread, peer->shape, written, &value);
		found = ops->lookup(peer->thread, peer->shape, read, &value);
		seen[i] = found ? verify_number(peer, &value, other) : 0;
		if (!keep_pace(peer, i))
			return;
	}
}

/* Values count up, so rounds need not be synchronised. If round i of one thread
 * read a, the other thread wrote a + 1 later. The value that it read after that
 * write must be i or newer. If both threads read old values, this is store
 * buffering. */
static int judge_store_buffering(const struct rm_check_case *c,
        struct litmus *litmus, struct rm_error *error)
{
	uint32_t sightings = 0, example = 0;

	if (run_on_new_map(c, litmus, KEYS, write_then_read, NULL, error))
		return -1;
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		uint32_t next = litmus->seen[0][i] + 1;

		if (next > litmus->rounds || litmus->seen[1][next] >= i)
			continue;
		sightings++;
		example = i;
	}
	if (!sightings)
		return 0;
	return rm_error_set(error, -1,
	        "store buffering: both threads wrote, then read a value that "
	        "the other had already overwritten, e.g. X = %u, read Y = %u "
	        "while "
	        "Y = %u, read X = %u; %u of %u rounds",
	        example, litmus->seen[0][example], litmus->seen[0][example] + 1,
	        litmus->seen[1][litmus->seen[0][example] + 1], sightings,
	        litmus->rounds);
}

/* Message passing: X is the data, Y the flag that is set after it. The reader
 * reads the flag first, so data older than the flag is impossible. */
static void pass_message(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;

	insert_both_keys(peer);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		if (peer->slot == 0) {
			write_value(peer, X, i);
			write_value(peer, Y, i);
		} else {
			uint32_t flag = read_number(peer, Y);
			uint32_t data = read_number(peer, X);

			if (data < flag)
				rm_peer_fail(peer,
				        "message passing: read flag %u, then "
				        "data %u, which was written before it",
				        flag, data);
		}
		if (!keep_pace(peer, i))
			return;
	}
}

static int judge_message_passing(const struct rm_check_case *c,
        struct litmus *litmus, struct rm_error *error)
{
	return run_on_new_map(c, litmus, KEYS, pass_message, NULL, error);
}

/* read_number() fails for a value that mixes two writes. If thread 1 may write,
 * it writes only in odd rounds, so that it also reads. */
static void write_or_read(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;

	insert_both_keys(peer);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		if (peer->slot == 0 || (litmus->both_write && i % 2))
			write_value(peer, X, i);
		else
			read_number(peer, X);
		if (!keep_pace(peer, i))
			return;
	}
}

static int judge_torn_pair(const struct rm_check_case *c, struct litmus *litmus,
        struct rm_error *error)
{
	return run_on_new_map(c, litmus, KEYS, write_or_read, NULL, error);
}

enum { PRIZE = 7, GROWN = 1000 /* keys of a map that grows */ };

/* Removes the prize. Returns the number of its value, 0 if it was absent,
 * UINT32_MAX if remove() does not return the value. */
static uint32_t remove_prize(struct rm_peer *peer, bool take)
{
	struct rm_key key = rm_peer_key(peer, PRIZE);
	struct rm_value old;

	if (!take)
		return rm_map_remove(peer->ops, peer->thread, peer->shape, key)
		               ? UINT32_MAX
		               : 0;
	if (!peer->ops->take(peer->thread, peer->shape, key, &old))
		return 0;
	rm_peer_verify(peer, &old, PRIZE, "take");
	return (uint32_t)(old.word[0] >> 44);
}

/* The first thread inserts value i and removes it; the second removes any value
 * that it finds. seen[0][i] and seen[1][i]: how often that thread took value i.
 * reached[]: inserts minus removes, per thread. */
static void compete_for_prize(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	const bool take = peer->ops->take;
	uint32_t *seen = litmus->seen[peer->slot];
	uint64_t balance = 0;

	bind_to_own_cpu(peer);
	memset(seen, 0, (litmus->rounds + 1) * sizeof(*seen));
	for (uint32_t i = 1; i <= litmus->rounds && keep_pace(peer, i); i++) {
		if (peer->slot == 0)
			balance += !write_value(peer, PRIZE, i);
		uint32_t taken =
		        remove_prize(peer, take && (peer->slot == 0 || i % 4));

		balance -= taken != 0;
		if (taken && taken <= litmus->rounds)
			seen[taken]++;
		else if (taken && peer->slot == 0)
			/* this thread is the only writer, so the value is i */
			seen[i]++;
	}
	/* relaxed: read after both threads were joined */
	atomic_store_explicit(
	        &litmus->reached[peer->slot], balance, memory_order_relaxed);
}

static void check_takes(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	uint64_t held = read_number(peer, PRIZE) != 0, expected = 0;

	for (uint32_t i = 1; i <= litmus->rounds; i++)
		if (litmus->seen[0][i] + litmus->seen[1][i] > 1)
			rm_peer_fail(peer,
			        "take: value %u was removed %u times", i,
			        litmus->seen[0][i] + litmus->seen[1][i]);
	for (int i = 0; i < 2; i++)
		/* relaxed: both threads have been joined */
		expected += atomic_load_explicit(
		        &litmus->reached[i], memory_order_relaxed);
	if (held != expected)
		rm_peer_fail(peer,
		        "take: inserts - removes = %lld, but the key is %s: "
		        "a remove succeeded twice or not at all",
		        (long long)expected, held ? "there" : "not there");
}

static int judge_take(const struct rm_check_case *c, struct litmus *litmus,
        struct rm_error *error)
{
	return run_on_new_map(
	        c, litmus, PRIZE + 1, compete_for_prize, check_takes, error);
}

/* Returns the rank of key n of a thread; the ranks of both threads
 * interleave. */
static uint64_t rank_of(unsigned slot, uint64_t n)
{
	return n * 2 + slot;
}

static void require_present(struct rm_peer *peer, unsigned slot, uint64_t n)
{
	if (read_number(peer, rank_of(slot, n)) != n + 1)
		rm_peer_fail(peer,
		        "growth: key %llu of thread %u was inserted, but "
		        "is absent",
		        (unsigned long long)n, slot);
}

/* Looks up the newest and a random key of each thread. */
static void lookup_old_keys(struct rm_peer *peer, struct litmus *litmus)
{
	for (unsigned slot = 0; slot < 2; slot++) {
		/* acquire: pairs with the release in insert_and_lookup() */
		uint64_t reached = atomic_load_explicit(
		        &litmus->reached[slot], memory_order_acquire);

		if (!reached)
			continue;
		require_present(peer, slot, reached - 1);
		require_present(peer, slot, rm_next(&peer->rng) % reached);
	}
}

static void insert_and_lookup(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	const bool writes = peer->slot == 0 || litmus->both_write;
	uint64_t n = 0;

	bind_to_own_cpu(peer);
	for (uint32_t i = 0; i < GROWN && keep_pace(peer, i); i++) {
		/* the second thread also reads */
		if (!writes || (peer->slot && i % 2)) {
			lookup_old_keys(peer, litmus);
			continue;
		}
		if (write_value(peer, rank_of(peer->slot, n), n + 1))
			rm_peer_fail(peer, "growth: new key %llu was present",
			        (unsigned long long)n);
		/* release: threads that read the number must find the keys */
		atomic_store_explicit(&litmus->reached[peer->slot], ++n,
		        memory_order_release);
	}
}

static void check_all_present(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;

	for (unsigned slot = 0; slot < 2; slot++) {
		/* relaxed: both threads have been joined */
		uint64_t reached = atomic_load_explicit(
		        &litmus->reached[slot], memory_order_relaxed);

		for (uint64_t n = 0; n < reached && rm_peer_tick(peer); n++)
			require_present(peer, slot, n);
	}
}

static int judge_growth(const struct rm_check_case *c, struct litmus *litmus,
        struct rm_error *error)
{
	struct rm_check_case one = *c;
	int code = 0;

	/* many maps, because a map grows only a few times */
	for (uint32_t done = 0; done < litmus->rounds && !code; done += GROWN) {
		one.seed = rm_seed(c->seed, done);
		for (int i = 0; i < 2; i++)
			/* relaxed: no other thread runs */
			atomic_store_explicit(
			        &litmus->reached[i], 0, memory_order_relaxed);
		code = run_on_new_map(&one, litmus, (size_t)GROWN * 2,
		        insert_and_lookup, check_all_present, error);
	}
	return code;
}

/* The loops; each runs one batch on a new map and returns 0, or -1 with
 * `error`. */
static const struct loop {
	int (*run)(const struct rm_check_case *c, struct litmus *litmus,
	        struct rm_error *error);
	bool two_writers; /* needs two writers */
	bool wide;        /* needs values of more than one word */
} loops[] = {
	{ judge_store_buffering, true, false },
	{ judge_message_passing, false, false },
	{ judge_torn_pair, false, true },
	{ judge_take, true, false },
	{ judge_growth, false, false },
};

enum { LOOPS = sizeof(loops) / sizeof(loops[0]) };

static bool loop_fits(const struct rm_check_case *c, const struct loop *loop)
{
	if (loop->two_writers && c->impl->caps & RM_CAP_SINGLE_WRITER)
		return false;
	return !loop->wide || c->shape.value_bytes > 8;
}

/* Runs the loops in turn, one batch each, so that each loop has run equally
 * often if a failure ends the check early. */
static int run_batches(const struct rm_check_case *c, struct litmus *litmus,
        struct rm_error *error)
{
	/* two threads, two operations a round */
	uint64_t left = rm_case_ops(c) / (LOOPS * 4) + 1;

	for (uint64_t n = 0; left && rm_case_has_time(c, n); n++) {
		struct rm_check_case one = *c;

		one.seed = rm_seed(c->seed, n);
		litmus->rounds = (uint32_t)(left < BATCH ? left : BATCH);
		left -= litmus->rounds;
		for (size_t i = 0; i < LOOPS; i++)
			if (loop_fits(c, loops + i) &&
			        loops[i].run(&one, litmus, error))
				return -1;
	}
	return 0;
}

int rm_check_litmus(const struct rm_check_case *c, struct rm_error *error)
{
	const size_t room = BATCH + 1;
	uint32_t *seen = calloc(2 * room, sizeof(*seen));
	struct litmus litmus = { .seen = { seen, seen + room },
		.both_write = !(c->impl->caps & RM_CAP_SINGLE_WRITER) };
	int code;

	if (!seen)
		return rm_error_set(error, -1, "out of memory");
	code = run_batches(c, &litmus, error);
	free(seen);
	return code;
}
