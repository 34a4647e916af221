/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_call.c - tests operations on a map: each kind calls its own
   function with the right arguments, and wrong results stop the schedule. The
   map is a stub that records its calls. */
#include "verify/explore/call.c"

#include "tests/unit/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

enum { WRITER = 2, SELF = 1, PAIRS = 4, KEYS = 3, STRANGER = 99 };

static const struct rm_shape numbers = { .value_bytes = 8 };
static const struct rm_shape words = { .str = true, .value_bytes = 24 };

struct rm_explore_world rm_explore;

/* The last stop of the schedule, and the times of other lanes that the running
 * lane knows. */
static struct {
	jmp_buf out;
	enum rm_explore_fault fault;
	char what[512];
	unsigned queried_lane;
	uint32_t queried_time, known; /* all times up to this one are known */
} stop;

void rm_explore_stop(enum rm_explore_fault fault, const void *site,
        const void *other, const char *format, ...)
{
	va_list list;

	(void)site;
	(void)other;
	stop.fault = fault;
	va_start(list, format);
	vsnprintf(stop.what, sizeof(stop.what), format, list);
	va_end(list);
	longjmp(stop.out, 1);
}

bool rm_explore_happened_before(unsigned lane, uint32_t time)
{
	stop.queried_lane = lane;
	stop.queried_time = time;
	return time <= stop.known;
}

const char *rm_explore_lane_name(unsigned lane)
{
	static const char *const names[] = { "the main thread", "thread 1",
		"thread 2" };

	return names[lane];
}

/* ---- a map that records its calls ---- */

static struct {
	char name[16];
	/* whether the arguments were right; the value to return */
	bool right, answer;
	const struct rm_explore_call *call;
	const struct rm_value *present; /* value that update() finds */
	struct rm_value written;
	unsigned yields, went_on;
	bool torn;        /* scans yield torn values */
	uint64_t rank[8]; /* keys that scans yield */
} map;

static bool called(const char *name, void *thread, struct rm_shape shape,
        struct rm_key key)
{
	snprintf(map.name, sizeof(map.name), "%s", name);
	map.right = thread == map.call->thread && shape.str == words.str &&
	            shape.value_bytes == words.value_bytes &&
	            key.word == map.call->key.word;
	return map.answer;
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	bool answer = called("lookup", thread, shape, key);

	map.right &= value == &map.call->result;
	return answer;
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	bool answer = called("upsert", thread, shape, key);

	map.right &= value == &map.call->value;
	return answer;
}

static bool take_out(void *thread, struct rm_shape shape, struct rm_key key)
{
	return called("remove", thread, shape, key);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	bool answer = called("exchange", thread, shape, key);

	map.right &= value == &map.call->value && old == &map.call->result;
	return answer;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	bool answer = called("take", thread, shape, key);

	map.right &= old == &map.call->result;
	return answer;
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	bool answer = called("insert", thread, shape, key);

	map.right &= value == &map.call->value && present == &map.call->result;
	return answer;
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	bool answer = called("swap", thread, shape, key);

	map.right &=
	        expected == &map.call->expected && value == &map.call->value;
	return answer;
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	bool answer = called("compare remove", thread, shape, key);

	map.right &= expected == &map.call->expected;
	return answer;
}

/* Calls back twice, like a map that retries; the second call counts. */
static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	const struct rm_value other = rm_value_of(0, 0, 1);
	bool answer = called("update", thread, shape, key);

	map.right &= fn(context, map.present ? NULL : &other, &map.written);
	memset(&map.written, 0, sizeof(map.written));
	map.right &= fn(context, map.present, &map.written);
	return answer;
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	called("scan", thread, shape, map.call->key);
	for (unsigned i = 0; i < map.yields; i++) {
		struct rm_key_bytes line;
		struct rm_key key = rm_key_of(shape, map.rank[i], &line);
		struct rm_value value = rm_value_of(map.rank[i], WRITER, i + 1);

		if (shape.str)
			key.word = 0; /* the bytes of the key have the rank */
		value.word[0] ^= map.torn;
		map.went_on += fn(context, key, &value);
	}
}

static size_t length(void *thread)
{
	called("length", thread, words, map.call->key);
	return 42;
}

static void clear(void *thread)
{
	called("clear", thread, words, map.call->key);
}

static const struct rm_map_ops ops = { .lookup = lookup,
	.upsert = upsert,
	.remove = take_out,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.compare_swap = compare_swap,
	.compare_remove = compare_remove,
	.update = update,
	.scan = scan,
	.length = length,
	.clear = clear };

/* ---- calls of this map ---- */

static struct rm_explore_lane self = { .id = SELF };
static struct rm_history_pair pair[PAIRS + 1];
static size_t pairs;
static const uint32_t rank[KEYS + 1] = { 7, 0, 12, 1000 /* not a key */ };
static const uint32_t begun[] = { 0, 10, 20, 30, 40, 50 };

static const uint64_t sequence = sizeof(begun) / sizeof(*begun) - 1;

static struct rm_explore_call make(struct rm_shape shape)
{
	pairs = 0;
	memset(pair, 0, sizeof(pair));
	stop.fault = RM_EXPLORE_NOTHING;
	stop.known = 1000;
	stop.queried_lane = STRANGER;
	return (struct rm_explore_call){ .lane = &self,
		.thread = &self,
		.ops = &ops,
		.shape = shape,
		.key = { .word = 77 },
		.value = rm_value_of(7, SELF, 3),
		.pair = pair,
		.pairs = &pairs,
		.pairs_most = PAIRS,
		.rank = rank,
		.keys = KEYS,
		.begun = begun,
		.sequence = &sequence };
}

static bool calls(unsigned kind, const char *name, bool answers)
{
	struct rm_explore_call call = make(words);
	bool same = true;

	map.call = &call;
	for (int answer = 0; answer < 2; answer++) {
		map.answer = answer;
		same &= rm_explore_perform(&call, kind) ==
		                (answers && answer) &&
		        !strcmp(map.name, name) && map.right;
	}
	return same;
}

static void kinds(void)
{
	struct rm_explore_call call = make(words);

	CHECK(calls(RM_HISTORY_LOOKUP, "lookup", true), "lookup is called");
	CHECK(calls(RM_HISTORY_UPSERT, "upsert", true), "upsert is called");
	CHECK(calls(RM_HISTORY_REMOVE, "remove", true), "remove is called");
	CHECK(calls(RM_HISTORY_EXCHANGE, "exchange", true),
	        "exchange is called");
	CHECK(calls(RM_HISTORY_TAKE, "take", true), "take is called");
	CHECK(calls(RM_HISTORY_INSERT_IF_ABSENT, "insert", true),
	        "insert_if_absent is called");
	CHECK(calls(RM_HISTORY_COMPARE_SWAP, "swap", true),
	        "compare_swap is called");
	CHECK(calls(RM_HISTORY_COMPARE_REMOVE, "compare remove", true),
	        "compare_remove is called");
	map.yields = 0;
	CHECK(calls(RM_HISTORY_SCAN, "scan", false), "a scan returns false");
	CHECK(calls(RM_HISTORY_CLEAR, "clear", false), "a clear returns false");
	map.call = &call;
	CHECK(!rm_explore_perform(&call, RM_HISTORY_LENGTH) &&
	                !strcmp(map.name, "length") &&
	                call.result.word[0] == 42,
	        "a length is stored as the result");
}

static void updates(void)
{
	const struct rm_value old = rm_value_of(7, WRITER, 5);
	struct rm_explore_call call = make(words);

	map.call = &call;
	map.answer = false;
	map.present = &old;
	CHECK(rm_explore_perform(&call, RM_EXPLORE_UPDATE) && map.right &&
	                !memcmp(&call.result, &old, 24),
	        "an update returns what its last callback saw");
	CHECK(!memcmp(&map.written, &call.value, 24),
	        "an update writes its value");
	call = make(words);
	map.answer = true;
	map.present = NULL;
	CHECK(!rm_explore_perform(&call, RM_EXPLORE_UPDATE),
	        "an update returns false if its last callback saw no key");
	call = make(numbers);
	updated(&call, &old, &map.written);
	CHECK(map.written.word[0] == call.value.word[0] &&
	                call.result.word[0] == old.word[0] &&
	                !call.result.word[1],
	        "an update copies as many bytes as the shape has");
}

static bool stops(struct rm_explore_call *call, const struct rm_value *value,
        uint64_t key)
{
	if (setjmp(stop.out))
		return true;
	rm_explore_verify_value(call, value, key, "lookup");
	return false;
}

static void values(void)
{
	struct rm_explore_call call = make(words);
	struct rm_value value = rm_value_of(12, WRITER, 4);

	CHECK(!stops(&call, &value, 2), "a value of the key is accepted");
	CHECK(stops(&call, &value, 1) && stop.fault == RM_EXPLORE_TORN &&
	                strstr(stop.what,
	                        "thread 1: lookup returns a value that was "
	                        "never "
	                        "written for key 1: 000040020000000c..."),
	        "another key's value stops the schedule and is printed");
	CHECK(!stops(&call, &value, 12) && stops(&call, &value, 13),
	        "a number larger than all keys is its own rank");
	value = rm_value_of(KEYS, WRITER, 4);
	CHECK(!stops(&call, &value, KEYS),
	        "the number right after the last key is its own rank");
	value = rm_value_of(12, WRITER, 4);
	value.word[2] ^= 1;
	CHECK(stops(&call, &value, 2) && stop.fault == RM_EXPLORE_TORN,
	        "a wrong word of a value stops the schedule");
	call.shape = numbers;
	CHECK(!stops(&call, &value, 2), "words beyond the shape are ignored");
	for (unsigned i = 0; i < 3; i++) {
		static const struct {
			unsigned writer;
			uint64_t sequence;
		} none[] = { { RM_EXPLORE_LANES, 4 }, { WRITER, 0 },
			{ WRITER, 6 } };

		stop.fault = RM_EXPLORE_NOTHING;
		value = rm_value_of(12, none[i].writer, none[i].sequence);
		CHECK(stops(&call, &value, 2) && stop.fault == RM_EXPLORE_TORN,
		        "a value with an invalid writer or sequence is torn");
	}
}

static void published(void)
{
	struct rm_explore_call call = make(words);
	struct rm_value value = rm_value_of(12, WRITER, 4);

	stop.known = 40;
	CHECK(!stops(&call, &value, 2) && stop.queried_lane == WRITER &&
	                stop.queried_time == 40,
	        "the reader must know the writer up to its operation's begin");
	stop.known = 39;
	CHECK(stops(&call, &value, 2) && stop.fault == RM_EXPLORE_RACE &&
	                strstr(stop.what, "thread 1: lookup returns the value "
	                                  "that thread 2 wrote for key 2,"),
	        "if the reader does not know the writer, it is a race, which "
	        "names both threads");
	rm_explore.alone = true;
	CHECK(!stops(&call, &value, 2),
	        "the main thread knows all threads while it is alone");
	rm_explore.alone = false;
	value = rm_value_of(12, SELF, 4);
	CHECK(!stops(&call, &value, 2), "a thread knows its own values");
}

static bool scan_stops(struct rm_explore_call *call)
{
	map.call = call;
	map.right = false;
	if (setjmp(stop.out))
		return true;
	rm_explore_perform(call, RM_HISTORY_SCAN);
	return false;
}

static void scans(struct rm_shape shape)
{
	struct rm_explore_call call = make(shape);

	map.yields = 4;
	map.went_on = 0;
	memcpy(map.rank, (uint64_t[]){ 12, 0, 7, 500 }, 4 * sizeof(uint64_t));
	CHECK(!scan_stops(&call) && pairs == 4 && pair[0].key == 2 &&
	                pair[1].key == 1 && pair[2].key == 0 &&
	                pair[3].key == 500,
	        "a scan's pairs have keys, or the rank of an unknown key");
	CHECK(pair[0].value == rm_value_of(12, WRITER, 1).word[0] &&
	                pair[3].value == rm_value_of(500, WRITER, 4).word[0],
	        "a scan's pairs have values");
	CHECK(map.went_on == 4, "a scan is never stopped early");
	map.yields = 1;
	CHECK(scan_stops(&call) && stop.fault == RM_EXPLORE_LIVELOCK &&
	                pairs == PAIRS && !pair[PAIRS].value,
	        "more pairs than the buffer holds are a livelock");
	call = make(shape);
	map.torn = true;
	CHECK(scan_stops(&call) && stop.fault == RM_EXPLORE_TORN &&
	                strstr(stop.what, "scan returns") && !pairs,
	        "a torn value of a scan stops the schedule");
	map.torn = false;
}

/* Rank 2 belongs to no key, but 2 is the number of a key. */
static void scans_stranger(void)
{
	struct rm_explore_call call = make(numbers);

	map.yields = 1;
	map.rank[0] = 2;
	CHECK(!scan_stops(&call) && pair[0].key == KEYS,
	        "an unknown rank is not mistaken for the key of that number");
}

static void words_of(void)
{
	const struct rm_value value = rm_value_of(12, 0xa35, 0x81234);
	struct rm_value whole = rm_explore_expand_value(value.word[0]);

	CHECK(!memcmp(&whole, &value, sizeof(value)),
	        "a value is restored from its first word");
	CHECK(rm_explore_returns_value(RM_EXPLORE_UPDATE) &&
	                rm_explore_returns_value(RM_HISTORY_LOOKUP) &&
	                !rm_explore_returns_value(RM_HISTORY_UPSERT) &&
	                !rm_explore_returns_value(RM_HISTORY_SCAN),
	        "update and lookup return values");
}

int main(void)
{
	kinds();
	updates();
	values();
	published();
	scans(numbers);
	scans(words);
	scans_stranger();
	words_of();
	return DONE();
}
