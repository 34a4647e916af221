/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - records the operations of one window while they run.
 *
 * Each operation is executed and recorded under one lock. The record thus
 * contains the order in which the operations took effect, which maps do not
 * report.
 */
#include "runner/base/file.h"
#include "runner/driver.h"
#include "runner/trace/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct rm_recorder {
	pthread_mutex_t lock;
	uint32_t *entries; /* from rm_replay_entry(), without ordinals */
	uint64_t count, limit;
	size_t room;
	uint64_t ordinal; /* ordinal of the last upsert */
	bool overflow;    /* true if operations or ranks were not recorded */
};

/* Replaces the map's thread handle in a recorded loop. */
struct thread {
	struct rm_recorder *recorder;
	const struct rm_map_ops *inner;
	void *inner_thread;
};

struct rm_recorder *rm_recorder_create(uint64_t limit)
{
	struct rm_recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return NULL;
	pthread_mutex_init(&recorder->lock, NULL);
	recorder->limit = limit;
	return recorder;
}

void rm_recorder_destroy(struct rm_recorder *recorder)
{
	if (!recorder)
		return;
	pthread_mutex_destroy(&recorder->lock);
	free(recorder->entries);
	free(recorder);
}

/* Takes the lock. Parks the thread before it waits, since grace periods must
   not wait for it. */
static void lock(struct thread *thread)
{
	if (!pthread_mutex_trylock(&thread->recorder->lock))
		return;
	if (thread->inner->park)
		thread->inner->park(thread->inner_thread);
	pthread_mutex_lock(&thread->recorder->lock);
	if (thread->inner->park)
		thread->inner->unpark(thread->inner_thread);
}

static void unlock(struct thread *thread)
{
	pthread_mutex_unlock(&thread->recorder->lock);
}

static bool grow_entries(struct rm_recorder *recorder)
{
	uint32_t *entries = rm_trace_grow(recorder->entries,
	        recorder->count + 1, &recorder->room, sizeof(*entries));

	if (entries)
		recorder->entries = entries;
	return entries;
}

/* Records an operation; the lock is held. Returns the key's rank: the low half
   of an integer key, or the second word of a string key (keys.h). */
static uint32_t record_operation(struct thread *thread, struct rm_shape shape,
        struct rm_key key, enum rm_operation operation)
{
	struct rm_recorder *recorder = thread->recorder;
	uint64_t rank = (uint32_t)key.word;

	if (shape.str)
		memcpy(&rank, key.bytes + 8, sizeof(rank));
	/* The loop cannot be stopped here, so rm_recorder_write() returns
	   -EOVERFLOW later. */
	if (rank >= RM_TRACE_KEYS_MAX || recorder->count == recorder->limit ||
	        !grow_entries(recorder))
		recorder->overflow = true;
	else
		recorder->entries[recorder->count++] =
		        rm_replay_entry((uint32_t)rank, operation);
	return (uint32_t)rank;
}

static bool lookup(void *context, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct thread *thread = context;
	bool there;

	lock(thread);
	record_operation(thread, shape, key, RM_LOOKUP);
	there = thread->inner->lookup(thread->inner_thread, shape, key, value);
	unlock(thread);
	return there;
}

/* Stores the write's ordinal in the value, so that the final state of each key
   can be compared with the record (rm_trace_entry_digest()). */
static bool upsert(void *context, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct thread *thread = context;
	struct rm_value copy;
	uint32_t rank;
	bool there;

	lock(thread);
	rank = record_operation(thread, shape, key, RM_UPSERT);
	copy = rm_value_of(rank, (unsigned)(value->word[0] >> 32) & 0xfff,
	        ++thread->recorder->ordinal);
	there = rm_map_upsert(
	        thread->inner, thread->inner_thread, shape, key, &copy);
	unlock(thread);
	return there;
}

static bool take(void *context, struct rm_shape shape, struct rm_key key)
{
	struct thread *thread = context;
	bool there;

	lock(thread);
	record_operation(thread, shape, key, RM_REMOVE);
	there = rm_map_remove(thread->inner, thread->inner_thread, shape, key);
	unlock(thread);
	return there;
}

static void quiesce(void *context)
{
	struct thread *thread = context;

	thread->inner->quiesce(thread->inner_thread);
}

static const struct rm_map_ops recording = {
	.lookup = lookup, .upsert = upsert, .remove = take, .quiesce = quiesce
};

RM_DRIVES(recording)

void rm_recorder_drive(struct rm_recorder *recorder, const struct rm_impl *impl,
        struct rm_shape shape, struct rm_worker *worker)
{
	static void (*const drives[RM_SHAPES])(struct rm_worker *) =
	        RM_ALL_DRIVES;
	/* The loop calls the operations in this file with a handle of this
	   file. These call the map's operations with the map's handle. The
	   worker contains the handle of this file only during the loop. */
	struct thread thread = { recorder, impl->ops, worker->thread };

	worker->thread = &thread;
	drives[rm_shape_index(shape)](worker);
	worker->thread = thread.inner_thread;
}

uint64_t rm_recorder_key_hash(uint64_t rank)
{
	char text[RM_TRACE_DECIMAL_BYTES];

	return rm_dictionary_hash(text, rm_trace_decimal(rank, text));
}

uint64_t rm_recorder_count(const struct rm_recorder *recorder)
{
	return recorder->count;
}

static int write_text(
        const struct rm_recorder *recorder, uint64_t resident, FILE *out)
{
	for (uint64_t rank = 0; rank < resident; rank++)
		fprintf(out, "has %" PRIu64 "\n", rank);
	for (uint64_t i = 0; i < recorder->count; i++)
		fprintf(out, "%s%" PRIu32 "\n",
		        rm_trace_words[rm_replay_operation(
		                recorder->entries[i])],
		        rm_replay_rank(recorder->entries[i]));
	fprintf(out, "end %" PRIu64 "\n", recorder->count);
	return rm_file_flush(out);
}

/* Converts the text form through a struct rm_trace. */
static int write_binary(const struct rm_recorder *recorder, uint64_t resident,
        FILE *out, struct rm_error *error)
{
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	struct rm_trace trace = { 0 };
	int failed = memory ? write_text(recorder, resident, memory) : -ENOMEM;

	if (memory && fclose(memory))
		failed = -ENOMEM;
	if (!failed)
		failed = rm_trace_parse(
		        "the record", text, length, &trace, error);
	free(text);
	if (!failed)
		failed = rm_trace_write_binary(out, &trace);
	rm_trace_clear(&trace);
	return failed;
}

int rm_recorder_write(const struct rm_recorder *recorder, uint64_t resident,
        bool binary, FILE *out, struct rm_error *error)
{
	int failed;

	if (recorder->overflow)
		return rm_error_set(error, -EOVERFLOW,
		        "more than %" PRIu64
		        " operations (or keys above 2^30, or out of memory), "
		        "expected a shorter window",
		        recorder->limit);
	failed = binary ? write_binary(recorder, resident, out, error)
	                : write_text(recorder, resident, out);
	if (failed)
		rm_error_set(
		        error, failed, "not written: %s", strerror(-failed));
	return failed;
}
