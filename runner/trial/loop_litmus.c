/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_litmus.c - litmus:store-buffering and litmus:take-twice. Threads work in
 * pairs, and each pair uses its own keys. A thread without a partner is idle.
 *
 * store-buffering: in each round, both threads store to their own key, then
 * load the other's. If both threads load the value of the previous round, both
 * stores were delayed in a buffer while the loads ran. This is impossible if
 * each operation takes effect at one moment. Article S1, section 3.1, shows
 * this program but does not check the loaded values.
 *
 * take-twice: one thread inserts a key and removes it; the other removes it and
 * gets its value (in Go: Delete and LoadAndDelete). If both removals succeed
 * for the same insert, the key sums differ at the end. If the taken value is
 * not the removed one, the sums of the numbers in the values differ, since each
 * number that the first thread did not remove must be taken.
 */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

#include <sched.h>

enum { STORE_BUFFERING, TAKE_TWICE };
enum { SEQUENCE = (1 << 20) - 1, SPINS = 200 };

/* Returns the number in the value at `rank`, modulo 2^20. */
static uint64_t read_number(struct rm_member *member, uint64_t rank)
{
	struct rm_shape shape = member->team->request->cell.shape;
	struct rm_worker *worker = &member->worker;
	struct rm_key key = rm_key_of(shape, rank, &worker->line);
	struct rm_value value = { { 0 } };

	if (!member->team->impl->ops->lookup(
	            worker->thread, shape, key, &value)) {
		worker->counts.misses_resident++;
		return 0;
	}
	worker->counts.wrong |= rm_value_errors(shape, &value, rank);
	return value.word[0] >> 44;
}

/* Waits until the other thread has completed `round`. Returns false if the
   window is over. */
static bool wait_for(
        struct rm_member *member, const struct rm_member *other, uint64_t round)
{
	/* acquire: pairs with the release in store_and_load(), to read
	   saw_old */
	for (unsigned spins = 1; atomic_load_explicit(&other->notes.round,
	                                 memory_order_acquire) < round;
	        spins++) {
		if (rm_stopped(&member->worker))
			return false;
		rm_cpu_relax();
		if (spins % SPINS == 0)
			sched_yield(); /* the other thread may need this CPU */
	}
	return true;
}

/*
 * Runs one round of a pair. Returns false if the window is over. Warm-up and
 * window both count rounds from 1, since the warm-up may end between the two
 * threads of a pair. The values of the window have numbers that the warm-up did
 * not use.
 */
static bool store_and_load(struct rm_member *member, struct rm_member *other)
{
	const struct rm_team *team = member->team;
	struct rm_worker *worker = &member->worker;
	const uint64_t base = worker->measured ? (SEQUENCE + 1) / 2 : 0;
	/* relaxed: only this thread writes it */
	const uint64_t round = atomic_load_explicit(&member->notes.round,
	                               memory_order_relaxed) +
	                       1;

	worker->sequence = base + round - 1; /* rm_write_upsert() adds one */
	rm_write_upsert(team->impl->ops, team->request->cell.shape, worker,
	        worker->slot);
	worker->counts.pairs++; /* a store and a load form a pair */
	const bool old = read_number(member, other->worker.slot) !=
	                 ((base + round) & SEQUENCE);

	/* two slots alternate, since the other thread may still read the last
	   one */
	member->notes.saw_old[round & 1] = old;
	/* release: publishes saw_old of this round */
	atomic_store_explicit(
	        &member->notes.round, round, memory_order_release);
	if (!wait_for(member, other, round))
		return false;
	if (old && other->notes.saw_old[round & 1])
		member->notes.visited++;
	return true;
}

/* Removes the key, and gets its value if the map supports take(). */
static void take(struct rm_member *member, uint64_t rank)
{
	const struct rm_map_ops *ops = member->team->impl->ops;
	const struct rm_shape shape = member->team->request->cell.shape;
	struct rm_worker *worker = &member->worker;
	const struct rm_key key = rm_key_of(shape, rank, &worker->written);
	struct rm_value value = { { 0 } };

	if (!ops->take) {
		rm_write_remove(ops, shape, worker, rank);
		return;
	}
	worker->counts.writes++;
	if (!ops->take(worker->thread, shape, key, &value)) {
		worker->counts.idle_removes++;
		return;
	}
	worker->counts.removes++;
	worker->key_sum -= rm_rank_mix(rank);
	worker->counts.wrong |= rm_value_errors(shape, &value, rank);
	member->notes.numbers -= value.word[0] >> 44;
	member->notes.visited++;
}

/* The first thread of a pair inserts and removes. The second thread takes. */
static void insert_or_take(struct rm_member *member)
{
	const struct rm_map_ops *ops = member->team->impl->ops;
	const struct rm_shape shape = member->team->request->cell.shape;
	struct rm_worker *worker = &member->worker;
	const uint64_t rank = worker->slot & ~1U;
	const uint64_t removes = worker->counts.removes;

	if (worker->slot != rank) {
		take(member, rank);
		return;
	}
	rm_write_upsert(ops, shape, worker, rank);
	worker->counts.pairs++;
	rm_write_remove(ops, shape, worker, rank);
	if (worker->counts.removes == removes)
		member->notes.numbers += worker->sequence & SEQUENCE;
}

static void run(struct rm_member *member)
{
	struct rm_team *team = member->team;
	const struct rm_cell *cell = &team->request->cell;
	struct rm_worker *worker = &member->worker;
	const unsigned partner = worker->slot ^ 1U;
	bool go_on = partner < cell->threads;

	while (go_on && !rm_stopped(worker) &&
	        worker->counts.iterations < worker->iterations_limit) {
		if (cell->loop.args[0] == STORE_BUFFERING)
			go_on = store_and_load(member, &team->members[partner]);
		else
			insert_or_take(member);
		if (++worker->counts.iterations % RM_BATCH == 0)
			team->impl->ops->quiesce(worker->thread);
	}
	if (cell->loop.args[0] == STORE_BUFFERING)
		worker->counts.wrong |= member->notes.visited;
}

/* True if the second thread of each pair took all values that the first thread
   could not remove. */
static bool check(const struct rm_team *team)
{
	const struct rm_cell *cell = &team->request->cell;
	bool right = true;

	if (cell->loop.args[0] == STORE_BUFFERING || !team->impl->ops->take)
		return true;
	for (unsigned i = 0; i + 1 < cell->threads; i += 2)
		right &= ((team->members[i].notes.numbers +
		                  team->members[i + 1].notes.numbers) &
		                 SEQUENCE) == 0;
	return right;
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	const bool twice = team->request->cell.loop.args[0] == TAKE_TWICE;
	double visited = 0;

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		if (twice || i % 2 == 0) /* for store-buffering, count the
		                            rounds of one thread of a pair */
			visited += (double)team->members[i].notes.visited;
	if (!twice)
		emit(context, "both_saw_old", "1", visited);
	else if (team->impl->ops->take)
		emit(context, "values_taken", "1", visited);
}

const struct rm_trial_loop rm_loop_litmus = {
	.run = run, .report = report, .check = check
};
