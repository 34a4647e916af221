/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - reads a trace, divides it among threads, and computes the expected
   results. */
#include "runner/base/file.h"
#include "runner/trace/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int rm_trace_parse(const char *file, const char *bytes, size_t length,
        struct rm_trace *trace, struct rm_error *error)
{
	struct rm_trace_builder building = { .trace = trace };
	/* no text can begin with the first byte of the magic */
	bool binary = length && bytes[0] == RM_TRACE_MAGIC[0];
	int failed;

	*trace = (struct rm_trace){ 0 };
	failed = binary ? rm_trace_parse_binary(
	                          file, bytes, length, &building, error)
	                : rm_trace_parse_text(
	                          file, bytes, length, &building, error);
	if (!failed && !trace->count)
		failed = rm_error_set(error, -EINVAL,
		        binary ? "%s: byte 16: no operation, expected at least "
		                 "one"
		               : "%s:1: no operation, expected at least one",
		        file);
	if (!failed)
		failed = rm_trace_finish(&building);
	free(building.states);
	if (failed == -ENOMEM)
		rm_error_set(error, failed, "%s: out of memory", file);
	return failed;
}

int rm_trace_load(
        const char *file, struct rm_trace *trace, struct rm_error *error)
{
	FILE *in = rm_file_open(file);
	char *bytes = NULL;
	size_t length = 0;
	int failed =
	        in ? rm_file_read(in, RM_INPUT_MAX, &bytes, &length) : -errno;

	*trace = (struct rm_trace){ 0 };
	if (failed)
		rm_error_set(error, failed,
		        "%s: %s%s: `readmostly dev replay --record` and `dev "
		        "import` write one (docs/reference/traces.md)",
		        file, rm_file_reason(failed),
		        failed == -EISDIR || failed == -ENODEV
		                ? " with a trace"
		                : ", expected a trace");
	else
		failed = rm_trace_parse(file, bytes, length, trace, error);
	free(bytes);
	if (in)
		fclose(in);
	return failed;
}

void rm_trace_clear(struct rm_trace *trace)
{
	free(trace->entries);
	free(trace->written);
	rm_dictionary_clear(&trace->dictionary);
	rm_dictionary_clear(&trace->values);
	*trace = (struct rm_trace){ 0 };
}

/* Returns the thread that executes all sets and dels of the entry's key. */
static unsigned owner_of(uint32_t entry, unsigned threads)
{
	return (unsigned)(rm_rank_mix(rm_replay_rank(entry)) % threads);
}

/* Writes the share of a thread to `to` (NULL: only counts words and
   operations). Any thread may execute a get, because a get changes nothing. One
   thread must execute all sets and dels of a key, to keep their order. */
static uint64_t share(const struct rm_trace *trace, unsigned slot,
        unsigned threads, uint32_t *to, uint64_t *operations)
{
	uint64_t words = 0;
	uint32_t ordinal = 0;
	unsigned turn = 0; /* thread of the next get */

	*operations = 0;
	for (uint64_t i = 0; i < trace->count; i++) {
		uint32_t entry = trace->entries[i];
		bool get = rm_replay_operation(entry) == RM_LOOKUP;
		bool set = rm_replay_operation(entry) == RM_UPSERT;
		unsigned owner = get ? turn : owner_of(entry, threads);

		turn = get ? (turn + 1 == threads ? 0 : turn + 1) : turn;
		ordinal += set;
		if (owner != slot)
			continue;
		++*operations;
		if (to)
			to[words] = entry;
		if (to && set)
			to[words + 1] = ordinal;
		words += 1 + (uint64_t)set;
	}
	/* The end mark is not an operation. The loop restarts at it. */
	if (to)
		to[words] = rm_replay_entry(0, RM_OPERATIONS);
	return words + 1;
}

/* Calls share() twice: the first call only computes the size of the array. */
uint32_t *rm_trace_copy_share(const struct rm_trace *trace, unsigned slot,
        unsigned threads, uint64_t *operations)
{
	uint64_t words = share(trace, slot, threads, NULL, operations);
	uint32_t *entries = malloc(words * sizeof(*entries));

	if (entries)
		share(trace, slot, threads, entries, operations);
	return entries;
}

/* Executes the trace once. held[rank] is the ordinal of the key's value + 1, or
   0 if the key is absent. Ordinals restart with each pass, as in a share. */
static void pass(const struct rm_trace *trace, uint64_t *held,
        struct rm_trace_expected *expected)
{
	uint64_t ordinal = 0;

	for (uint64_t i = 0; i < trace->count; i++) {
		uint64_t *key = &held[rm_replay_rank(trace->entries[i])];

		switch (rm_replay_operation(trace->entries[i])) {
		case RM_LOOKUP:
			expected->hits += *key != 0;
			break;
		case RM_UPSERT:
			expected->inserts += *key == 0;
			*key = ++ordinal + 1;
			break;
		default:
			expected->removes += *key != 0;
			expected->idle_removes += *key == 0;
			*key = 0;
		}
	}
}

int rm_trace_compute_expected(const struct rm_trace *trace, uint64_t passes,
        struct rm_trace_expected *expected)
{
	uint64_t *held = calloc(trace->keys + 1, sizeof(*held));
	struct rm_trace_expected more = { 0 };

	*expected = more;
	if (!held)
		return -ENOMEM;
	for (uint64_t rank = 0; rank < trace->present; rank++)
		held[rank] = 1;
	pass(trace, held, expected);
	if (passes > 1)
		/* all later passes equal the second one */
		pass(trace, held, &more);
	expected->hits += more.hits * (passes - 1);
	expected->inserts += more.inserts * (passes - 1);
	expected->removes += more.removes * (passes - 1);
	expected->idle_removes += more.idle_removes * (passes - 1);
	for (uint64_t rank = 0; rank < trace->keys; rank++)
		if (held[rank]) {
			expected->held++;
			expected->digest += rm_trace_entry_digest(
			        trace->dictionary.keys[rank].hash,
			        held[rank] - 1);
		}
	free(held);
	return 0;
}
