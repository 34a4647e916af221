/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_life_idle.h - life-cycle shards: counts the idle connections of a
 * shard, and averages how long connections were idle before a touch. Private
 * part of shard_life.h.
 *
 * A shard counts its connections by the second of their last touch. A thread
 * that needs the number of idle connections first adds the counters older than
 * 30 s to `asleep`, one for each second that has passed. This needs no walk
 * over connections and no background thread. The move takes a lock, since a
 * counter is then reused for another second. All other steps are single atomic
 * operations. A thread that is preempted between two of them may leave its
 * connection miscounted, until at most 32 s after it resumes.
 */
#ifndef RM_SHARD_LIFE_IDLE_H
#define RM_SHARD_LIFE_IDLE_H

/* The only call through a pointer, and the reason for dispatch = "callback". */
static __attribute__((noinline)) uint64_t callback_now(
        const struct life_map *map)
{
	return map->now_ns ? map->now_ns()
	                   : rm_now_coarse_ns() * map->clock_rate;
}

/* relaxed, here and below: statistics order nothing */
RM_HOT uint64_t life_load(const _Atomic uint64_t *figure)
{
	return atomic_load_explicit(figure, memory_order_relaxed);
}

/* Moves the mean towards the sample by a fifth of the difference. */
RM_HOT void life_update_mean(_Atomic uint64_t *mean, uint64_t seen)
{
	uint64_t old = life_load(mean);
	int64_t step;

	do
		step = ((int64_t)seen - (int64_t)old) / LIFE_WEIGHT;
	while (!atomic_compare_exchange_weak_explicit(mean, &old,
	        old + (uint64_t)step, memory_order_relaxed,
	        memory_order_relaxed));
}

RM_HOT uint64_t life_second(uint64_t ns)
{
	return ns / 1000000000;
}

/* Adds the counters that are now older than 30 s to `asleep`. `second` is the
   current second. Returns the second up to which all counts are moved. Runs
   once per second and shard. */
static RM_COLD uint64_t life_move_seconds(
        struct life_shard *shard, uint64_t second)
{
	lock_mutex(&shard->moving);
	uint64_t moved = life_load(&shard->moved);

	if (moved + LIFE_SECONDS < second)
		moved = second - LIFE_SECONDS;
	while (moved < second) {
		_Atomic int64_t *old =
		        &shard->awake[(++moved + 1) % LIFE_SECONDS];

		/* both relaxed: statistics; the release below publishes
		   them */
		atomic_fetch_add_explicit(&shard->asleep,
		        atomic_exchange_explicit(old, 0, memory_order_relaxed),
		        memory_order_relaxed);
	}
	atomic_store_explicit(&shard->moved, moved, memory_order_release);
	pthread_mutex_unlock(&shard->moving);
	return moved;
}

/* Calls life_move_seconds() if it is due. Returns the same. */
RM_HOT uint64_t life_moved_until(struct life_shard *shard, uint64_t second)
{
	/* acquire: a counter is used for a new second only after it was
	   emptied */
	const uint64_t moved =
	        atomic_load_explicit(&shard->moved, memory_order_acquire);

	return moved < second ? life_move_seconds(shard, second) : moved;
}

/* Adds `change` to the number of connections last touched in this second. */
static void life_count(
        struct life_shard *shard, uint64_t second, int64_t change)
{
	const bool awake =
	        second + LIFE_SECONDS - 1 > life_moved_until(shard, second);

	atomic_fetch_add_explicit(
	        awake ? &shard->awake[second % LIFE_SECONDS] : &shard->asleep,
	        change, memory_order_relaxed);
}

/* Returns the share of the shard's connections idle for more than 30 s. */
static double life_idle_share(struct life_shard *shard, uint64_t now_ns)
{
	const uint64_t active = life_load(&shard->active);
	double asleep;

	life_moved_until(shard, life_second(now_ns));
	asleep = (double)atomic_load_explicit(
	        &shard->asleep, memory_order_relaxed);
	if (asleep <= 0)
		return 0;
	return asleep < (double)active ? asleep / (double)active : 1;
}

/* Records that the connection was idle until now. Returns the second of its
   last touch. The caller owns the connection or holds the lock of its
   stripe. */
RM_HOT uint64_t life_record_idle(struct life_map *map,
        const struct connection *connection, uint64_t now_ns)
{
	const uint64_t idle_ns = now_ns - connection->touched_ns;

	life_update_mean(&life_at(map, connection->shard)->idle_ns, idle_ns);
	if (__builtin_expect(idle_ns > LIFE_IDLE_LIMIT_NS, 0))
		rm_stat_add(&map->late_touches, 1);
	return life_second(connection->touched_ns);
}

/* For callers see life_record_idle(). */
RM_HOT void life_touch(struct life_map *map, struct connection *connection)
{
	struct life_shard *shard = life_at(map, connection->shard);
	const uint64_t now_ns = callback_now(map);
	const uint64_t before = life_record_idle(map, connection, now_ns);
	const uint64_t second = life_second(now_ns);

	connection->touched_ns = now_ns;
	if (__builtin_expect(before == second, 1))
		return;
	life_count(shard, second, 1);
	life_count(shard, before, -1);
}

#endif /* RM_SHARD_LIFE_IDLE_H */
