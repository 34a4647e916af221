/* SPDX-License-Identifier: Apache-2.0 */
/*
 * play.c - replays a trace on a map, with the trace's keys and values.
 *
 * Keys are the recorded bytes. Recorded values may have any length, but the
 * map's values have 8 or 24 bytes. So the map stores a pointer to a struct
 * write. With 24 bytes, it also stores length and hash of the value, so that a
 * torn copy is detected. The bytes belong to the trace and need no reclamation.
 */
#include "runner/base/clock.h"
#include "runner/trace/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { QUIESCE_EVERY = 64, DEFAULT_VALUE_BYTES = 24 };

/* One write of the trace. Values in the map point to it. */
struct write {
	uint64_t ordinal; /* number of the set, from 1; 0: initial */
	uint32_t rank;
	uint32_t value; /* number of the value, or RM_TRACE_NO_VALUE */
};

struct player {
	const struct rm_trace *trace;
	const struct rm_trace_play *play;
	void *map;
	struct write *writes; /* writes of the initial ranks, then of the
	                         sets */
	/* for each rank, the write with the current value, or NULL; until all
	   threads have ended, only the thread that owns the key accesses it */
	const struct write **held;
};

struct thread {
	struct player *player;
	unsigned slot;
	void *inner; /* handle from join() */
	uint64_t done;
	struct rm_error error;
	pthread_t id;
};

size_t rm_trace_default_value(uint64_t ordinal, char *text)
{
	return rm_trace_decimal(ordinal, text);
}

static struct rm_key key_of(const struct rm_trace *trace, uint32_t rank)
{
	const struct rm_dictionary_key *key = &trace->dictionary.keys[rank];

	return (struct rm_key){ .bytes = trace->dictionary.bytes + key->at,
		.length = key->length };
}

/* Returns the bytes of a write's value. A generated value is stored in
   `text`. */
static const char *bytes_of(const struct rm_trace *trace,
        const struct write *write, char text[DEFAULT_VALUE_BYTES],
        size_t *length)
{
	const struct rm_dictionary_key *value;

	if (write->value == RM_TRACE_NO_VALUE) {
		*length = rm_trace_default_value(write->ordinal, text);
		return text;
	}
	value = &trace->values.keys[write->value];
	*length = value->length;
	return trace->values.bytes + value->at;
}

static struct rm_value value_of(
        const struct rm_trace *trace, const struct write *write)
{
	char text[DEFAULT_VALUE_BYTES];
	size_t length;
	const char *bytes = bytes_of(trace, write, text, &length);

	return (struct rm_value){ { (uint64_t)(uintptr_t)write, length,
		rm_dictionary_hash(bytes, length) } };
}

/* True if a value belongs to a write to this key and is complete. */
static bool value_is_valid(const struct player *player,
        const struct rm_value *value, uint32_t rank)
{
	const struct write *write = (const void *)(uintptr_t)value->word[0];
	uint64_t all = player->trace->present + player->trace->sets;
	struct rm_value whole;

	if (write < player->writes || write >= player->writes + all ||
	        write->rank != rank)
		return false;
	whole = value_of(player->trace, write);
	return !memcmp(&whole, value, player->play->shape.value_bytes);
}

static void set_fault(struct thread *thread, const char *what, uint32_t rank)
{
	struct rm_key key = key_of(thread->player->trace, rank);

	rm_error_set(&thread->error, -EIO,
	        "replay: %s, unlike the trace: operation %" PRIu64
	        " of thread %u, key \"%.*s\"",
	        what, thread->done, thread->slot,
	        (int)(key.length < 40 ? key.length : 40), key.bytes);
}

/* Executes a get. Its expected result is known only with one thread. A map with
   stale reads may return an earlier value. */
static void get(struct thread *thread, uint32_t rank)
{
	struct player *player = thread->player;
	const struct rm_impl *impl = player->play->impl;
	struct rm_value value = { { 0 } };
	bool exact = player->play->threads == 1 && !(impl->caps & RM_CAP_STALE);
	bool there = impl->ops->lookup(thread->inner, player->play->shape,
	        key_of(player->trace, rank), &value);

	if (impl->caps & RM_CAP_NO_STATE)
		return;
	if (there && !value_is_valid(player, &value, rank))
		set_fault(thread,
		        "a get returned a value that was never set for its key",
		        rank);
	if (exact && there != (player->held[rank] != NULL))
		set_fault(thread, there ? "a get found" : "a get missed", rank);
	if (exact && there &&
	        value.word[0] != (uint64_t)(uintptr_t)player->held[rank])
		set_fault(thread, "a get returned another set's value", rank);
}

static void change(
        struct thread *thread, uint32_t rank, const struct write *write)
{
	struct player *player = thread->player;
	const struct rm_impl *impl = player->play->impl;
	struct rm_key key = key_of(player->trace, rank);
	struct rm_value value;
	bool there;

	if (write) {
		value = value_of(player->trace, write);
		there = rm_map_upsert(impl->ops, thread->inner,
		        player->play->shape, key, &value);
	} else {
		there = rm_map_remove(
		        impl->ops, thread->inner, player->play->shape, key);
	}
	if (!(impl->caps & RM_CAP_NO_STATE) &&
	        there != (player->held[rank] != NULL))
		set_fault(thread,
		        there ? "a write found its key"
		              : "a write missed its key",
		        rank);
	player->held[rank] = write;
}

static void pass(struct thread *thread, const uint32_t *entry)
{
	struct player *player = thread->player;
	void (*quiesce)(void *) = player->play->impl->ops->quiesce;

	for (;; entry++) {
		uint32_t rank = rm_replay_rank(*entry);

		switch (rm_replay_operation(*entry)) {
		case RM_LOOKUP:
			get(thread, rank);
			break;
		case RM_UPSERT:
			change(thread, rank,
			        &player->writes[player->trace->present +
			                        *++entry - 1]);
			break;
		case RM_REMOVE:
			change(thread, rank, NULL);
			break;
		default:
			quiesce(thread->inner);
			return;
		}
		if (++thread->done % QUIESCE_EVERY == 0)
			quiesce(thread->inner);
	}
}

static bool join(struct thread *thread)
{
	struct player *player = thread->player;

	thread->inner =
	        player->play->impl->ops->join(player->map, thread->slot);
	if (!thread->inner)
		rm_error_set(&thread->error, -ENOMEM, "out of memory");
	return thread->inner;
}

static void *run(void *argument)
{
	struct thread *thread = argument;
	const struct rm_trace_play *play = thread->player->play;
	uint64_t operations;
	uint32_t *share = rm_trace_copy_share(thread->player->trace,
	        thread->slot, play->threads, &operations);

	if (!share)
		rm_error_set(&thread->error, -ENOMEM, "out of memory");
	else if (join(thread)) {
		for (uint64_t i = 0; i < play->passes; i++)
			pass(thread, share);
		play->impl->ops->leave(thread->inner);
	}
	free(share);
	return NULL;
}

static void prefill(struct thread *thread)
{
	struct player *player = thread->player;

	for (uint32_t rank = 0; rank < player->trace->present; rank++) {
		change(thread, rank, &player->writes[rank]);
		if (rank % QUIESCE_EVERY == 0)
			player->play->impl->ops->quiesce(thread->inner);
	}
}

static void write_held(const struct player *player, const struct write *write)
{
	char text[DEFAULT_VALUE_BYTES];
	struct rm_key key = key_of(player->trace, write->rank);
	struct rm_trace_line line = {
		.word = RM_TRACE_SET, .key = key.bytes, .length = key.length
	};

	line.value = bytes_of(player->trace, write, text, &line.value_length);
	rm_trace_write_set(player->play->state, &line);
}

/* Looks up each key. Writes the values that the map returns, not the expected
   ones. */
static void check_all(
        struct thread *thread, struct rm_trace_play_result *played)
{
	struct player *player = thread->player;
	const struct rm_map_ops *ops = player->play->impl->ops;

	if (ops->park) { /* a thread sees every write after it was parked */
		ops->park(thread->inner);
		ops->unpark(thread->inner);
	}
	for (uint32_t rank = 0; rank < player->trace->keys; rank++) {
		struct rm_value value = { { 0 } };
		const struct write *held = NULL;

		if (ops->lookup(thread->inner, player->play->shape,
		            key_of(player->trace, rank), &value))
			held = (const void *)(uintptr_t)value.word[0];
		if (rank % QUIESCE_EVERY == 0)
			ops->quiesce(thread->inner);
		if (held != player->held[rank] ||
		        (held && !value_is_valid(player, &value, rank))) {
			set_fault(thread, "another value at the end", rank);
			return;
		}
		if (!held)
			continue;
		played->held++;
		played->digest += rm_trace_entry_digest(
		        player->trace->dictionary.keys[rank].hash,
		        held->ordinal);
		if (player->play->state)
			write_held(player, held);
	}
	if (player->play->state)
		fprintf(player->play->state, "end %" PRIu64 "\n", played->held);
}

static void list_writes(struct player *player)
{
	const struct rm_trace *trace = player->trace;
	uint64_t at = 0, ordinal = 0;

	for (; at < trace->present; at++)
		player->writes[at] =
		        (struct write){ 0, (uint32_t)at, RM_TRACE_NO_VALUE };
	for (uint64_t i = 0; i < trace->count; i++)
		if (rm_replay_operation(trace->entries[i]) == RM_UPSERT) {
			uint32_t value = trace->written[ordinal];

			player->writes[at++] = (struct write){ ++ordinal,
				rm_replay_rank(trace->entries[i]), value };
		}
}

static void run_all(
        struct player *player, struct thread *threads, struct rm_error *error)
{
	unsigned started = 0;

	for (; started < player->play->threads; started++) {
		threads[started].player = player;
		threads[started].slot = started;
		if (pthread_create(&threads[started].id, NULL, run,
		            &threads[started])) {
			rm_error_set(error, -EAGAIN,
			        "a thread could not be started");
			break;
		}
	}
	for (unsigned i = 0; i < started; i++) {
		pthread_join(threads[i].id, NULL);
		if (threads[i].error.text[0])
			rm_error_set(error, -EIO, "%s", threads[i].error.text);
	}
}

/* Runs the trace. The prefill and the final check use a separate thread handle.
   It is not joined while the other threads run, so that no grace period waits
   for it. */
static void play_map(struct player *player, struct thread *threads,
        struct rm_trace_play_result *played, struct rm_error *error)
{
	const struct rm_map_ops *ops = player->play->impl->ops;
	struct thread extra = { .player = player,
		.slot = player->play->threads };

	if (join(&extra)) {
		prefill(&extra);
		ops->leave(extra.inner);
	}
	if (!extra.error.text[0]) {
		uint64_t start_ns = rm_now_ns();

		run_all(player, threads, error);
		played->elapsed_ns = rm_now_ns() - start_ns;
	}
	if (!extra.error.text[0] && !error->text[0] && join(&extra)) {
		if (!(player->play->impl->caps & RM_CAP_NO_STATE))
			check_all(&extra, played);
		ops->leave(extra.inner);
	}
	if (extra.error.text[0])
		rm_error_set(error, -EIO, "%s", extra.error.text);
}

static int check_support(
        const struct rm_trace_play *play, struct rm_error *error)
{
	const struct rm_impl *impl = play->impl;
	unsigned unsafe =
	        RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT | RM_CAP_SINGLE_WRITER;

	if (!play->shape.str ||
	        !(impl->shapes & 1U << rm_shape_index(play->shape)))
		return rm_error_set(error, -ENOTSUP,
		        "%s does not support this string shape, expected "
		        "--shape u64x8, with numbers as keys",
		        impl->id);
	if (play->threads > 1 && impl->caps & unsafe)
		return rm_error_set(error, -ENOTSUP,
		        "%s allows one writing thread, expected --threads 1",
		        impl->id);
	return 0;
}

int rm_trace_play(const struct rm_trace *trace,
        const struct rm_trace_play *play, struct rm_trace_play_result *played,
        struct rm_error *error)
{
	const struct rm_sizing sizing = { .keys = trace->peak ? trace->peak : 1,
		.threads = play->threads + 1,
		.presize = true,
		.shape = play->shape,
		.seed = play->seed };
	struct player player = { .trace = trace, .play = play };
	struct thread *threads = calloc(play->threads, sizeof(*threads));
	int failed = check_support(play, error);

	*played = (struct rm_trace_play_result){ 0 };
	player.writes = calloc(
	        trace->present + trace->sets + 1, sizeof(*player.writes));
	player.held = calloc(trace->keys + 1, sizeof(*player.held));
	if (!failed && player.writes && player.held && threads)
		player.map = play->impl->ops->create(&sizing);
	if (player.map) {
		list_writes(&player);
		play_map(&player, threads, played, error);
		play->impl->ops->destroy(player.map);
		failed = error->text[0] ? -EIO : 0;
	} else if (!failed) {
		failed = rm_error_set(error, -ENOMEM, "out of memory");
	}
	free(player.held);
	free(player.writes);
	free(threads);
	return failed;
}
