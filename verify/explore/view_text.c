/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_text.c - writes one page of text about one finding.
 *
 * The page depends only on the schedule, not on the run that found it, so
 * repeating the schedule prints the same bytes.
 */
#include "verify/explore/view.h"

#include <inttypes.h>
#include <string.h>

enum {
	/* maximum number of schedule lines; further lines are left out in the
	 * middle */
	LINES_MOST = 160,
	WIDTH = 36, /* width of a column */
	CELL_BYTES = 112,
	LOOPS = 2, /* repetitions that make a cycle */
};

static void cell(const struct rm_explore_view *view, FILE *out, unsigned lane,
        const char *text)
{
	fprintf(out, "  %*s%s\n", (int)(view->column[lane] * WIDTH), "", text);
}

/* True if an event would print the same line as the lane's previous one. */
static bool repeats(const struct rm_explore_view *view,
        const struct rm_explore_event *event,
        const struct rm_explore_event *last)
{
	return last && last->lane == event->lane && event->site &&
	       !event->looks_back && !last->looks_back &&
	       last->operation == event->operation &&
	       last->kind == event->kind &&
	       !strcmp(rm_explore_sites_find(&view->sites, event->site)->place,
	               rm_explore_sites_find(&view->sites, last->site)->place);
}

/* Writes a line in the lane's column, prefixed with `by`. */
static void indented(const struct rm_explore_view *view, FILE *out,
        unsigned lane, const char *by, const char *text)
{
	char line[CELL_BYTES + 8];

	snprintf(line, sizeof(line), "%s%s", by, text);
	cell(view, out, lane, line);
}

/* Writes the lines of one event to `out`, unless that is NULL: the operation if
   it begins here, and the source line. Returns their number. */
static size_t event_lines(
        const struct rm_explore_view *view, size_t i, FILE *out)
{
	const struct rm_explore_event *event = &view->event[i];
	char text[CELL_BYTES];
	size_t lines = 0;

	if (rm_explore_is_first_event(view, i)) {
		rm_explore_format_operation(
		        view, event, text, sizeof(text) - 1);
		strcat(text, ":");
		if (out)
			cell(view, out, event->lane, text);
		lines++;
	}
	if (!event->site || repeats(view, event, i ? event - 1 : NULL))
		return lines;
	rm_explore_format_event(view, event, text, sizeof(text));
	if (out)
		indented(view, out, event->lane, "  ", text);
	if (event->looks_back && out) {
		rm_explore_format_older(view, event, text, sizeof(text));
		indented(view, out, event->lane, "    ", text);
	}
	return lines + 1 + event->looks_back;
}

/* Writes the schedule, which has `all` lines; if these are too many, leaves out
   the middle. If `all` is 0, only counts the lines. */
static size_t schedule_lines(
        const struct rm_explore_view *view, FILE *out, size_t all)
{
	size_t line = 0;

	for (size_t i = 0; i < view->events; i++) {
		bool print =
		        all && (all <= LINES_MOST || line < LINES_MOST / 2 ||
		                       line + LINES_MOST / 2 >= all);
		size_t lines = event_lines(view, i, print ? out : NULL);

		if (all > LINES_MOST && line < LINES_MOST / 2 &&
		        line + lines >= LINES_MOST / 2)
			fprintf(out, "  ... %zu lines ...\n", all - LINES_MOST);
		line += lines;
	}
	return line;
}

/* After lines were skipped, lists the loads that read older values. */
static void print_older(const struct rm_explore_view *view, FILE *out)
{
	const char *heading = "\nloads that read an older value:\n";

	for (size_t i = 0; i < view->events; i++) {
		const struct rm_explore_event *event = &view->event[i];
		char text[CELL_BYTES];

		if (!event->looks_back)
			continue;
		rm_explore_format_older(view, event, text, sizeof(text));
		fprintf(out, "%s  %s in operation %d at %s\n      %s\n",
		        heading, rm_explore_lane_name(event->lane),
		        event->operation + 1,
		        rm_explore_sites_find(&view->sites, event->site)->chain,
		        text);
		heading = "";
	}
}

static void print_schedule(const struct rm_explore_view *view, FILE *out)
{
	const struct rm_explore_played *played = view->played;
	size_t all = schedule_lines(view, NULL, 0);

	fprintf(out, "\nthe schedule, time downward, a column per thread:\n");
	for (unsigned i = 1; i < RM_EXPLORE_LANES; i++)
		if (view->shown >> i & 1)
			fprintf(out, "  thread %-*u", WIDTH - 9, i);
	fprintf(out, "\n");
	schedule_lines(view, out, all);
	if (view->events_lost)
		fprintf(out,
		        "  ... %" PRIu64 " more accesses, up to the end, "
		        "were not recorded ...\n",
		        view->events_lost);
	if (played->lane && played->fault != RM_EXPLORE_HISTORY &&
	        !rm_explore_is_stuck(played->fault))
		indented(view, out, played->lane, "  ^ ",
		        rm_explore_fault_name[played->fault]);
	if (all > LINES_MOST)
		print_older(view, out);
	if (played->fault == RM_EXPLORE_HISTORY) {
		fprintf(out, "\nthe history:\n");
		rm_history_explain(out, &played->judgement);
	}
}

/* Returns true if the last `period` events repeat LOOPS times. */
static bool has_period(const struct rm_explore_view *view, size_t period)
{
	for (size_t i = view->events - LOOPS * period; i < view->events; i++) {
		const struct rm_explore_event *event = &view->event[i];
		const struct rm_explore_event *last = event - period;

		if (event->lane != last->lane || event->kind != last->kind ||
		        event->site != last->site)
			return false;
	}
	return true;
}

/* Returns true if an event before event `i` has this lane and place. */
static bool was_listed(
        const struct rm_explore_view *view, size_t first, size_t i)
{
	const struct rm_explore_event *event = &view->event[i];
	const char *chain =
	        rm_explore_sites_find(&view->sites, event->site)->chain;

	while (i-- > first)
		if (view->event[i].lane == event->lane &&
		        !strcmp(chain, rm_explore_sites_find(&view->sites,
		                               view->event[i].site)
		                               ->chain))
			return true;
	return false;
}

/* Lists the places of each thread in the cycle at the end of the trace, or in
   the whole trace if it has no cycle. */
static void print_loop(const struct rm_explore_view *view, FILE *out)
{
	size_t period = 1, first = 0;

	while ((LOOPS + 1) * period <= view->events &&
	        !has_period(view, period))
		period++;
	if ((LOOPS + 1) * period <= view->events)
		first = view->events - period;
	fprintf(out, "\nthe loop: %s%zu accesses\n",
	        first ? "the last steps repeat a cycle of "
	              : "no exact cycle in the last ",
	        view->events - first);
	for (unsigned lane = 1; lane < RM_EXPLORE_LANES; lane++) {
		bool heads = true;

		for (size_t i = first; i < view->events; i++) {
			if (view->event[i].lane != lane ||
			        was_listed(view, first, i))
				continue;
			if (heads)
				fprintf(out, "  %s:\n",
				        rm_explore_lane_name(lane));
			heads = false;
			fprintf(out, "    %s\n",
			        rm_explore_sites_find(
			                &view->sites, view->event[i].site)
			                ->chain);
		}
	}
}

int rm_explore_view_text(const struct rm_explore_view *view, FILE *out)
{
	int status;

	rm_explore_print_title(view, out);
	fprintf(out, "\n");
	rm_explore_print_head(view, out);
	fprintf(out, "\nthe program:\n");
	status = rm_explore_print_program(view, out);
	if (rm_explore_is_stuck(view->played->fault))
		print_loop(view, out);
	print_schedule(view, out);
	fprintf(out, "\nagain: ");
	rm_explore_print_command(view, out);
	return status;
}
