/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_record.c - tests the recorder of a window: what it records, how it calls
 * the map, its errors, and that operations of two threads do not overlap.
 *
 * To make two threads meet, an operation of the first thread starts the second
 * one while it is inside the map. The operation returns when the second thread
 * parks, or when that thread is done because nothing blocked it.
 */
#include "runner/trace/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 64, HANG_S = 120, OPERATIONS_MOST = 4096 };

/* Observations during an operation of the first thread. */
struct meeting {
	struct rm_recorder *recorder;
	enum rm_operation second;
	pthread_t thread;
	atomic_bool parked, done, inside;
	bool waited;    /* true if the second thread parked and was not done */
	bool early;     /* true if it unparked while the first thread was in the
	                   map */
	uint64_t noted; /* number of records when the second thread parked */
	uint64_t own_noted; /* number of records when the first thread was in
	                       the map */
};

/* A map for ranks below KEYS that records how it is called. */
struct table {
	struct rm_value values[KEYS];
	bool there[KEYS];
	struct rm_shape shape; /* argument of the last call */
	unsigned calls, quiesced, parks, unparks;
	struct meeting *meeting;
	struct rm_recorder *shared; /* recorder that several threads use, or
	                               NULL */
};

struct handle {
	struct table *table;
	unsigned slot;
};

static void meet(struct handle *handle);

static uint64_t called(
        struct handle *handle, struct rm_shape shape, struct rm_key key)
{
	uint64_t rank = (uint32_t)key.word;

	if (shape.str)
		memcpy(&rank, key.bytes + 8, sizeof(rank));
	handle->table->shape = shape;
	handle->table->calls++;
	if (handle->table->meeting && handle->slot == 0)
		meet(handle);
	if (handle->table->shared)
		sched_yield();
	return rank % KEYS;
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct handle *handle = thread;
	uint64_t rank = called(handle, shape, key);

	if (handle->table->there[rank])
		*value = handle->table->values[rank];
	return handle->table->there[rank];
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct handle *handle = thread;
	uint64_t rank = called(handle, shape, key);
	bool was_there = handle->table->there[rank];

	handle->table->values[rank] = *value;
	handle->table->there[rank] = true;
	return was_there;
}

static bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	struct handle *handle = thread;
	uint64_t rank = called(handle, shape, key);
	bool was_there = handle->table->there[rank];

	handle->table->there[rank] = false;
	return was_there;
}

static void quiesce(void *thread)
{
	struct handle *handle = thread;

	/* The thread in the map may be using the other member. */
	if (handle->slot == 0)
		handle->table->quiesced++;
}

static void park(void *thread)
{
	struct handle *handle = thread;

	handle->table->parks++;
	if (handle->table->meeting) {
		handle->table->meeting->noted =
		        rm_recorder_count(handle->table->meeting->recorder);
		/* publishes `noted` to the first thread, which waits for it */
		atomic_store(&handle->table->meeting->parked, true);
	}
}

static void unpark(void *thread)
{
	struct handle *handle = thread;

	handle->table->unparks++;
	if (handle->table->meeting)
		handle->table->meeting->early =
		        atomic_load(&handle->table->meeting->inside);
}

static const struct rm_map_ops parking = { .lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
	.park = park,
	.unpark = unpark };
static const struct rm_map_ops plain = { .lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce };
static const struct rm_impl parking_map = { .id = "parking", .ops = &parking };
static const struct rm_impl plain_map = { .id = "plain", .ops = &plain };

/* Operations of one thread, in the format that rm_drive_replay() reads. */
struct stream {
	uint32_t entries[2 * OPERATIONS_MOST + 1];
	uint64_t used, operations;
};

static void add(
        struct stream *stream, enum rm_operation operation, uint32_t rank)
{
	stream->entries[stream->used++] = rm_replay_entry(rank, operation);
	if (operation == RM_UPSERT) /* differs from the ordinal in the record */
		stream->entries[stream->used++] = 77;
	stream->entries[stream->used] = RM_OPERATIONS;
	stream->operations++;
}

static const atomic_bool never;

static struct rm_worker worker_of(struct handle *handle)
{
	return (struct rm_worker){ .thread = handle,
		.stop = &never,
		.resident = UINT64_MAX,
		.write_kind = RM_UPDATE,
		.slot = handle->slot,
		.threads = 1,
		.replay = true };
}

static struct rm_worker drive(struct rm_recorder *recorder,
        const struct rm_impl *impl, struct rm_shape shape,
        struct handle *handle, const struct stream *stream)
{
	struct rm_worker worker = worker_of(handle);

	worker.stream = stream->entries;
	worker.iterations_limit = stream->operations;
	rm_recorder_drive(recorder, impl, shape, &worker);
	return worker;
}

/* Returns the text of the record, which the caller frees, or NULL after an
   error. */
static char *text_of(const struct rm_recorder *recorder, uint64_t resident)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct rm_error error = { "" };
	int failed = rm_recorder_write(recorder, resident, false, out, &error);

	fclose(out);
	if (!failed)
		return text;
	printf("# %s\n", error.text);
	free(text);
	return NULL;
}

static bool records(const struct rm_recorder *recorder, uint64_t resident,
        const char *expected)
{
	char *text = text_of(recorder, resident);
	bool same = text && !strcmp(text, expected);

	if (!same)
		printf("# recorded:\n# %s\n", text ? text : "nothing");
	free(text);
	return same;
}

static void few(struct stream *stream)
{
	*stream = (struct stream){ .used = 0 };
	add(stream, RM_LOOKUP, 1);
	add(stream, RM_UPSERT, 5);
	add(stream, RM_LOOKUP, 5);
	add(stream, RM_UPSERT, 5);
	add(stream, RM_REMOVE, 5);
	add(stream, RM_REMOVE, 6);
	add(stream, RM_REMOVE, 5);
	add(stream, RM_UPSERT, 0);
}

#define FEW "get 1\nset 5\nget 5\nset 5\ndel 5\ndel 6\ndel 5\nset 0\nend 8\n"

static void each_shape_is_recorded(void)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_U64X24, RM_STR16X8,
		RM_STR16X24 };
	static struct stream stream;
	bool words = true, shape = true, answers = true, handed = true;

	few(&stream);
	for (size_t i = 0; i < RM_SHAPES; i++) {
		struct table table = { .calls = 0 };
		struct handle handle = { &table, 0 };
		struct rm_recorder *recorder = rm_recorder_create(8);
		struct rm_worker worker = drive(
		        recorder, &parking_map, shapes[i], &handle, &stream);

		words &= rm_recorder_count(recorder) == 8 &&
		         records(recorder, 0, FEW) &&
		         records(recorder, 2, "has 0\nhas 1\n" FEW);
		shape &= table.shape.str == shapes[i].str &&
		         table.shape.value_bytes == shapes[i].value_bytes;
		answers &= worker.counts.inserts == 2 &&
		           worker.counts.removes == 1 &&
		           worker.counts.idle_removes == 2 &&
		           worker.counts.misses_resident == 1 &&
		           !worker.counts.wrong;
		handed &= worker.thread == &handle && table.calls == 8 &&
		          table.quiesced >= 1 && !table.parks && !table.unparks;
		rm_recorder_destroy(recorder);
	}
	CHECK(words,
	        "operations are recorded in order, by rank, in every shape");
	CHECK(shape, "the map is called with the requested shape");
	CHECK(answers, "the loop gets the map's results");
	CHECK(handed, "each operation is done once with the thread's own "
	              "handle, which does not park without contention");
}

/* A value contains its number in the record instead of the sequence number of
   the loop. */
static void values_are_numbered(void)
{
	static struct stream stream;
	struct table table = { .calls = 0 };
	struct handle first = { &table, 0xabc }, second = { &table, 3 };
	struct rm_recorder *recorder = rm_recorder_create(100);
	struct rm_value a = rm_value_of(5, 0xabc, 2), b = rm_value_of(7, 3, 3);

	stream = (struct stream){ .used = 0 };
	add(&stream, RM_UPSERT, 4);
	add(&stream, RM_LOOKUP, 4);
	add(&stream, RM_UPSERT, 5);
	drive(recorder, &plain_map, RM_U64X24, &first, &stream);
	stream = (struct stream){ .used = 0 };
	add(&stream, RM_REMOVE, 4);
	add(&stream, RM_UPSERT, 7);
	drive(recorder, &plain_map, RM_U64X24, &second, &stream);
	CHECK(!memcmp(&table.values[5], &a, sizeof(a)),
	        "a value has the ordinal of its write and its writer's slot");
	CHECK(!memcmp(&table.values[7], &b, sizeof(b)),
	        "ordinals continue from worker to worker");
	CHECK(records(recorder, 0,
	              "set 4\nget 4\nset 5\ndel 4\nset 7\nend 5\n"),
	        "the record continues from worker to worker");
	rm_recorder_destroy(recorder);
}

/* Draws more operations than the first allocation holds. */
static void many(struct stream *stream, uint64_t seed)
{
	uint64_t rng = rm_seed(1, seed);

	*stream = (struct stream){ .used = 0 };
	for (int i = 0; i < OPERATIONS_MOST; i++) {
		uint64_t x = rm_next(&rng);

		add(stream, (enum rm_operation)rm_below(x, 3), x % KEYS);
	}
}

static bool parses(const struct rm_recorder *recorder, uint64_t resident,
        bool binary, struct rm_trace *trace)
{
	char *bytes = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&bytes, &length);
	struct rm_error error = { "" };
	int failed = rm_recorder_write(recorder, resident, binary, out, &error);
	bool form;

	fclose(out);
	form = (*bytes == *RM_TRACE_MAGIC) == binary;
	failed = failed ? failed
	                : rm_trace_parse("it", bytes, length, trace, &error);
	free(bytes);
	if (failed)
		printf("# %s\n", error.text);
	return !failed && form;
}

/* Returns a digest of the keys in the map, like that of a trial's final
   state. */
static uint64_t digest_of(const struct table *table, uint64_t *held)
{
	uint64_t digest = 0;

	*held = 0;
	for (uint64_t rank = 0; rank < KEYS; rank++)
		if (table->there[rank]) {
			++*held;
			digest += rm_trace_entry_digest(
			        rm_recorder_key_hash(rank),
			        table->values[rank].word[0] >> 44);
		}
	return digest;
}

static void the_trace_ends_as_the_map(void)
{
	static struct stream stream;
	struct table table = { .calls = 0 };
	struct handle handle = { &table, 0 };
	struct rm_recorder *recorder = rm_recorder_create(OPERATIONS_MOST);
	struct rm_trace text = { 0 }, binary = { 0 };
	struct rm_trace_expected expected = { 0 };
	uint64_t held, digest;

	for (uint64_t i = 0; i < KEYS / 2; i++) {
		table.there[i] = true;
		table.values[i] = rm_value_of(i, 0, 0);
	}
	many(&stream, 0);
	drive(recorder, &plain_map, RM_STR16X8, &handle, &stream);
	CHECK(parses(recorder, KEYS / 2, false, &text) &&
	                parses(recorder, KEYS / 2, true, &binary),
	        "a record with as many operations as its limit is valid, as "
	        "text and in binary");
	CHECK(text.count == OPERATIONS_MOST && text.present == KEYS / 2 &&
	                binary.count == text.count &&
	                binary.present == text.present &&
	                binary.checksum == text.checksum,
	        "both forms have all operations and the initial keys");
	digest = digest_of(&table, &held);
	CHECK(!rm_trace_compute_expected(&text, 1, &expected) &&
	                expected.held == held && expected.digest == digest &&
	                held > KEYS / 4,
	        "the trace's final state equals the map's, value by value");
	rm_trace_clear(&text);
	rm_trace_clear(&binary);
	rm_recorder_destroy(recorder);
}

static int write_to(const struct rm_recorder *recorder, bool binary,
        const char *file, struct rm_error *error)
{
	FILE *out = fopen(file, "w");
	int failed;

	*error = (struct rm_error){ "" };
	setvbuf(out, NULL, _IONBF, 0);
	failed = rm_recorder_write(recorder, 0, binary, out, error);
	fclose(out);
	return failed;
}

static void a_limit_is_kept(void)
{
	static struct stream stream;
	struct table table = { .calls = 0 };
	struct handle handle = { &table, 0 };
	struct rm_recorder *recorder = rm_recorder_create(7);
	struct rm_error error;

	few(&stream);
	drive(recorder, &plain_map, RM_U64X8, &handle, &stream);
	CHECK(table.calls == 8 && rm_recorder_count(recorder) == 7,
	        "an operation beyond the limit is done but not recorded");
	CHECK(write_to(recorder, false, "/dev/null", &error) == -EOVERFLOW &&
	                strstr(error.text, "more than 7 operations"),
	        "after such an operation writing fails, and the error names "
	        "the limit");
	CHECK(write_to(recorder, true, "/dev/null", &error) == -EOVERFLOW,
	        "writing in binary fails, too");
	rm_recorder_destroy(recorder);
	rm_recorder_destroy(NULL);
}

/* Makes 64 look-ups or writes of one rank, in the loop for key streams. */
static int record_rank(
        struct rm_shape shape, uint32_t rank, bool writes, uint64_t *count)
{
	struct table table = { .calls = 0 };
	struct handle handle = { &table, 0 };
	struct rm_worker worker = worker_of(&handle);
	struct rm_recorder *recorder = rm_recorder_create(RM_BATCH);
	struct rm_error error;
	int failed;

	worker.replay = false;
	worker.stream = &rank;
	worker.iterations_limit = RM_BATCH;
	worker.write_below = writes ? UINT32_MAX : 0;
	rm_recorder_drive(recorder, &plain_map, shape, &worker);
	failed = write_to(recorder, false, "/dev/null", &error);
	*count = rm_recorder_count(recorder);
	rm_recorder_destroy(recorder);
	return failed;
}

static void ranks_have_30_bits(void)
{
	const uint32_t last = RM_TRACE_KEYS_MAX - 1;
	bool kept = true, refused = true;
	uint64_t count;

	for (int i = 0; i < 4; i++) {
		struct rm_shape shape = i & 1 ? RM_STR16X8 : RM_U64X8;

		kept &= !record_rank(shape, last, i & 2, &count) &&
		        count == RM_BATCH;
		refused &= record_rank(shape, last + 1, i & 2, &count) ==
		                   -EOVERFLOW &&
		           !count;
	}
	CHECK(kept, "the last rank below 2^30 is recorded");
	CHECK(refused, "the next rank is not recorded, and writing fails");
}

/* Ranks of fresh string keys may exceed 32 bits. */
static void long_ranks_are_refused(void)
{
	struct rm_fresh fresh[1];
	struct table table = { .calls = 0 };
	struct handle handle = { &table, 0 };
	struct rm_worker worker = worker_of(&handle);
	struct rm_recorder *recorder = rm_recorder_create(1000);
	struct rm_error error;

	worker.replay = false;
	worker.write_kind = RM_FRESH;
	atomic_init(&fresh[0].base, (1ULL << 32) + 1);
	worker.fresh = fresh;
	worker.slot = 0;
	worker.fresh_done = (1ULL << 32) + 1;
	worker.threads = 1;
	worker.resident = worker.span = 4;
	worker.iterations_limit = RM_BATCH;
	rm_recorder_drive(recorder, &plain_map, RM_STR16X8, &worker);
	CHECK(write_to(recorder, false, "/dev/null", &error) == -EOVERFLOW &&
	                !rm_recorder_count(recorder),
	        "all bits of a string key's rank are read");
	rm_recorder_destroy(recorder);
}

static void a_full_disk_is_an_error(void)
{
	static struct stream stream;
	struct table table = { .calls = 0 };
	struct handle handle = { &table, 0 };
	struct rm_recorder *recorder = rm_recorder_create(100);
	struct rm_error error;
	bool reported = true;

	few(&stream);
	drive(recorder, &plain_map, RM_U64X8, &handle, &stream);
	for (int binary = 0; binary < 2; binary++)
		reported &=
		        write_to(recorder, binary, "/dev/full", &error) < 0 &&
		        strstr(error.text, "not written: ");
	CHECK(reported, "a record that does not fit on the disk is an error");
	CHECK(!write_to(recorder, false, "/dev/null", &error) && !*error.text,
	        "the record can still be written completely elsewhere");
	rm_recorder_destroy(recorder);
}

/* The second thread makes one operation on key 2. */
static void *come_second(void *context)
{
	struct table *table = context;
	struct meeting *meeting = table->meeting;
	struct handle handle = { table, 1 };
	struct stream *stream = calloc(1, sizeof(*stream));

	add(stream, meeting->second, 2);
	drive(meeting->recorder, &parking_map, RM_U64X8, &handle, stream);
	free(stream);
	atomic_store(&meeting->done, true);
	return NULL;
}

/* Called within an operation of the first thread. */
static void meet(struct handle *handle)
{
	struct meeting *meeting = handle->table->meeting;

	meeting->own_noted = rm_recorder_count(meeting->recorder);
	atomic_store(&meeting->inside, true);
	pthread_create(&meeting->thread, NULL, come_second, handle->table);
	while (!atomic_load(&meeting->parked) && !atomic_load(&meeting->done))
		sched_yield();
	/* this is the time in which the second thread may misbehave; a short
	   time could hide a bug */
	for (int i = 0; i < 1000 && !atomic_load(&meeting->done); i++)
		sched_yield();
	meeting->waited =
	        atomic_load(&meeting->parked) && !atomic_load(&meeting->done);
	atomic_store(&meeting->inside, false);
}

static bool meets(enum rm_operation first, enum rm_operation second)
{
	static const char *const words[] = { "get", "set", "del" };
	static struct stream stream;
	struct meeting meeting = { .second = second,
		.recorder = rm_recorder_create(2) };
	struct table table = { .meeting = &meeting };
	struct handle handle = { &table, 0 };
	char expected[40];
	bool right;

	stream = (struct stream){ .used = 0 };
	add(&stream, first, 1);
	drive(meeting.recorder, &parking_map, RM_U64X8, &handle, &stream);
	pthread_join(meeting.thread, NULL);
	snprintf(expected, sizeof(expected), "%s 1\n%s 2\nend 2\n",
	        words[first], words[second]);
	right = records(meeting.recorder, 0, expected);
	right &= meeting.waited && !meeting.early && meeting.own_noted == 1 &&
	         meeting.noted == 1 && table.parks == 1 && table.unparks == 1;
	rm_recorder_destroy(meeting.recorder);
	return right;
}

/*
 * The first operation stays in the map until the second thread parks. At that
 * time only the first operation is recorded. So it was recorded first, and the
 * second one was neither recorded nor executed before the first one returned.
 */
static void operations_wait_for_each_other(void)
{
	static const char *const names[RM_OPERATIONS] = {
		"a look-up is recorded before another operation begins",
		"an upsert is recorded before another operation begins, and "
		"the other thread parks until then",
		"a remove is recorded before another operation begins"
	};

	for (enum rm_operation first = 0; first < RM_OPERATIONS; first++) {
		bool all = true;

		for (enum rm_operation i = 0; i < RM_OPERATIONS; i++)
			all &= meets(first, i);
		CHECK(all, names[first]);
	}
}

/* Draws operations on the same keys as the other threads. */
static void *run_shared(void *context)
{
	struct handle *handle = context;
	struct stream *stream = calloc(1, sizeof(*stream));

	many(stream, handle->slot);
	drive(handle->table->shared, &plain_map, RM_U64X8, handle, stream);
	free(stream);
	return NULL;
}

/* The map yields within its operations, so that other threads run. It has no
   operation `park`. */
static void threads_lose_no_operation(void)
{
	enum { THREADS = 3 };
	struct table table = { .shared = rm_recorder_create(
		                       THREADS * OPERATIONS_MOST) };
	struct handle handles[THREADS];
	struct rm_trace trace = { 0 };
	struct rm_trace_expected expected = { 0 };
	pthread_t threads[THREADS];
	uint64_t held, digest;

	for (unsigned i = 0; i < THREADS; i++) {
		handles[i] = (struct handle){ &table, i };
		pthread_create(&threads[i], NULL, run_shared, &handles[i]);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK(parses(table.shared, 0, false, &trace) &&
	                trace.count == THREADS * OPERATIONS_MOST &&
	                table.calls == trace.count,
	        "several threads lose no operation, with a map without park");
	digest = digest_of(&table, &held);
	CHECK(!rm_trace_compute_expected(&trace, 1, &expected) &&
	                expected.held == held && expected.digest == digest,
	        "the trace's final state equals the map's");
	rm_trace_clear(&trace);
	rm_recorder_destroy(table.shared);
}

int main(void)
{
	alarm(HANG_S);
	each_shape_is_recorded();
	values_are_numbered();
	the_trace_ends_as_the_map();
	a_limit_is_kept();
	ranks_have_30_bits();
	long_ranks_are_refused();
	a_full_disk_is_an_error();
	operations_wait_for_each_other();
	threads_lose_no_operation();
	return DONE();
}
