/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_bench.c - what judging histories costs: `make history-bench`.
 *
 * Histories are simulated: threads do random operations of random length, each
 * takes effect on a trivial map at a random moment of its own; a wrong one
 * gets one answer changed. Each line is a process of its own, so that the
 * memory is that of one judgement.
 *
 * history_bench sizes FOLDER - rows of a table for docs/tally/histories.md:
 * the size, judged from memory, and again from a file of the folder, read and
 * judged by a process that knows nothing else. Status 1: a verdict is wrong,
 * or the last row needs more than it may.
 */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/history/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct load {
	const char *name;
	size_t events, keys;
	uint32_t threads;
	unsigned writes_percent;
	bool overlapping; /* every operation of a thread's turn overlaps all */
	unsigned wrong;   /* answers changed */
	unsigned wholes_percent; /* length, scan, clear: point-in-time */
	unsigned seeds;
	bool joined; /* thread by thread, as recorders join what they have */
};

static const struct load loads[] = {
	{ "10^6 operations, 10^4 keys, 8 threads, 3 % writes", 1000000, 10000,
	        8, 3, false, 0, 0, 1, false },
	{ "10^6 operations, 10^4 keys, 8 threads, 50 % writes", 1000000, 10000,
	        8, 50, false, 0, 0, 1, false },
	{ "10^6 operations, 10^4 keys, 8 threads, one wrong", 1000000, 10000, 8,
	        50, false, 1, 0, 1, false },
	{ "10^6 operations, 1 key, 8 threads, 50 % writes", 1000000, 1, 8, 50,
	        false, 0, 0, 1, false },
	{ "64 overlapping operations on one key", 64, 1, 64, 70, true, 0, 0, 10,
	        false },
	{ "64 overlapping operations on one key, one wrong", 64, 1, 64, 70,
	        true, 1, 0, 20, false },
	{ "64 threads, 640 overlapping operations, one key", 640, 1, 64, 50,
	        true, 0, 0, 5, false },
	{ "64 threads, 640 overlapping operations, one key, one wrong", 640, 1,
	        64, 50, true, 1, 0, 10, false },
	{ "64 overlapping swaps of two values, one too many: no proof", 64, 1,
	        64, 0, true, 0, 0, 1, false },
	{ "4 threads, 200 operations, 8 keys, 5 % of all keys", 200, 8, 4, 50,
	        false, 0, 5, 5, false },
	{ "8 threads, 2000 operations, 16 keys, 5 % of all keys", 2000, 16, 8,
	        50, false, 0, 5, 5, false },
	{ "8 threads, 2000 operations, 16 keys, 5 % of all, one wrong", 2000,
	        16, 8, 50, false, 1, 5, 5, false },
};

/* Of `sizes`, and what the last of them may need: seconds of CPU time, since
   another program's load is not ours, and resident memory. */
static const size_t sizes[] = { 10000, 100000, 1000000, 10000000 };
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]), JUDGE_S = 10, READ_S = 60 };
static const double memory_mib = 2e9 / (1 << 20);

struct moment {
	double at;
	uint32_t event;
};

static int by_moment(const void *left, const void *right)
{
	const struct moment *a = left, *b = right;

	return a->at < b->at ? -1 : a->at > b->at;
}

/* Does one operation on the key and records its true answer. */
static void answer(struct rm_history_event *event, bool *there, uint64_t *value)
{
	bool equal = *there && *value == event->expected;

	event->there = *there;
	event->result = *value;
	switch (event->kind) {
	case RM_HISTORY_LOOKUP:
		return;
	case RM_HISTORY_REMOVE:
	case RM_HISTORY_TAKE:
		*there = false;
		return;
	case RM_HISTORY_INSERT_IF_ABSENT:
		*value = *there ? *value : event->value;
		*there = true;
		return;
	case RM_HISTORY_COMPARE_SWAP:
		event->there = equal;
		*value = equal ? event->value : *value;
		return;
	case RM_HISTORY_COMPARE_REMOVE:
		event->there = equal;
		*there = *there && !equal;
		return;
	default:
		*value = event->value;
		*there = true;
	}
}

/* Does one operation on all keys and records its true answer. */
static void answer_whole(struct rm_history *history, size_t at,
        const struct load *load, bool *there, const uint64_t *value)
{
	struct rm_history_event *event = history->events + at;
	size_t count = 0;

	rm_history_reserve(history, 0, load->keys);
	event->first_pair = history->pair_count;
	for (size_t k = 0; k < load->keys; k++) {
		if (!there[k])
			continue;
		history->pairs[history->pair_count + count++] =
		        (struct rm_history_pair){ k, value[k] };
	}
	event->result = count;
	if (event->kind == RM_HISTORY_SCAN) {
		event->pairs = count;
		history->pair_count += count;
	}
	if (event->kind == RM_HISTORY_CLEAR)
		memset(there, 0, load->keys * sizeof(*there));
}

static void draw(struct rm_history *history, struct moment *moments,
        const struct load *load, uint64_t *rng)
{
	uint64_t *now = calloc(load->threads, sizeof(*now));
	const size_t lane = load->events / load->threads + 1;

	for (uint32_t i = 0; i < load->events; i++) {
		struct rm_history_event event = {
			.thread = load->joined ? (uint32_t)(i / lane)
			                       : i % load->threads,
		};
		uint64_t length = load->overlapping ? 1000 : 100;

		if (rm_below(rm_next(rng), 100) < load->writes_percent)
			event.kind =
			        (uint8_t)(1 +
			                  rm_below(rm_next(rng),
			                          RM_HISTORY_COMPARE_REMOVE));
		if (rm_below(rm_next(rng), 100) < load->wholes_percent)
			event.kind = (uint8_t)(RM_HISTORY_LENGTH +
			                       rm_below(rm_next(rng), 3));
		event.key = rm_below(rm_next(rng), load->keys);
		event.invoked =
		        now[event.thread] +
		        rm_below(rm_next(rng), load->overlapping ? 10 : 100);
		event.returned = event.invoked + length / 2 +
		                 rm_below(rm_next(rng), length);
		now[event.thread] = event.returned + 1;
		event.value = i + 1;
		event.expected = 1 + rm_below(rm_next(rng), load->events);
		moments[i].event = i;
		moments[i].at =
		        (double)event.invoked +
		        rm_unit(rm_next(rng)) *
		                (double)(event.returned - event.invoked);
		rm_history_add(history, &event, NULL);
	}
	free(now);
}

/* Changes the answer of one operation: to that of another on the same key, or
   to the opposite. */
static void spoil(struct rm_history *history, uint64_t *rng)
{
	struct rm_history_event *event =
	        history->events + rm_below(rm_next(rng), history->count);

	for (int i = 0; i < 100000; i++) {
		const struct rm_history_event *other =
		        history->events +
		        rm_below(rm_next(rng), history->count);

		if (event->kind != other->kind || event->key != other->key ||
		        !event->there || !other->there ||
		        other->result == event->result)
			continue;
		event->result = other->result;
		return;
	}
	event->there = !event->there;
}

static void make(
        struct rm_history *history, const struct load *load, uint64_t seed)
{
	uint64_t rng = rm_seed(seed, 0);
	struct moment *moments = calloc(load->events, sizeof(*moments));
	bool *there = calloc(load->keys, sizeof(*there));
	uint64_t *value = calloc(load->keys, sizeof(*value));

	if (load->wholes_percent)
		history->guarantee = RM_HISTORY_POINT_IN_TIME;
	rm_history_reserve(history, load->events, 0);
	draw(history, moments, load, &rng);
	qsort(moments, load->events, sizeof(*moments), by_moment);
	for (size_t i = 0; i < load->events; i++) {
		struct rm_history_event *event =
		        history->events + moments[i].event;

		if (rm_history_is_whole(event->kind))
			answer_whole(
			        history, moments[i].event, load, there, value);
		else
			answer(event, there + event->key, value + event->key);
	}
	for (unsigned i = 0; i < load->wrong; i++)
		spoil(history, &rng);
	free(moments);
	free(there);
	free(value);
}

/* The hardest kind: equal values, no quick proof, 2^64 states. */
static void make_swaps(struct rm_history *history, const struct load *load)
{
	rm_history_add_initial(history, 0, 1);
	for (uint32_t i = 0; i < load->events; i++) {
		bool there = i <= load->events / 2;
		struct rm_history_event swap = { .invoked = i,
			.returned = 1000 + i,
			.value = there ? 2 : 1,
			.expected = there ? 1 : 2,
			.thread = i,
			.kind = RM_HISTORY_COMPARE_SWAP,
			.there = true };

		rm_history_add(history, &swap, NULL);
	}
}

static double resident_mib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / 1024;
}

static int run(const struct load *load, uint64_t seed)
{
	struct rm_history history = { .guarantee = RM_HISTORY_NONE };
	struct rm_history_limits limits = RM_HISTORY_LIMITS;
	struct rm_history_judgement judgement = { .states = 0 };
	double with_history, seconds;
	uint64_t start, start_cpu;

	if (load->overlapping && !load->writes_percent)
		make_swaps(&history, load);
	else
		make(&history, load, seed);
	with_history = resident_mib();
	start = rm_now_ns();
	start_cpu = rm_thread_cpu_ns();
	if (rm_history_judge(&history, &limits, &judgement, NULL))
		return 1;
	seconds = (double)(rm_now_ns() - start) * 1e-9;
	printf("%-60s seed %2llu %7.3f s (%.3f s of CPU) %5.0f MiB (%.0f of "
	       "them the history)  %s, %llu states\n",
	        load->name, (unsigned long long)seed, seconds,
	        (double)(rm_thread_cpu_ns() - start_cpu) * 1e-9, resident_mib(),
	        with_history, rm_history_verdict_name(judgement.verdict),
	        (unsigned long long)judgement.states);
	if (judgement.verdict == RM_HISTORY_BROKEN)
		printf("  %s; %zu operations shown\n", judgement.why,
		        judgement.smallest.count);
	rm_history_judgement_clear(&judgement);
	rm_history_clear(&history);
	return 0;
}

/* Seconds of CPU time since *start, which becomes now. */
static double lap(uint64_t *start)
{
	const uint64_t before = *start;

	*start = rm_thread_cpu_ns();
	return (double)(*start - before) * 1e-9;
}

static bool is_right(const struct rm_history *history)
{
	struct rm_history_limits limits = RM_HISTORY_LIMITS;
	struct rm_history_judgement judgement = { .states = 0 };
	const bool judged =
	        !rm_history_judge(history, &limits, &judgement, NULL) &&
	        judgement.verdict == RM_HISTORY_LINEARIZABLE;

	rm_history_judgement_clear(&judgement);
	return judged;
}

/* The history in memory, judged, and then written to the file. */
static int from_memory(const struct load *load, const char *file)
{
	struct rm_history history = { .guarantee = RM_HISTORY_NONE };
	uint64_t start;
	double seconds, mib;
	bool right;
	FILE *out;

	make(&history, load, 1);
	start = rm_thread_cpu_ns();
	right = is_right(&history);
	seconds = lap(&start);
	mib = resident_mib();
	printf("| %zu | %.2f | %.0f ", load->events, seconds, mib);
	fflush(stdout);
	out = fopen(file, "w");
	right = out && !rm_history_write(out, &history) && right;
	right = out && !fclose(out) && right;
	rm_history_clear(&history);
	return !right || seconds > JUDGE_S || mib > memory_mib;
}

/* The file, read and judged as `readmostly check --history` does. */
static int from_file(const char *file)
{
	struct rm_history history = { .guarantee = RM_HISTORY_NONE };
	uint64_t start = rm_thread_cpu_ns();
	double read_s, judge_s;
	bool right = !rm_history_load(
	        file, RM_HISTORY_JSONL, &history, &(struct rm_error){ "" });

	read_s = lap(&start);
	right = right && is_right(&history);
	judge_s = lap(&start);
	printf("| %.2f | %.2f | %.0f |\n", read_s, judge_s, resident_mib());
	rm_history_clear(&history);
	return !right || read_s > READ_S || judge_s > JUDGE_S;
}

/* A process of its own: the memory is that of one part. Its status. */
static int apart(const struct load *load, const char *file, bool read_it)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		exit(read_it ? from_file(file) : from_memory(load, file));
	return child < 0 || waitpid(child, &status, 0) != child || status;
}

static int run_sizes(const char *folder)
{
	char file[4096];
	int failed = 0;

	snprintf(file, sizeof(file), "%s/history.jsonl", folder);
	for (size_t i = 0; i < SIZES; i++) {
		const struct load load = { "", sizes[i], 100000, 64, 50, false,
			0, 0, 1, true };

		failed |= apart(&load, file, false);
		failed |= apart(&load, file, true);
	}
	remove(file);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc == 3 && !strcmp(argv[1], "sizes"))
		return run_sizes(argv[2]);
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		for (uint64_t seed = 1; seed <= loads[i].seeds; seed++) {
			int status = 0;
			pid_t child;

			fflush(stdout);
			child = fork();
			if (child == 0)
				exit(run(loads + i, seed));
			if (child < 0 || waitpid(child, &status, 0) != child ||
			        status)
				failed = 1;
		}
	return failed;
}
