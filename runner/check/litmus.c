/* SPDX-License-Identifier: Apache-2.0 */
/*
 * litmus.c - the check: which loops fit a map, how many rounds they get; and
 * the three loops on resident keys.
 */
#include "runner/check/litmus.h"

#include "runner/base/clock.h"

#include <sched.h>
#include <stdlib.h>

enum { X, Y, KEYS };
/* Rounds between two looks at the other, and that it may be behind; looks
   before the CPU is given away, and how often that is done in one batch. */
enum { STEP = 32, SLACK = 64, SPINS = 1000, YIELDS = 400 };

bool rm_litmus_write(struct rm_peer *peer, uint64_t rank, uint64_t i)
{
	struct rm_value value = rm_value_of(rank, peer->slot, i);

	return peer->ops->upsert(
	        peer->thread, peer->shape, rm_peer_key(peer, rank), &value);
}

uint32_t rm_litmus_read(struct rm_peer *peer, uint64_t rank)
{
	struct rm_value value;

	if (!peer->ops->lookup(
	            peer->thread, peer->shape, rm_peer_key(peer, rank), &value))
		return 0;
	rm_peer_verify(peer, &value, rank, "lookup");
	return (uint32_t)(value.word[0] >> 44);
}

void rm_litmus_part(struct rm_peer *peer)
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
	place = (unsigned)((peer->crowd->c->seed + peer->slot) % count);
	CPU_ZERO(&own);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !place--)
			CPU_SET(cpu, &own);
	/* best effort: unbound threads meet less often, that is all */
	(void)sched_setaffinity(0, sizeof(own), &own);
}

/* Relaxed, all: numbers that order nothing, nor may they. */
bool rm_litmus_pace(struct rm_peer *peer, uint32_t i)
{
	struct rm_litmus *litmus = peer->crowd->context;
	struct rm_pace *mine = litmus->pace + peer->slot;
	const struct rm_pace *other = litmus->pace + !peer->slot;

	if (i % STEP == 0 && peer->crowd->threads == 2) {
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

int rm_litmus_play(const struct rm_check_case *c, struct rm_litmus *litmus,
        size_t keys, rm_peer_fn *fn, rm_peer_fn *fn_end, struct rm_error *error)
{
	void *map = rm_case_create(c, keys, false, error);
	int code;

	if (!map)
		return -1;
	for (int i = 0; i < 2; i++) {
		/* relaxed: no other thread runs */
		atomic_store_explicit(
		        &litmus->pace[i].round, 0, memory_order_relaxed);
		litmus->pace[i].yields = YIELDS;
	}
	code = rm_crowd_run(c, map, 2, fn, litmus, error);
	if (!code && fn_end)
		code = rm_crowd_run(c, map, 1, fn_end, litmus, error);
	if (!code)
		code = rm_case_invariants(c, map, error);
	c->impl->ops->destroy(map);
	return code;
}

/* Both keys hold value 0 before anybody runs. */
static void resident(struct rm_peer *peer)
{
	rm_litmus_part(peer);
	if (peer->slot == 0) {
		rm_litmus_write(peer, X, 0);
		rm_litmus_write(peer, Y, 0);
	}
	rm_peer_meet(peer);
}

/* Each thread writes its own key, then reads the other's. */
static void write_then_read(struct rm_peer *peer)
{
	struct rm_litmus *litmus = peer->crowd->context;
	uint32_t *seen = litmus->seen[peer->slot];

	resident(peer);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		rm_litmus_write(peer, peer->slot, i);
		seen[i] = rm_litmus_read(peer, !peer->slot);
		if (!rm_litmus_pace(peer, i))
			return;
	}
}

/*
 * Values count up, so rounds need not meet: if round i of one thread saw a,
 * the other's write of a + 1 came later, and whatever it read after that
 * write must be i or newer. Both older is store buffering.
 */
int rm_litmus_store_buffering(const struct rm_check_case *c,
        struct rm_litmus *litmus, struct rm_error *error)
{
	uint32_t sightings = 0, at = 0;

	if (rm_litmus_play(c, litmus, KEYS, write_then_read, NULL, error))
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

static void pass_message(struct rm_peer *peer)
{
	struct rm_litmus *litmus = peer->crowd->context;

	resident(peer);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		if (peer->slot == 0) {
			rm_litmus_write(peer, X, i);
			rm_litmus_write(peer, Y, i);
		} else {
			uint32_t flag = rm_litmus_read(peer, Y);
			uint32_t data = rm_litmus_read(peer, X);

			if (data < flag)
				rm_peer_fail(peer,
				        "message passing: read flag %u, then "
				        "data %u, which was written before it",
				        flag, data);
		}
		if (!rm_litmus_pace(peer, i))
			return;
	}
}

int rm_litmus_message_passing(const struct rm_check_case *c,
        struct rm_litmus *litmus, struct rm_error *error)
{
	return rm_litmus_play(c, litmus, KEYS, pass_message, NULL, error);
}

/* rm_litmus_read() verifies that the three words belong together. */
static void tear(struct rm_peer *peer)
{
	struct rm_litmus *litmus = peer->crowd->context;

	resident(peer);
	for (uint32_t i = 1; i <= litmus->rounds; i++) {
		if (peer->slot == 0 || (litmus->second && i % 2))
			rm_litmus_write(peer, X, i);
		else
			rm_litmus_read(peer, X);
		if (!rm_litmus_pace(peer, i))
			return;
	}
}

int rm_litmus_torn_pair(const struct rm_check_case *c, struct rm_litmus *litmus,
        struct rm_error *error)
{
	return rm_litmus_play(c, litmus, KEYS, tear, NULL, error);
}

static const struct loop {
	int (*run)(const struct rm_check_case *c, struct rm_litmus *litmus,
	        struct rm_error *error);
	bool two_writers; /* needs them */
	bool wide;        /* needs a value of more than one word */
} loops[] = {
	{ rm_litmus_store_buffering, true, false },
	{ rm_litmus_message_passing, false, false },
	{ rm_litmus_torn_pair, false, true },
	{ rm_litmus_take, true, false },
	{ rm_litmus_growth, false, false },
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
static int batches(const struct rm_check_case *c, struct rm_litmus *litmus,
        struct rm_error *error)
{
	/* two threads, two operations a round */
	uint64_t left = rm_case_ops(c) / (LOOPS * 4) + 1;

	for (uint64_t n = 0; left; n++) {
		struct rm_check_case one = *c;

		one.seed = rm_seed(c->seed, n);
		litmus->rounds =
		        (uint32_t)(left < RM_LITMUS_BATCH ? left
		                                          : RM_LITMUS_BATCH);
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
	const size_t room = RM_LITMUS_BATCH + 1;
	uint32_t *seen = calloc(2 * room, sizeof(*seen));
	struct rm_litmus litmus = { .seen = { seen, seen + room },
		.second = !(c->impl->caps & RM_CAP_SINGLE_WRITER) };
	int code;

	if (!seen)
		return rm_error_set(error, -1, "out of memory");
	code = batches(c, &litmus, error);
	free(seen);
	return code;
}
