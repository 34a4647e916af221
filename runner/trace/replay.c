/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - a thread's share of a trace, and what must come out of it. */
#include "runner/trace/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The thread that does all sets and dels of the entry's key. */
static unsigned owner_of(uint32_t entry, unsigned threads)
{
	return (unsigned)(rm_rank_mix(rm_replay_rank(entry)) % threads);
}

/* Writes the share to `to` (NULL: only counts words and operations). */
static uint64_t share(const struct rm_trace *trace, unsigned slot,
        unsigned threads, uint32_t *to, uint64_t *operations)
{
	uint64_t words = 0;
	uint32_t ordinal = 0;
	unsigned turn = 0; /* whose the next get is */

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
	if (to)
		to[words] = rm_replay_entry(0, RM_OPERATIONS);
	return words + 1;
}

uint32_t *rm_trace_share(const struct rm_trace *trace, unsigned slot,
        unsigned threads, uint64_t *operations)
{
	uint64_t words = share(trace, slot, threads, NULL, operations);
	uint32_t *entries = malloc(words * sizeof(*entries));

	if (entries)
		share(trace, slot, threads, entries, operations);
	return entries;
}

/* ordinal + 1 of the value that each key holds; 0: absent */
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

int rm_trace_expect(const struct rm_trace *trace, uint64_t passes,
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
		/* every later one begins and ends as the second does */
		pass(trace, held, &more);
	expected->hits += more.hits * (passes - 1);
	expected->inserts += more.inserts * (passes - 1);
	expected->removes += more.removes * (passes - 1);
	expected->idle_removes += more.idle_removes * (passes - 1);
	for (uint64_t rank = 0; rank < trace->keys; rank++)
		if (held[rank]) {
			expected->held++;
			expected->digest +=
			        rm_trace_mix(trace->dictionary.keys[rank].hash,
			                held[rank] - 1);
		}
	free(held);
	return 0;
}
