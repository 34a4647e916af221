/* SPDX-License-Identifier: Apache-2.0 */
/* explore_litmus.c - reads the table and runs its programs
   (explore_litmus.h). */
#include "verify/tests/explore/explore_litmus.h"

#include "runner/base/rng.h"
#include "runner/sim/guest/guest.h"
#include "tests/unit/sim/tsan_calls.h"
#include "verify/explore/heap.h"
#include "verify/explore/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { APART = 8 /* words: one cache line each */, STEPS_MOST = 10000 };

/* There is one world per process. */
static struct {
	const struct litmus *test;
	uint64_t *word;
	char seen[LITMUS_THREADS][LITMUS_STEPS + 1];
	char last[LITMUS_ADDRESSES + 1];
} world;

static int order_of(const char *word)
{
	static const struct {
		const char *name;
		int order;
	} orders[] = { { "rlx", __ATOMIC_RELAXED }, { "acq", __ATOMIC_ACQUIRE },
		{ "rel", __ATOMIC_RELEASE }, { "ar", __ATOMIC_ACQ_REL },
		{ "sc", __ATOMIC_SEQ_CST } };

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (!strcmp(orders[i].name, word))
			return orders[i].order;
	return -1;
}

static uint8_t address_of(char name)
{
	return (uint8_t)(name < 'x' ? 3 : name - 'x');
}

static bool read_step(const char *text, struct litmus_step *step)
{
	const char *order = strchr(text, '.');

	if (!order || (step->order = order_of(order + 1)) < 0)
		return false;
	*step = (struct litmus_step){ .order = step->order,
		.at = address_of(text[0]),
		.what = text[0] == 'F'   ? 'F'
		        : text[1] == '=' ? 'W'
		        : text[1] == '+' ? 'U'
		        : text[1] == '?' ? 'C'
		                         : 'R' };
	if (step->what == 'W' || step->what == 'U')
		step->value = (uint8_t)(text[2] - '0');
	return true;
}

static bool read_program(struct litmus *row)
{
	char text[sizeof(row->program)], *end = NULL;
	bool behind = false;

	memcpy(text, row->program, sizeof(text));
	row->threads = 1;
	for (char *word = strtok_r(text, " ", &end); word;
	        word = strtok_r(NULL, " ", &end)) {
		unsigned t = row->threads - 1;

		if (!strcmp(word, "|"))
			row->threads++;
		else if (!strcmp(word, "/"))
			behind = true;
		else if (behind)
			row->final[row->finals++] = address_of(word[0]);
		else if (!read_step(word, &row->step[t][row->steps[t]++]))
			return false;
	}
	return row->threads <= LITMUS_THREADS;
}

static void read_outcomes(char *column, struct litmus_allowed *allowed)
{
	char *end = NULL;

	for (char *word = strtok_r(column, " ", &end); word;
	        word = strtok_r(NULL, " ", &end)) {
		bool unseen = word[0] == '!';

		if (!strcmp(word, "-"))
			continue;
		allowed->unseen[allowed->count] = unseen;
		snprintf(allowed->text[allowed->count++],
		        sizeof(allowed->text[0]), "%s", word + unseen);
	}
}

static bool read_row(char *line, struct litmus *row)
{
	char *column[6], *end = NULL;

	*row = (struct litmus){ .name = "" };
	for (int i = 0; i < 6; i++)
		if (!(column[i] = strtok_r(i ? NULL : line, "\t\n", &end)))
			return false;
	snprintf(row->name, sizeof(row->name), "%s", column[0]);
	snprintf(row->program, sizeof(row->program), "%s", column[1]);
	snprintf(row->source, sizeof(row->source), "%s", column[5]);
	read_outcomes(column[2], &row->allowed[RM_EXPLORE_SC]);
	row->allowed[RM_EXPLORE_TSO] = row->allowed[RM_EXPLORE_SC];
	row->allowed[RM_EXPLORE_C11] = row->allowed[RM_EXPLORE_SC];
	read_outcomes(column[3], &row->allowed[RM_EXPLORE_TSO]);
	read_outcomes(column[4], &row->allowed[RM_EXPLORE_C11]);
	return read_program(row);
}

size_t litmus_read(const char *file, struct litmus rows[LITMUS_ROWS])
{
	FILE *in = fopen(file, "r");
	char line[2048];
	size_t count = 0;

	while (in && count < LITMUS_ROWS && fgets(line, sizeof(line), in)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (!read_row(line, &rows[count++])) {
			count = 0;
			break;
		}
	}
	if (in)
		fclose(in);
	return count;
}

static void do_step(const struct litmus_step *step, char **seen)
{
	uint64_t *at = &world.word[(size_t)step->at * APART], old = 9;

	switch (step->what) {
	case 'W':
		__tsan_atomic64_store(at, step->value, step->order);
		return;
	case 'F':
		__tsan_atomic_thread_fence(step->order);
		return;
	case 'U':
		old = __tsan_atomic64_fetch_add(at, step->value, step->order);
		break;
	case 'C':
		__tsan_atomic64_compare_exchange_strong(
		        at, &old, 9, step->order, step->order);
		break;
	default:
		old = __tsan_atomic64_load(at, step->order);
	}
	*(*seen)++ = (char)('0' + old % 10);
}

static void lane_main(struct rm_explore_lane *lane)
{
	const unsigned t = lane->id - 1;
	char *seen = world.seen[t];

	for (unsigned i = 0; i < world.test->steps[t]; i++)
		do_step(&world.test->step[t][i], &seen);
	*seen = '\0';
}

static void main_thread(struct rm_explore_lane *lane)
{
	(void)lane;
	world.word =
	        rm_sim_calloc(LITMUS_ADDRESSES * APART, sizeof(*world.word));
	for (unsigned i = 1; i <= world.test->threads; i++)
		rm_explore_clocks_fork(i);
	rm_explore_run_threads(world.test->threads, lane_main);
	for (unsigned i = 0; i < world.test->finals; i++)
		world.last[i] =
		        (char)('0' + world.word[(size_t)world.test->final[i] *
		                                APART] %
		                             10);
	world.last[world.test->finals] = '\0';
}

static void count(struct litmus_outcomes *outcomes)
{
	char text[LITMUS_THREADS * LITMUS_STEPS + LITMUS_ADDRESSES + 1] = "";
	size_t i = 0;

	for (unsigned t = 0; t < world.test->threads; t++)
		strcat(text, world.seen[t]);
	strcat(text, world.last);
	while (i < outcomes->count && strcmp(outcomes->text[i], text))
		i++;
	if (i == LITMUS_OUTCOMES || strlen(text) > LITMUS_SEEN)
		abort();
	if (i == outcomes->count)
		strcpy(outcomes->text[outcomes->count++], text);
	outcomes->times[i]++;
}

void litmus_run(const struct litmus *test, enum rm_explore_memory memory,
        uint64_t seed, uint64_t runs, struct litmus_outcomes *outcomes)
{
	*outcomes = (struct litmus_outcomes){ .count = 0 };
	world.test = test;
	for (uint64_t i = 0; i < runs && !outcomes->stopped; i++) {
		struct rm_explore_schedule schedule = {
			.scheduler = i % 4 == 3 ? &rm_explore_pct
			                        : &rm_explore_random,
			.rng = rm_seed(seed, i),
			.horizon = 8,
			.depth = 1 + (unsigned)(i / 4 % RM_EXPLORE_DEPTH_MAX)
		};

		memset(world.seen, 0, sizeof(world.seen));
		rm_explore_heap_reset();
		rm_explore_clocks_reset();
		rm_explore.model = rm_explore_model_of(memory);
		rm_explore_places_reset();
		rm_explore_begin(&schedule, STEPS_MOST, main_thread);
		if (rm_explore.finding.fault)
			outcomes->stopped = rm_explore.finding.what;
		else
			count(outcomes);
	}
}

uint64_t litmus_times(const struct litmus_outcomes *outcomes, const char *text)
{
	for (size_t i = 0; i < outcomes->count; i++)
		if (!strcmp(outcomes->text[i], text))
			return outcomes->times[i];
	return 0;
}

bool litmus_allows(const struct litmus_allowed *allowed, const char *text)
{
	for (size_t i = 0; i < allowed->count; i++)
		if (!strcmp(allowed->text[i], text))
			return true;
	return false;
}
