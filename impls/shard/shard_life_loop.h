/* SPDX-License-Identifier: Apache-2.0 */
/* shard_life_loop.h - the loop lifecycle:T:S:E through handles. Each thread
   keeps its share of the connections open. A step touches one of them by a Get
   in its handle's shard. One in T + 1 steps closes the oldest and opens a new
   one or, if their number varies (struct rm_session_wave), closes two or opens
   two. The directory is not used. The initial connections are opened before the
   warm-up and closed after the window. Private part of shard_life.h. */
#ifndef RM_SHARD_LIFE_LOOP_H
#define RM_SHARD_LIFE_LOOP_H

/* A ring buffer of one thread's connections, the oldest first. */
struct life_ring {
	struct life_thread *thread;
	struct rm_worker *worker;
	uint64_t capacity, oldest, next; /* connection i is at i % capacity */
	struct connection **connections;
	struct rm_session_wave tide;
};

/* Returns the rank of a connection, which is unique among all threads. */
static uint64_t life_rank(const struct life_ring *ring, uint64_t i)
{
	return ring->worker->slot + ring->worker->threads * i;
}

RM_HOT bool life_ring_write(
        struct life_ring *ring, struct rm_shape shape, uint64_t i)
{
	struct rm_worker *worker = ring->worker;
	const uint64_t rank = life_rank(ring, i);
	const struct rm_value value =
	        rm_value_of(rank, worker->slot, ++worker->sequence);
	struct syncmap_member member = life_member(
	        ring->thread, ring->connections[i % ring->capacity]->shard);
	const bool was_there = syncmap_upsert(&member, shape,
	        rm_key_of(shape, rank, &worker->written), &value);

	worker->counts.writes++;
	epoch_settle(ring->thread->record);
	return was_there;
}

static void life_ring_open(struct life_ring *ring, struct rm_shape shape)
{
	const uint64_t i = ring->next++;
	const struct rm_key key =
	        rm_key_of(shape, life_rank(ring, i), &ring->worker->written);

	ring->connections[i % ring->capacity] =
	        life_connect(ring->thread, life_hash(ring->thread, shape, key));
	ring->worker->counts.wrong |= life_ring_write(ring, shape, i);
	ring->worker->counts.inserts++;
}

static void life_ring_close(struct life_ring *ring, struct rm_shape shape)
{
	const uint64_t i = ring->oldest++;
	struct connection *connection = ring->connections[i % ring->capacity];
	const struct rm_key key =
	        rm_key_of(shape, life_rank(ring, i), &ring->worker->written);

	struct syncmap_member member =
	        life_member(ring->thread, connection->shard);

	ring->worker->counts.wrong |= !syncmap_remove(&member, shape, key);
	ring->worker->counts.writes++;
	ring->worker->counts.removes++;
	life_count_close(ring->thread->map, connection);
	free(connection);
	epoch_settle(ring->thread->record);
}

RM_HOT void life_ring_touch(
        struct life_ring *ring, struct rm_shape shape, uint64_t x)
{
	struct rm_worker *worker = ring->worker;
	const uint64_t i = ring->oldest + rm_draw_session(worker, x,
	                                          ring->next - ring->oldest);
	const uint64_t rank = life_rank(ring, i);
	struct connection *connection = ring->connections[i % ring->capacity];
	struct rm_value value;

	life_touch(ring->thread->map, connection);
	if (__builtin_expect((uint32_t)x < worker->write_below, 0)) {
		worker->counts.wrong |= !life_ring_write(ring, shape, i);
		return;
	}
	if (life_get(ring->thread, connection->shard, shape,
	            rm_key_of(shape, rank, &worker->line), &value))
		worker->counts.wrong |= rm_value_errors(shape, &value, rank);
	else
		worker->counts.wrong = 1; /* no other thread closes it */
}

/* Closes one connection and opens one, or closes two, or opens two. */
static void life_ring_renew(
        struct life_ring *ring, struct rm_shape shape, uint64_t x)
{
	const int step =
	        rm_session_wave_step(&ring->tide, x, ring->next - ring->oldest);

	if (step > 0)
		life_ring_open(ring, shape);
	else
		life_ring_close(ring, shape);
	if (step < 0)
		life_ring_close(ring, shape);
	else
		life_ring_open(ring, shape);
	ring->worker->counts.pairs++;
}

RM_HOT void life_ring_run(struct life_ring *ring, struct rm_shape shape)
{
	struct rm_worker *worker = ring->worker;
	const uint64_t steps = worker->loop_args[0] + 1;

	while (!rm_stopped(worker) &&
	        worker->counts.iterations < worker->iterations_limit) {
		const uint64_t x = rm_next(&worker->rng);

		if (rm_below(rm_seed(x, 1), steps))
			life_ring_touch(ring, shape, x);
		else
			life_ring_renew(ring, shape, x);
		if (++worker->counts.iterations % RM_BATCH == 0)
			epoch_quiesce(ring->thread->record);
	}
}

/* Opens this thread's share of the connections. */
static __attribute__((unused)) bool life_open_all(struct rm_worker *worker)
{
	struct life_ring *ring = calloc(1, sizeof(*ring));

	worker->held = ring;
	if (!ring)
		return false;
	ring->thread = worker->thread;
	ring->worker = worker;
	ring->capacity = rm_sessions_held(worker);
	ring->tide = rm_session_wave_start(worker, ring->capacity, 0);
	ring->connections =
	        malloc(ring->capacity * sizeof(struct connection *));
	if (!ring->connections)
		return false;
	while (ring->next < ring->capacity) {
		life_ring_open(ring, ring->thread->map->shape);
		if (ring->next % RM_BATCH == 0)
			epoch_quiesce(ring->thread->record);
	}
	return true;
}

static __attribute__((unused)) void life_close_all(struct rm_worker *worker)
{
	struct life_ring *ring = worker->held;

	while (ring && ring->oldest < ring->next) {
		life_ring_close(ring, ring->thread->map->shape);
		if (ring->oldest % RM_BATCH == 0)
			epoch_quiesce(ring->thread->record);
	}
	if (ring)
		free(ring->connections);
	free(ring);
	worker->held = NULL;
}

/* Calls the loop separately for each shape, so that the shape is a constant in
   it. */
static void lifecycle(struct rm_worker *worker)
{
	struct life_ring *ring = worker->held;
	const struct rm_shape shape = ring->thread->map->shape;

	if (shape.str && shape.value_bytes == 8)
		life_ring_run(ring, RM_STR16X8);
	else if (shape.str)
		life_ring_run(ring, RM_STR16X24);
	else if (shape.value_bytes == 8)
		life_ring_run(ring, RM_U64X8);
	else
		life_ring_run(ring, RM_U64X24);
}

static const struct rm_own_loop shard_life_loops[] = {
	{ "lifecycle", lifecycle },
	{ NULL, NULL },
};

#endif /* RM_SHARD_LIFE_LOOP_H */
