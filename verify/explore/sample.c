/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c - estimates how many schedules a program has (sample.h). */
#include "verify/explore/sample.h"

#include "verify/explore/menu.h"
#include "verify/explore/world.h"

#include <math.h>

enum { MEASURED_EVERY = 16 };

static double factorial(unsigned n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

static double log10_factorial(uint64_t n)
{
	return lgamma((double)n + 1) / log(10);
}

/* A preemption cuts a thread's steps in two. `few` counts the orders of the
   parts in which adjacent parts belong to different threads, by inclusion and
   exclusion. */
struct rm_explore_space rm_explore_space_of(
        const uint64_t *steps, unsigned threads)
{
	const double whole = factorial(threads);
	const double one = factorial(threads + 1), two = factorial(threads + 2);
	double cuts = 0, pairs = 0, same = 0, all = 0;
	uint64_t sum = 0;

	for (unsigned t = 0; t < threads; t++) {
		const double places = steps[t] ? (double)steps[t] - 1 : 0;

		pairs += cuts * places; /* one cut in each of two threads */
		cuts += places;
		same += places * (places - 1) / 2; /* two cuts in one thread */
		all -= log10_factorial(steps[t]);
		sum += steps[t];
	}
	return (struct rm_explore_space){
		.all = all + log10_factorial(sum),
		.few = log10(whole + cuts * (one / 2 - whole) +
		             pairs * (two / 4 - one + whole) +
		             same * (two / 6 - one + whole)),
	};
}

void rm_explore_space_add(struct rm_explore_tally *tally,
        const struct rm_explore_options *options, uint64_t number)
{
	uint64_t steps[RM_EXPLORE_THREADS_MAX] = { 0 };
	const unsigned threads = rm_explore.lanes - 1;
	struct rm_explore_space space;

	if (number % MEASURED_EVERY || rm_explore_is_special(options, number) ||
	        rm_explore_is_progress(options, number))
		return;
	for (unsigned t = 0; t < threads; t++) {
		steps[t] = rm_explore.lane[t + 1].steps;
		tally->points += (double)steps[t];
	}
	space = rm_explore_space_of(steps, threads);
	tally->log_all += space.all;
	tally->log_few += space.few;
	tally->measured++;
}
