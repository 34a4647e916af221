/* SPDX-License-Identifier: Apache-2.0 */
/* test_snapshot_batch.c - tests that writers that wait together share one copy,
   and that each gets the result of its own operation. */
#include "impls/snapshot/snapshot_batch.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"

extern const struct rm_impl rm_impl_snapshot_batch;

enum { WRITERS = 4 };

static const struct rm_shape str = { true, 24 };

struct writer {
	pthread_t id;
	struct snapshot_batch *batch;
	size_t slot;
	struct snapshot_operation wish;
	struct rm_value value, old;
	bool result;
};

static void *work(void *context)
{
	struct writer *writer = context;
	void *thread = snapshot_join(&writer->batch->map, writer->slot);

	writer->result = snapshot_submit(thread, writer->wish);
	snapshot_leave(thread);
	return NULL;
}

static size_t waiting(struct snapshot_batch *batch)
{
	size_t count = 0;

	for (size_t i = 0; i <= WRITERS; i++)
		count += atomic_load(&batch->slot[i].waits);
	return count;
}

/* Lets all writers wait for the lock, and then releases it. Returns the number
   of copies. */
static uint64_t together(struct snapshot_batch *batch, struct writer *writers)
{
	uint64_t before = batch->map.clones;

	pthread_mutex_lock(&batch->map.lock);
	for (size_t i = 0; i < WRITERS; i++) {
		writers[i].batch = batch;
		writers[i].slot = i;
		pthread_create(&writers[i].id, NULL, work, &writers[i]);
	}
	while (waiting(batch) < WRITERS)
		sched_yield();
	pthread_mutex_unlock(&batch->map.lock);
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(writers[i].id, NULL);
	return batch->map.clones - before;
}

static struct writer writer_of(enum snapshot_kind kind, const char *key)
{
	return (struct writer){
		.wish = { .kind = kind,
		        .key = { .bytes = key, .length = strlen(key) } }
	};
}

static void set_value(struct writer *writer, uint64_t word)
{
	writer->value = (struct rm_value){ { word, word, word } };
	writer->wish.value = &writer->value;
}

static uint64_t stored_word(void *thread, const char *key)
{
	struct rm_key k = { .bytes = key, .length = strlen(key) };
	struct rm_value value;

	return snapshot_lookup(thread, str, k, &value) ? value.word[0] : 0;
}

/* Makes four writes to one key, in the order of their slots. */
static void one_key(struct snapshot_batch *batch, void *thread)
{
	struct writer w[WRITERS] = { writer_of(SNAPSHOT_INSERT, "key"),
		writer_of(SNAPSHOT_EXCHANGE, "key"),
		writer_of(SNAPSHOT_SWAP, "key"),
		writer_of(SNAPSHOT_TAKE, "key") };

	for (size_t i = 0; i < 3; i++)
		set_value(&w[i], i + 1);
	w[2].wish.expected = &w[1].value;
	for (size_t i = 0; i < WRITERS; i++)
		w[i].wish.old = i == 2 ? NULL : &w[i].old;
	CHECK(together(batch, w) == 1, "four writers that wait share one copy");
	CHECK(!w[0].result && w[1].result && w[1].old.word[0] == 1 &&
	                w[2].result && w[3].result && w[3].old.word[0] == 3,
	        "each writer sees the write before it");
	CHECK(stored_word(thread, "key") == 0,
	        "the removal by the last writer is final");
}

/* Makes two writes that change the map, and two that do not. */
static void mixed(struct snapshot_batch *batch, void *thread)
{
	struct writer w[WRITERS] = { writer_of(SNAPSHOT_EXCHANGE, "a"),
		writer_of(SNAPSHOT_COMPARE_REMOVE, "a"),
		writer_of(SNAPSHOT_TAKE, "zzz"),
		writer_of(SNAPSHOT_EXCHANGE, "") };
	struct rm_value wrong = { { 9, 9, 9 } };

	set_value(&w[0], 7);
	set_value(&w[3], 8);
	w[1].wish.expected = &wrong;
	CHECK(together(batch, w) == 1 && !w[0].result && !w[1].result &&
	                !w[2].result && !w[3].result &&
	                stored_word(thread, "a") == 7 &&
	                stored_word(thread, "") == 8,
	        "a write without effect also waits for the publication");
	struct writer none[WRITERS] = { writer_of(SNAPSHOT_TAKE, "x"),
		writer_of(SNAPSHOT_TAKE, "y"),
		writer_of(SNAPSHOT_COMPARE_REMOVE, "a"),
		writer_of(SNAPSHOT_INSERT, "a") };

	set_value(&none[3], 5);
	none[2].wish.expected = &wrong;
	CHECK(together(batch, none) == 0 && none[3].result &&
	                stored_word(thread, "a") == 7,
	        "a batch that changes nothing copies nothing");
}

static void batches(void)
{
	struct rm_sizing sizing = {
		.keys = 10, .threads = WRITERS + 1, .shape = str
	};
	struct snapshot_batch *batch = snapshot_batch_create(&sizing);
	void *thread = snapshot_join(&batch->map, WRITERS);
	char why[200] = "";

	snapshot_park(thread);
	snapshot_unpark(thread);
	one_key(batch, thread);
	mixed(batch, thread);
	CHECK(batch->writes == 6, "six writes changed something");
	CHECK(snapshot_check(batch, why, sizeof(why)), "the map is sound");
	snapshot_leave(thread);
	snapshot_batch_destroy(batch);
}

int main(void)
{
	batches();
	model_check(&rm_impl_snapshot_batch, 25000);
	race_check(&rm_impl_snapshot_batch, 2500, false);
	return DONE();
}
