/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history.c - tests histories in memory: adding events, growth of the
 * arrays, and names of operations.
 */
#include "tests/unit/tap.h"
#include "verify/history/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void scans_keep_their_pairs(void)
{
	struct rm_history whole = { .seed = 7 };
	struct rm_history_pair two[2] = { { 1, 10 }, { 2, 20 } };
	struct rm_history_event scan = { .kind = RM_HISTORY_SCAN,
		.returned = 1 };

	scan.pairs = 1;
	CHECK(!rm_history_add(&whole, &scan, two), "a first scan is added");
	scan.pairs = 2;
	CHECK(!rm_history_add(&whole, &scan, two), "a second scan is added");
	CHECK(whole.count == 2 && whole.pair_count == 3 &&
	                whole.events[1].first_pair == 1 &&
	                whole.pairs[2].value == 20,
	        "each scan has its own pairs");
	rm_history_clear(&whole);
	CHECK(!whole.events && !whole.room && !whole.seed,
	        "clearing sets everything to zero");
}

static void reserving_makes_adding_free(void)
{
	struct rm_history history = { .seed = 0 };
	struct rm_history_event event = { .kind = RM_HISTORY_LOOKUP };
	struct rm_history_event *before;
	bool same = true;

	CHECK(!rm_history_reserve(&history, 1000, 0),
	        "memory for 1000 events is reserved");
	before = history.events;
	for (uint64_t i = 0; i < 1000; i++) {
		event.invoked = event.returned = i;
		same &= !rm_history_add(&history, &event, NULL);
	}
	CHECK(same && history.events == before, "adding 1000 events moves "
	                                        "nothing");
	CHECK(rm_history_reserve(&history, SIZE_MAX / 2, 0) == -ENOMEM &&
	                rm_history_reserve(&history, 0, SIZE_MAX) == -ENOMEM &&
	                history.count == 1000 && history.events == before,
	        "a failed reservation changes nothing");
	rm_history_add_initial(&history, 1, 2);
	rm_history_reset(&history);
	CHECK(!history.count && !history.initial_count &&
	                history.events == before,
	        "a reset keeps the memory");
	rm_history_clear(&history);
}

static void words_read_back(void)
{
	enum rm_history_guarantee guarantee = RM_HISTORY_NONE;
	bool same = true;

	for (unsigned i = 0; i < RM_HISTORY_KINDS; i++)
		same &= rm_history_kind_parse(rm_history_kind_name(
		                (enum rm_history_kind)i)) == i;
	CHECK(same, "every kind is parsed from its name");
	CHECK(rm_history_kind_parse("get") == RM_HISTORY_KINDS,
	        "other words are not kinds");
	CHECK(!rm_history_guarantee_parse("point-in-time", &guarantee) &&
	                guarantee == RM_HISTORY_POINT_IN_TIME &&
	                rm_history_guarantee_parse("exact", &guarantee) ==
	                        -EINVAL &&
	                guarantee == RM_HISTORY_POINT_IN_TIME,
	        "guarantees are parsed from their names");
}

static bool reads(const char *text, size_t size)
{
	struct rm_history history = { .seed = 0 };
	struct rm_error error;
	int failed = rm_history_read(
	        "h", text, size, RM_HISTORY_JSONL, &history, &error);

	rm_history_clear(&history);
	return !failed;
}

static void damage_is_found(void)
{
	struct rm_history history = { .seed = 7 };
	char *text = NULL;
	size_t size = 0, missed = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out ||
	        rm_history_add(&history,
	                &(struct rm_history_event){ .returned = 1 }, NULL) ||
	        rm_history_write(out, &history) || fclose(out))
		abort();
	rm_history_clear(&history);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		missed += reads(text, size) + reads(text, bit / 8);
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK(!missed && reads(text, size),
	        "each changed bit and each cut of a history is found");
	free(text);
}

int main(void)
{
	damage_is_found();
	scans_keep_their_pairs();
	reserving_makes_adding_free();
	words_read_back();
	return DONE();
}
