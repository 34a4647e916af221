/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - prints the result of `readmostly explore` for one map. */
#include "verify/explore/explore.h"
#include "verify/explore/sample.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const uint64_t SECOND_NS = 1000000000U;

/* Formats 12408 as "12,408". */
static void grouped(uint64_t number, char text[32])
{
	char digits[24];
	int count = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	for (int i = 0; i < count; i++) {
		*text++ = digits[i];
		if ((count - i) % 3 == 1 && i + 1 < count)
			*text++ = ',';
	}
	*text = '\0';
}

/* Prints "all" only if every program was completed. */
static void print_exhausted(const struct rm_explore_options *one,
        const struct rm_explore_summary *sum)
{
	const struct rm_explore_tally *tally = &sum->tally;
	char tried[32], most[32];

	grouped(tally->schedules, tried);
	grouped(one->schedules, most);
	if (sum->fault)
		printf("%s schedules", tried);
	else if (tally->stopped)
		printf("stopped at %s schedules of a program; %s tried in all, "
		       "%" PRIu64 " of %" PRIu64 " programs completely,",
		        most, tried, tally->programs - tally->stopped,
		        tally->programs);
	else
		printf("all %s schedules of %" PRIu64 " programs", tried,
		        tally->programs);
	printf(" up to %u preemptions%s", one->preemptions,
	        sum->fault ? "" : ": none fails");
}

bool rm_explore_is_open(const struct rm_explore_options *options,
        const struct rm_explore_summary *summary)
{
	return summary->tally.undecided || summary->tally.cut ||
	       (!summary->control && !rm_explore_no_control(options));
}

static void print_control(const struct rm_explore_options *one,
        const struct rm_explore_summary *sum)
{
	const char *none = rm_explore_no_control(one);

	if (none)
		printf("; no injected bug was tried, since %s", none);
	else if (sum->control)
		printf("; an injected bug was found after %" PRIu64
		       " schedule%s",
		        sum->control, sum->control == 1 ? "" : "s");
	else
		printf("; an injected bug was not found, so this run shows "
		       "nothing");
}

/* Formats 10 to the power of `log` with two digits, "31,000", or "10^31" if it
   is large. */
static void powered(double log, char text[32])
{
	const double unit = log < 1 ? 1 : pow(10, floor(log) - 1);

	if (log < 9)
		grouped((uint64_t)(round(pow(10, log) / unit) * unit), text);
	else
		snprintf(text, 32, "10^%.0f", log);
}

/* Prints the size of the sample; prints nothing after an exhaustive run. */
static void print_sample(const struct rm_explore_options *one,
        const struct rm_explore_tally *tally)
{
	const double count = (double)tally->measured;
	const double few = tally->log_few / count;
	const double share = (double)tally->schedules / pow(10, few);
	char all[32], fewer[32];

	if (!tally->measured || one->threads == 1)
		return;
	powered(tally->log_all / count, all);
	powered(few, fewer);
	printf("     a sample: %s has %.0f places to switch and %s schedules, "
	       "%s of them with at most %d preemptions; ",
	        one->written ? "the program" : "an ordinary program",
	        tally->points / count, all, fewer, RM_EXPLORE_FEW);
	if (one->written)
		printf("at most %.3g %% of these were tried\n",
		        share < 1 ? 100 * share : 100);
	else
		printf("one schedule of each program was tried\n");
}

/* Prints the end of the line of a run without a finding. */
static void print_clean(const struct rm_explore_options *one,
        const struct rm_explore_summary *sum)
{
	const struct rm_explore_tally *tally = &sum->tally;

	printf("; %.0f schedules/s", (double)tally->plays / sum->seconds);
	if (tally->cut)
		printf("; stopped at the budget of %.0f s before the last one",
		        (double)one->budget_ns / (double)SECOND_NS);
	if (!tally->grown && !(one->impl->caps & RM_CAP_FIXED_SIZE))
		printf("; growth was not explored: no operation allocated a "
		       "larger block than all operations before the threads");
	if (tally->abandoned)
		printf("; left out: %" PRIu64 " schedules in which a few keys "
		       "with equal hashes made the map grow without end",
		        tally->abandoned);
	if (tally->noted)
		printf("; in schedule %" PRIu64 " %s", tally->noted - 1,
		        tally->note);
	print_control(one, sum);
}

void rm_explore_print(const struct rm_explore_options *options,
        const struct rm_explore_summary *summary, bool sample)
{
	const struct rm_explore_tally *tally = &summary->tally;
	double plays = (double)(tally->plays + !tally->plays);
	bool exhaustive = options->policy == RM_EXPLORE_EXHAUSTIVE;

	printf("%-4s %s: ",
	        summary->fault                         ? "FAIL"
	        : rm_explore_is_open(options, summary) ? "open"
	                                               : "ok",
	        options->impl->id);
	if (exhaustive)
		print_exhausted(options, summary);
	else
		printf("%" PRIu64 " schedules%s%s", tally->schedules,
		        options->memory ? " under " : "",
		        options->memory
		                ? rm_explore_memory_name[options->memory]
		                : "");
	printf(", %.0f steps and %.0f switches each, ",
	        (double)tally->steps / plays, (double)tally->switches / plays);
	if (options->unjudged)
		printf("answers not judged");
	else
		printf("%" PRIu64 " undecided", tally->undecided);
	if (summary->fault)
		printf("; found after %.2f s; %s %" PRIu64 ": %s",
		        summary->seconds, exhaustive ? "program" : "schedule",
		        summary->found, rm_explore_fault_name[summary->fault]);
	else
		print_clean(options, summary);
	printf("\n");
	if (sample && !summary->fault)
		print_sample(options, &summary->tally);
}
