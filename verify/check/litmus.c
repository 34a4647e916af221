/* SPDX-License-Identifier: Apache-2.0 */
/*
 * litmus.c - short loops of two threads without a recorder between them: a
 * time stamp is a fence or nearly one, and would hide what these look for.
 *
 * The threads run freely; what each saw is kept per round and judged when
 * both have ended. Nothing but the map is shared while they run. Longer than
 * most files: five loops with one way to run, none of use without it.
 */
#include "verify/check/internal.h"

#include "runner/base/clock.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Rounds of one batch: values count up to 2^20, and a batch must be long
   against the time that the second thread needs to start. */
enum { BATCH = 16384 };

/* How far a thread is, on a line of its own; and how often it may still give
   its CPU away to let the other catch up. */
struct litmus_pace {
	_Alignas(RM_CACHE_LINE) _Atomic uint32_t round;
	_Alignas(RM_CACHE_LINE) unsigned yields;
};

/* One batch of one loop. */
struct litmus {
	uint32_t rounds;   /* of each thread, 1 .. BATCH */
	bool second;       /* the second thread may write, too */
	uint32_t *seen[2]; /* [rounds + 1] per thread: what round i saw */
	_Atomic uint64_t reached[2];
	struct litmus_pace pace[2];
};

enum { X, Y, KEYS };
/* Rounds between two looks at the other's round, since each look moves a cache
   line between the CPUs; looks before the CPU is given away; and how often that
   is done in one batch: after it nobody waits any more, as on a busy machine
   the other may not run at all. */
enum { STEP = 32, SPINS = 1000, YIELDS = 400 };

/* Writes value number i of a rank; returns whether the key was there. */
static bool write_value(struct rm_peer *peer, uint64_t rank, uint64_t i)
{
	return rm_peer_upsert(peer, rank, rm_value_of(rank, peer->slot, i));
}

/* The number of a value that was read of a rank, verified. */
static uint32_t number_of(
        struct rm_peer *peer, const struct rm_value *value, uint64_t rank)
{
	rm_peer_verify(peer, value, rank, "lookup");
	return (uint32_t)(value->word[0] >> 44);
}

/* The number of the value that a rank holds; 0: not there. */
static uint32_t read_number(struct rm_peer *peer, uint64_t rank)
{
	struct rm_value value;

	return rm_peer_lookup(peer, rank, &value)
	               ? number_of(peer, &value, rank)
	               : 0;
}

/* First of all: binds the two threads to two CPUs, chosen by the seed, if
   there are two; on one there is no store buffer between them. */
static void bind_to_cpu(struct rm_peer *peer)
{
	cpu_set_t allowed, own;
	unsigned count, place;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	count = (unsigned)CPU_COUNT(&allowed);
	if (count < 2)
		return;
	/* two neighbours in the list of allowed CPUs, the last and the first
	   among them */
	place = (unsigned)((peer->peers->c->seed + peer->slot) % count);
	CPU_ZERO(&own);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !place--)
			CPU_SET(cpu, &own);
	/* best effort: unbound threads meet less often, that is all */
	(void)sched_setaffinity(0, sizeof(own), &own);
}

/*
 * After round i: keeps the two about in step, so that both run at the same
 * time and not one after the other, as on a busy machine they would. Looks at
 * the other thread only once in many rounds, and goes on without it when that
 * takes too long. Also ticks; false: stop.
 * Relaxed, all: numbers that order nothing, nor may they.
 */
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

/* Runs fn on two threads and a fresh map of `keys`; fn_end, if any, on one
   thread after that. */
static int play(const struct rm_check_case *c, struct litmus *litmus,
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

/* Both keys hold value 0 before anybody runs. */
static void resident(struct rm_peer *peer)
{
	bind_to_cpu(peer);
	if (peer->slot == 0) {
		write_value(peer, X, 0);
		write_value(peer, Y, 0);
	}
	rm_peer_meet(peer);
}

/* Each thread writes its own key, then reads the other's. Keys are made before
   and what was read is verified afterwards: between the two calls there is
   nothing in which the write could reach the other CPU. */
static void write_then_read(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	const struct rm_map_ops *ops = peer->ops;
	uint32_t *seen = litmus->seen[peer->slot];
	const unsigned own = peer->slot, other = !peer->slot;
	struct rm_key written, read;

	resident(peer);
	written = rm_key_of(peer->shape, own, &peer->line);
	read = rm_key_of(peer->shape, other, &peer->other);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		struct rm_value value = rm_value_of(own, own, i);
		bool found;

		ops->upsert(peer->thread, peer->shape, written, &value);
		found = ops->lookup(peer->thread, peer->shape, read, &value);
		seen[i] = found ? number_of(peer, &value, other) : 0;
		if (!keep_pace(peer, i))
			return;
	}
}

/*
 * Values count up, so rounds need not meet: if round i of one thread saw a,
 * the other's write of a + 1 came later, and whatever it read after that
 * write must be i or newer. Both older is store buffering.
 */
static int judge_store_buffering(const struct rm_check_case *c,
        struct litmus *litmus, struct rm_error *error)
{
	uint32_t sightings = 0, at = 0;

	if (play(c, litmus, KEYS, write_then_read, NULL, error))
		return -1;
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		uint32_t next = litmus->seen[0][i] + 1;

		if (next > litmus->rounds || litmus->seen[1][next] >= i)
			continue;
		sightings++;
		at = i;
	}
	if (!sightings)
		return 0;
	return rm_error_set(error, -1,
	        "store buffering: both threads wrote and then read what the "
	        "other had already overwritten, e.g. X = %u, read Y = %u while "
	        "Y = %u, read X = %u; %u of %u rounds",
	        at, litmus->seen[0][at], litmus->seen[0][at] + 1,
	        litmus->seen[1][litmus->seen[0][at] + 1], sightings,
	        litmus->rounds);
}

/* Message passing: X is the data and Y the flag that is set after it. The
   reader takes them in the other order, so data older than the flag has no
   explanation. */
static void pass_message(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;

	resident(peer);
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
	return play(c, litmus, KEYS, pass_message, NULL, error);
}

/* A value that is mixed from two writes fails in read_number(), which verifies
   that its words belong together. Where thread 1 may write it does so in odd
   rounds only, or nobody would read. */
static void tear(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;

	resident(peer);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		if (peer->slot == 0 || (litmus->second && i % 2))
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
	return play(c, litmus, KEYS, tear, NULL, error);
}

enum { PRIZE = 7, GROWN = 1000 /* keys of a map that grows */ };

/* Takes the prize; returns the number of its value, 0 if it was not there,
   UINT32_MAX if remove() does not say which. */
static uint32_t win(struct rm_peer *peer, bool take)
{
	struct rm_key key = rm_peer_key(peer, PRIZE);
	struct rm_value old;

	if (!take)
		return peer->ops->remove(peer->thread, peer->shape, key)
		               ? UINT32_MAX
		               : 0;
	if (!peer->ops->take(peer->thread, peer->shape, key, &old))
		return 0;
	rm_peer_verify(peer, &old, PRIZE, "take");
	return (uint32_t)(old.word[0] >> 44);
}

/*
 * The first thread inserts value i and wants it back, the second grabs what
 * it can. seen[0][i] and seen[1][i]: whether that thread took value i, and
 * reached[]: values put in minus values taken out, per thread.
 */
static void compete(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	const bool take = peer->ops->take;
	uint32_t *seen = litmus->seen[peer->slot];
	uint64_t balance = 0;

	bind_to_cpu(peer);
	memset(seen, 0, (litmus->rounds + 1) * sizeof(*seen));
	for (uint32_t i = 1; i <= litmus->rounds && keep_pace(peer, i); i++) {
		if (peer->slot == 0)
			balance += !write_value(peer, PRIZE, i);
		uint32_t won = win(peer, take && (peer->slot == 0 || i % 4));

		balance -= won != 0;
		if (won && won <= litmus->rounds)
			seen[won]++;
		else if (won && peer->slot == 0)
			seen[i]++; /* nobody else writes: it was value i */
	}
	/* relaxed: read after both threads were joined */
	atomic_store_explicit(
	        &litmus->reached[peer->slot], balance, memory_order_relaxed);
}

static void count_winners(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	uint64_t held = read_number(peer, PRIZE) != 0, expected = 0;

	for (uint32_t i = 1; i <= litmus->rounds; i++)
		if (litmus->seen[0][i] + litmus->seen[1][i] > 1)
			rm_peer_fail(peer,
			        "take: value %u was taken out %u times", i,
			        litmus->seen[0][i] + litmus->seen[1][i]);
	for (int i = 0; i < 2; i++)
		/* relaxed: both threads have been joined */
		expected += atomic_load_explicit(
		        &litmus->reached[i], memory_order_relaxed);
	if (held != expected)
		rm_peer_fail(peer,
		        "take: inserts - removes = %lld, but the key is %s: "
		        "a remove had two winners or none",
		        (long long)expected, held ? "there" : "not there");
}

static int judge_take(const struct rm_check_case *c, struct litmus *litmus,
        struct rm_error *error)
{
	return play(c, litmus, PRIZE + 1, compete, count_winners, error);
}

/* Key n of a thread; the ranks of the two interleave. */
static uint64_t rank_of(unsigned slot, uint64_t n)
{
	return n * 2 + slot;
}

static void present(struct rm_peer *peer, unsigned slot, uint64_t n)
{
	if (read_number(peer, rank_of(slot, n)) != n + 1)
		rm_peer_fail(peer,
		        "growth: key %llu of thread %u was inserted, and is "
		        "not there",
		        (unsigned long long)n, slot);
}

/* An old key of anybody, and the newest of the other thread. */
static void look_back(struct rm_peer *peer, struct litmus *litmus)
{
	for (unsigned slot = 0; slot < 2; slot++) {
		/* acquire: pairs with the release in insert_and_look() */
		uint64_t reached = atomic_load_explicit(
		        &litmus->reached[slot], memory_order_acquire);

		if (!reached)
			continue;
		present(peer, slot, reached - 1);
		present(peer, slot, rm_next(&peer->rng) % reached);
	}
}

static void insert_and_look(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;
	const bool writes = peer->slot == 0 || litmus->second;
	uint64_t n = 0;

	bind_to_cpu(peer);
	for (uint32_t i = 0; i < GROWN && keep_pace(peer, i); i++) {
		/* the second thread reads as well */
		if (!writes || (peer->slot && i % 2)) {
			look_back(peer, litmus);
			continue;
		}
		if (write_value(peer, rank_of(peer->slot, n), n + 1))
			rm_peer_fail(peer, "growth: new key %llu was there",
			        (unsigned long long)n);
		/* release: whoever sees the number finds the keys */
		atomic_store_explicit(&litmus->reached[peer->slot], ++n,
		        memory_order_release);
	}
}

static void all_there(struct rm_peer *peer)
{
	struct litmus *litmus = peer->peers->context;

	for (unsigned slot = 0; slot < 2; slot++) {
		/* relaxed: both threads have been joined */
		uint64_t reached = atomic_load_explicit(
		        &litmus->reached[slot], memory_order_relaxed);

		for (uint64_t n = 0; n < reached && rm_peer_tick(peer); n++)
			present(peer, slot, n);
	}
}

static int judge_growth(const struct rm_check_case *c, struct litmus *litmus,
        struct rm_error *error)
{
	struct rm_check_case one = *c;
	int code = 0;

	/* many maps: a map grows a few times, whatever its size */
	for (uint32_t done = 0; done < litmus->rounds && !code; done += GROWN) {
		one.seed = rm_seed(c->seed, done);
		for (int i = 0; i < 2; i++)
			/* relaxed: no other thread runs */
			atomic_store_explicit(
			        &litmus->reached[i], 0, memory_order_relaxed);
		code = play(&one, litmus, (size_t)GROWN * 2, insert_and_look,
		        all_there, error);
	}
	return code;
}

/* The loops: each runs one batch on a fresh map. 0, or -1 with `error`. */
static const struct loop {
	int (*run)(const struct rm_check_case *c, struct litmus *litmus,
	        struct rm_error *error);
	bool two_writers; /* needs them */
	bool wide;        /* needs a value of more than one word */
} loops[] = {
	{ judge_store_buffering, true, false },
	{ judge_message_passing, false, false },
	{ judge_torn_pair, false, true },
	{ judge_take, true, false },
	{ judge_growth, false, false },
};

enum { LOOPS = sizeof(loops) / sizeof(loops[0]) };

static bool fits(const struct rm_check_case *c, const struct loop *loop)
{
	if (loop->two_writers && c->impl->caps & RM_CAP_SINGLE_WRITER)
		return false;
	return !loop->wide || c->shape.value_bytes > 8;
}

/* One batch of each loop after the other, so that each gets its share
   however early a failure ends the check. */
static int batches(const struct rm_check_case *c, struct litmus *litmus,
        struct rm_error *error)
{
	/* two threads, two operations a round */
	uint64_t left = rm_case_ops(c) / (LOOPS * 4) + 1;

	for (uint64_t n = 0; left && rm_case_goes_on(c, n); n++) {
		struct rm_check_case one = *c;

		one.seed = rm_seed(c->seed, n);
		litmus->rounds = (uint32_t)(left < BATCH ? left : BATCH);
		left -= litmus->rounds;
		for (size_t i = 0; i < LOOPS; i++)
			if (fits(c, loops + i) &&
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
		.second = !(c->impl->caps & RM_CAP_SINGLE_WRITER) };
	int code;

	if (!seen)
		return rm_error_set(error, -1, "out of memory");
	code = batches(c, &litmus, error);
	free(seen);
	return code;
}
