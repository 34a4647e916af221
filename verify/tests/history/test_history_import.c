/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history_import.c - tests histories of other projects: the event that
 * each pair of lines becomes, and the errors with their line numbers.
 */
#include "tests/unit/tap.h"
#include "verify/history/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t never = RM_HISTORY_NEVER;

static struct rm_history history;
static struct rm_error error;

/* Expands "0 ok read :value 3" to the map of a log; keeps other lines. */
static void expand(FILE *out, const char *line, size_t length)
{
	char copy[100], process[20], type[20], f[20];
	int used = 0;

	snprintf(copy, sizeof(copy), "%.*s", (int)length, line);
	if (strchr("{[]", *copy) ||
	        sscanf(copy, "%19s %19s %19s%n", process, type, f, &used) < 3)
		fprintf(out, "%s\n", copy);
	else
		fprintf(out, "{:process %s, :type :%s, :f :%s%s}\n", process,
		        type, f, copy + used);
}

static int reads_edn(const char *text)
{
	char *log = NULL;
	size_t length;
	FILE *out = open_memstream(&log, &length);
	int failed;

	for (size_t i; *text; text += i + (text[i] == '\n')) {
		i = strcspn(text, "\n");
		expand(out, text, i);
	}
	fclose(out);
	rm_history_clear(&history);
	error = (struct rm_error){ "" };
	failed = rm_import_edn("f", log, length, &history, &error);
	free(log);
	return failed;
}

static int reads_etcd(const char *text)
{
	rm_history_clear(&history);
	error = (struct rm_error){ "" };
	return rm_import_etcd("f", text, strlen(text), &history, &error);
}

/* True if the history consists of these events. Unset members are 0. */
static bool is(const struct rm_history_event *events, size_t count)
{
	bool same = history.count == count && !strcmp(history.stamps, "index");

	for (size_t i = 0; i < history.count; i++) {
		const struct rm_history_event *a = history.events + i;
		const struct rm_history_event *b = events + i;

		printf("# %u %s %llx value %llx expected %llx result %llx "
		       "there %d unknown %u %llu-%llu\n",
		        a->thread, rm_history_kind_name(a->kind),
		        (unsigned long long)a->key,
		        (unsigned long long)a->value,
		        (unsigned long long)a->expected,
		        (unsigned long long)a->result, a->there, a->unknown,
		        (unsigned long long)a->invoked,
		        (unsigned long long)a->returned);
		same = same && a->thread == b->thread && a->kind == b->kind &&
		       a->key == b->key && a->value == b->value &&
		       a->expected == b->expected && a->result == b->result &&
		       a->there == b->there && a->unknown == b->unknown &&
		       a->invoked == b->invoked && a->returned == b->returned;
	}
	if (error.text[0])
		printf("# %s\n", error.text);
	return same;
}

#define IS(...)                                                            \
	is((const struct rm_history_event[]){ __VA_ARGS__ },               \
	        sizeof((const struct rm_history_event[]){ __VA_ARGS__ }) / \
	                sizeof(struct rm_history_event))

/* --- Jepsen --- */

static void a_register_is_read_event_by_event(void)
{
	CHECK(!reads_edn("12 invoke write :value 3\n"
	                 "9 invoke read :value nil\n"
	                 "9 ok read :value nil\n"
	                 "12 ok write :value 3\n"
	                 "9 invoke read\n"
	                 "9 ok read :value 3\n"),
	        "a register's history is read");
	CHECK(IS({ .thread = 1,
	                 .kind = RM_HISTORY_LOOKUP,
	                 .invoked = 2,
	                 .returned = 3 },
	              { .kind = RM_HISTORY_UPSERT,
	                      .value = 3,
	                      .there = true,
	                      .unknown = RM_HISTORY_UNKNOWN_THERE,
	                      .invoked = 1,
	                      .returned = 4 },
	              { .thread = 1,
	                      .kind = RM_HISTORY_LOOKUP,
	                      .result = 3,
	                      .there = true,
	                      .invoked = 5,
	                      .returned = 6 }),
	        "stamps are line numbers from 1, threads are in the order of "
	        "their first lines, and nil means absent");
	CHECK(!history.key_count && !history.value_count &&
	                !history.initial_count,
	        "numbers get no names, and the register begins absent");
}

static void compare_and_swap_has_two_values(void)
{
	CHECK(!reads_edn("0 invoke cas :value [1 2]\n"
	                 "0 ok cas :value [1 2]\n"
	                 "0 invoke cas :value [4 5]\n"
	                 "0 fail cas :value [4 5]\n"),
	        "swaps are read");
	CHECK(IS({ .kind = RM_HISTORY_COMPARE_SWAP,
	              .expected = 1,
	              .value = 2,
	              .there = true,
	              .invoked = 1,
	              .returned = 2 }),
	        "the old value comes first, and a failed swap is left out");
}

static void what_did_not_end_never_returned(void)
{
	CHECK(!reads_edn("0 invoke write :value 1\n"
	                 "0 info write :value 1\n"
	                 "0 invoke write :value 2\n"
	                 "1 invoke read\n"
	                 "0 ok write\n"),
	        "timeouts and truncated logs are read");
	CHECK(IS({ .kind = RM_HISTORY_UPSERT,
	                 .value = 1,
	                 .invoked = 1,
	                 .returned = never },
	              { .thread = 1,
	                      .kind = RM_HISTORY_UPSERT,
	                      .value = 2,
	                      .there = true,
	                      .unknown = RM_HISTORY_UNKNOWN_THERE,
	                      .invoked = 3,
	                      .returned = 5 },
	              { .thread = 2,
	                      .kind = RM_HISTORY_LOOKUP,
	                      .invoked = 4,
	                      .returned = never }),
	        "after a timeout the process continues as another thread, "
	        "since "
	        "the operation may still run");
}

static void failures_and_the_nemesis_are_left_out(void)
{
	CHECK(!reads_edn(":nemesis info start\n"
	                 "0 invoke read\n"
	                 "0 fail read\n"
	                 ":nemesis info nothing\n"
	                 "0 invoke write :value 8\n"
	                 "0 ok write\n"),
	        "failed reads and lines of the nemesis are read");
	CHECK(IS({ .kind = RM_HISTORY_UPSERT,
	              .value = 8,
	              .there = true,
	              .unknown = RM_HISTORY_UNKNOWN_THERE,
	              .invoked = 5,
	              .returned = 6 }),
	        "failed reads and lines of the nemesis count as lines but are "
	        "not events, and a process continues after a failure");
	CHECK(!reads_edn(":nemesis info start\n") && !history.count,
	        "a history may consist of the nemesis' lines only");
}

#define TUPLES                              \
	"0 invoke write :value [7 70]\n"    \
	"1 invoke cas :value [8 [80 81]]\n" \
	"0 ok write :value [7 70]\n"        \
	"1 ok cas :value [8 [80 81]]\n"     \
	"0 invoke read :value [7 nil]\n"    \
	"0 ok read :value [7 70]\n"

static bool is_of_two_keys(void)
{
	return IS({ .kind = RM_HISTORY_UPSERT,
	                  .key = 7,
	                  .value = 70,
	                  .there = true,
	                  .unknown = RM_HISTORY_UNKNOWN_THERE,
	                  .invoked = 1,
	                  .returned = 3 },
	        { .thread = 1,
	                .kind = RM_HISTORY_COMPARE_SWAP,
	                .key = 8,
	                .expected = 80,
	                .value = 81,
	                .there = true,
	                .invoked = 2,
	                .returned = 4 },
	        { .kind = RM_HISTORY_LOOKUP,
	                .key = 7,
	                .result = 70,
	                .there = true,
	                .invoked = 5,
	                .returned = 6 });
}

static void tuples_have_keys(void)
{
	CHECK(!reads_edn(TUPLES) && is_of_two_keys(),
	        "the first element of a tuple is the key");
	CHECK(!reads_edn("[\n" TUPLES "]\n") && is_of_two_keys(),
	        "maps inside of one vector give the same history");
	CHECK(!reads_edn("0 invoke write :value [\"k\" \"v\"]\n"
	                 "0 ok write :value [\"k\" \"v\"]\n") &&
	                history.key_count == 1 &&
	                !strcmp(history.keys[0].text, "k") &&
	                history.value_count == 1 &&
	                !strcmp(history.values[0].text, "'v'"),
	        "texts become names");
}

/* --- Porcupine's key-value logs --- */

static void texts_are_joined(void)
{
	uint64_t a, ab;

	CHECK(!reads_edn("0 invoke put :key \"x\" :value \"a\"\n"
	                 "0 ok put :key \"x\"\n"
	                 "1 invoke append :key \"x\" :value \"b\"\n"
	                 "1 ok append :key \"x\"\n"
	                 "1 invoke get :key \"x\"\n"
	                 "1 ok get :key \"x\" :value \"ab\"\n"),
	        "puts, appends and gets of texts are read");
	a = history.events[0].value;
	ab = history.events[2].result;
	CHECK(history.count == 3 && a && ab && a != ab &&
	                history.events[1].kind == RM_HISTORY_APPEND &&
	                history.events[1].unknown == RM_HISTORY_UNKNOWN_THERE &&
	                history.events[1].expected == rm_import_factor("b") &&
	                history.events[1].key == history.events[2].key,
	        "an append joins by the length of its text");
	CHECK(history.initial_count == 1 && !history.initial[0].value &&
	                history.initial[0].key == history.events[0].key,
	        "a key begins as the empty text, once");
	CHECK(!reads_edn("0 invoke get :key \"x\"\n"
	                 "0 ok get :key \"x\" :value \"\"\n") &&
	                history.events[0].there && !history.events[0].result,
	        "an empty result is the empty text, not absence");
}

/* --- Porcupine's logs of etcd --- */

#define ETCD(line) "12:30 INFO  jepsen.util - " line "\n"

static void logs_of_etcd_are_read(void)
{
	CHECK(!reads_etcd("INFO  jepsen.core - Running\n" ETCD(
	              "0\t:invoke\t:"
	              "read\tnil") ETCD("0\t:ok\t:read\t5") ETCD("1\t:invoke\t:"
	                                                         "cas\t[2 "
	                                                         "1]")
	                      ETCD("1\t:fail\t:cas\t[2 1]") "nothing\n\n" ETCD(
	                              "0\t:invoke\t:read\tnil")
	                              ETCD("0\t:fail\t:read\t:timed-out")
	                                      ETCD("1\t:invoke\t:write\t3")
	                                              ETCD("1\t:info\t:write\t"
	                                                   ":timed-out")),
	        "etcd's lines of a log are read, others skipped");
	CHECK(IS({ .kind = RM_HISTORY_LOOKUP,
	                 .result = 5,
	                 .there = true,
	                 .invoked = 1,
	                 .returned = 2 },
	              { .thread = 1,
	                      .kind = RM_HISTORY_COMPARE_SWAP,
	                      .expected = 2,
	                      .value = 1,
	                      .invoked = 3,
	                      .returned = 4 },
	              { .thread = 1,
	                      .kind = RM_HISTORY_UPSERT,
	                      .value = 3,
	                      .invoked = 7,
	                      .returned = never }),
	        "a failed swap has a result; a failed read is left out");
	CHECK(!reads_etcd("jepsen.util - 0 :invoke :read nil") &&
	                history.count == 1,
	        "the last line needs no newline");
}

/* --- errors --- */

static bool refuses(int failed, const char *expected)
{
	bool refused = failed == -EINVAL && strstr(error.text, expected);

	if (!refused)
		printf("# %d \"%s\", expected \"%s\"\n", failed, error.text,
		        expected);
	return refused;
}

#define BEGUN "0 invoke read\n"

static void lines_that_do_not_fit_are_refused(void)
{
	CHECK(refuses(reads_edn(BEGUN BEGUN), "f:2: process 0 invokes while") &&
	                strstr(error.text, "of line 1"),
	        "a process must not invoke twice");
	CHECK(refuses(reads_edn(BEGUN "0 ok write\n"), "f:2: process 0 ends"),
	        "an operation must not end as another one");
	CHECK(refuses(reads_edn(BEGUN "0 fail read\n"
	                              "0 ok read\n"),
	              "f:3: process 0 ends"),
	        "an operation must not end twice");
	CHECK(refuses(reads_edn(BEGUN "0 info read\n"
	                              "0 ok read\n"),
	              "f:3: process 0 ends"),
	        "an operation of unknown outcome must not end");
	CHECK(refuses(reads_edn(BEGUN "1 ok read\n"), "f:2: process 1 ends"),
	        "a process must not end another one's operation");
	CHECK(refuses(reads_edn("0 invoke read :value [1 nil]\n"
	                        "0 ok read :value [2 5]\n"),
	              "f:2: another key"),
	        "an operation must not end with a larger key");
	CHECK(refuses(reads_edn("0 invoke read :value [2 nil]\n"
	                        "0 ok read :value [1 5]\n"),
	              "f:2: another key"),
	        "an operation must not end with a smaller key");
}

static void members_that_are_missing_are_refused(void)
{
	CHECK(refuses(reads_edn("{:type :invoke, :f :read}"),
	              "f:1: no :process"),
	        "a missing process is an error");
	CHECK(refuses(reads_edn("\"a\" invoke read\n"), "f:1: no :process"),
	        "a process must not be a text");
	CHECK(refuses(reads_edn("\n{:process 0, :f :read}"), "f:2: no :type"),
	        "a missing type is an error");
	CHECK(refuses(reads_edn("{:process 0, :type :invoke}"),
	              "f:1: unknown or missing :f"),
	        "a missing function is an error");
	CHECK(refuses(reads_edn("0 invoke sing\n"),
	              "f:1: unknown or missing :f"),
	        "an unknown function is an error");
	CHECK(refuses(reads_edn(BEGUN "1 invoke write\n"), "f:2: no :value"),
	        "a write needs a value");
	CHECK(refuses(reads_edn("0 invoke write :value nil\n"),
	              "f:1: a value, expected"),
	        "a write of nil is an error");
}

static void values_that_do_not_fit_are_refused(void)
{
	static const char *const swaps[] = { "1", "[1]", "[1 2 3]", "#{1 2}" };
	bool refused = refuses(reads_edn("0 invoke cas\n"),
	        "f:1: :value of :cas, expected [old new]");
	char text[100];

	for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
		snprintf(text, sizeof(text), "0 invoke cas :value %s\n",
		        swaps[i]);
		refused &= refuses(reads_edn(text), "f:1: :value of :cas");
	}
	CHECK(refused, "a swap needs two values");
	CHECK(refuses(reads_edn("0 invoke cas :value [nil 2]\n"),
	              "a value, expected") &&
	                refuses(reads_edn("0 invoke cas :value [1 nil]\n"),
	                        "a value, expected"),
	        "a swap from or to nil is an error");
	CHECK(refuses(reads_edn("0 invoke append :value \"a\"\n"),
	              "f:1: :append, expected a text for a :key"),
	        "an append needs a key");
	CHECK(refuses(reads_edn("0 invoke append :key \"k\" :value 3\n"),
	              "f:1: :append, expected a text"),
	        "an append of a number is an error");
	CHECK(refuses(reads_edn("0 invoke put :key \"k\" :value 3\n"),
	              "f:1: a value, expected a text"),
	        "a number among texts is an error");
	CHECK(refuses(reads_edn("0 invoke write :value #{1 2}\n"),
	              "f:1: a value, expected") &&
	                refuses(reads_edn("0 invoke put :key \"k\" :value "
	                                  "[\"k\" \"a\"]\n"),
	                        "f:1: a value, expected a text"),
	        "a set is not a value, nor is a tuple after a key");
}

static void files_that_are_none_are_refused(void)
{
	CHECK(refuses(reads_edn(""), "f:1: no operation") &&
	                refuses(reads_edn("; nothing\n\n"),
	                        "f:1: no operation") &&
	                refuses(reads_etcd("one\ntwo\n"), "f:1: no operation"),
	        "a file without operations is an error");
	CHECK(refuses(reads_edn(BEGUN "7"), "f:2: expected a map") &&
	                refuses(reads_edn("[\n" BEGUN "[]]"),
	                        "f:3: expected a map"),
	        "other values than maps are errors, also in a vector");
	CHECK(refuses(reads_edn(BEGUN "0 ok read :key \"k\"\n"),
	              "f:2: a :key, expected no :key, as before"),
	        "a key after operations without one is an error");
	CHECK(refuses(reads_edn("0 invoke get :key \"k\"\n"
	                        "1 invoke get\n"),
	              "f:2: no :key, expected one as before"),
	        "a missing key after operations with one is an error");
	CHECK(refuses(reads_edn(BEGUN "{:process"), "f:"),
	        "a map that does not end is an error");
	CHECK(refuses(reads_etcd("other\n" ETCD("0 :invoke :read")),
	              "f:2: expected process, type, function and value") &&
	                refuses(reads_etcd(ETCD("0")),
	                        "f:1: expected process, type"),
	        "a truncated line of etcd is an error");
	CHECK(refuses(reads_etcd(ETCD("0 :invoke :read nil")
	                              ETCD("0 :end :read nil")),
	              "f:2: no :type"),
	        "an unknown type of etcd is an error");
}

/* More processes, keys and values than the first allocations hold. */
static void long_histories_are_read(void)
{
	enum { PROCESSES = 300 };
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool right = true;

	for (int end = 0; end < 2; end++)
		for (int i = 0; i < PROCESSES; i++)
			fprintf(out,
			        "{:process %d, :type %s, :f :write, :value "
			        "[\"k%d\" \"v%d\"]}\n",
			        i, end ? ":ok" : ":invoke", i, i);
	fclose(out);
	CHECK(!reads_edn(text) && history.count == PROCESSES &&
	                history.key_count == PROCESSES &&
	                history.value_count == PROCESSES,
	        "hundreds of processes, keys and values are read");
	for (unsigned i = 0; i < history.count; i++)
		right &= history.events[i].thread == i &&
		         history.events[i].invoked == i + 1 &&
		         history.events[i].returned == PROCESSES + i + 1;
	CHECK(right, "each process ends its own operation");
	free(text);
}

int main(void)
{
	a_register_is_read_event_by_event();
	compare_and_swap_has_two_values();
	what_did_not_end_never_returned();
	failures_and_the_nemesis_are_left_out();
	tuples_have_keys();
	texts_are_joined();
	logs_of_etcd_are_read();
	lines_that_do_not_fit_are_refused();
	members_that_are_missing_are_refused();
	values_that_do_not_fit_are_refused();
	files_that_are_none_are_refused();
	long_histories_are_read();
	rm_history_clear(&history);
	return DONE();
}
