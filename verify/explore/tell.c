/* SPDX-License-Identifier: Apache-2.0 */
/* tell.c - replays a schedule that failed, makes it smaller, and writes the
   views of it (told.h). */
#include "verify/explore/explore.h"
#include "verify/explore/play.h"
#include "verify/explore/told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_MOST = 4096 /* events */ };

static void name_sites(struct rm_explore_told *told)
{
	for (size_t i = 0; i < told->events; i++) {
		rm_explore_sites_add(&told->sites, told->event[i].site);
		rm_explore_sites_add(&told->sites, told->event[i].older_site);
	}
	for (int i = 0; i < 2; i++)
		rm_explore_sites_add(&told->sites, told->played->site[i]);
	rm_explore_sites_name(&told->sites);
}

/* Writes a view to file `name`, unless that is NULL. */
static int view_in(const struct rm_explore_told *told, const char *name,
        int (*view)(const struct rm_explore_told *told, FILE *out),
        struct rm_error *error)
{
	FILE *out = name ? fopen(name, "w") : NULL;
	int status;

	if (!name)
		return 0;
	if (!out)
		return rm_error_set(error, -EIO, "%s: cannot be written: %s",
		        name, strerror(errno));
	status = view(told, out);
	/* a write error inside view() shows here again */
	if (fflush(out) || ferror(out))
		status = errno ? -errno : -EIO;
	fclose(out);
	if (status)
		return rm_error_set(error, -EIO,
		        "%s: not written completely: %s", name,
		        strerror(-status));
	return 0;
}

/* Gives columns to threads with operations and to lanes with events. */
static void set_columns(struct rm_explore_told *told)
{
	for (unsigned t = 0; t < told->failing->program.threads; t++)
		if (told->failing->program.ops[t])
			told->shown |= 2U << t;
	for (size_t i = 0; i < told->events; i++)
		told->shown |= 1U << told->event[i].lane;
	for (unsigned lane = 0; lane < RM_EXPLORE_LANES; lane++)
		if (told->shown >> lane & 1)
			told->column[lane] = told->columns++;
}

static int show(struct rm_explore_told *told, FILE *out, struct rm_error *error)
{
	const struct rm_explore_options *options = told->options;
	int status;

	set_columns(told);
	name_sites(told);
	status = rm_explore_view_text(told, out);
	if (status)
		rm_error_set(error, status, "out of memory");
	if (!status)
		status = view_in(
		        told, options->html, rm_explore_view_html, error);
	if (!status)
		status = view_in(told, options->perfetto,
		        rm_explore_view_perfetto, error);
	rm_explore_sites_clear(&told->sites);
	return status;
}

/* Plays the case once more, with a trace. */
static int show_traced(struct rm_explore_told *told,
        struct rm_explore_case *failing, struct rm_explore_played *played,
        FILE *out, struct rm_error *error)
{
	struct rm_explore_event *trace = calloc(TRACE_MOST, sizeof(*trace));
	int status;

	if (!trace)
		return rm_error_set(error, -ENOMEM, "out of memory");
	rm_explore.trace = trace;
	rm_explore.trace_room = TRACE_MOST;
	status = rm_explore_case_play(failing, played, error);
	rm_explore.trace = NULL;
	told->event = trace;
	told->events = rm_explore.trace_count;
	told->events_lost = rm_explore.trace_lost;
	told->failing = failing;
	told->played = played;
	if (!status)
		status = show(told, out, error);
	told->failing = NULL; /* these end before `told` does */
	told->played = NULL;
	told->event = NULL;
	free(trace);
	return status;
}

static int find_and_show(struct rm_explore_told *told, uint64_t horizon,
        struct rm_explore_played *played, FILE *out, struct rm_error *error)
{
	struct rm_explore_case failing = { .seed = told->options->seed,
		.horizon = horizon,
		.limit = told->options->steps };
	struct rm_explore_tally tally = { 0 };
	int status = rm_explore_number(told->options, told->number, horizon,
	        &tally, &failing.turns, played, error);

	told->plays = tally.plays;
	failing.fault = played->fault;
	failing.stalls = rm_explore_stalls(told->options, told->number);
	failing.switches = played->switches;
	rm_explore_program_make(told->options, told->number, &failing.program);
	told->ops_before = rm_explore_ops_of(&failing.program);
	told->switches_before = played->switches;
	if (!status && !failing.fault)
		status = tally.stopped     ? -ERANGE
		         : tally.undecided ? -ENODATA
		                           : -ENOENT;
	if (!status)
		status = rm_explore_shrink(&failing, error);
	if (!status)
		status = show_traced(told, &failing, played, out, error);
	rm_explore_turns_clear(&failing.turns);
	return status;
}

int rm_explore_tell(const struct rm_explore_options *options, uint64_t found,
        FILE *out, struct rm_error *error)
{
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_told told = { .options = options, .number = found };
	uint64_t horizon;
	int status = rm_explore_open(error);

	if (!status)
		status = rm_explore_calibrate(options, &horizon, error);
	if (!status)
		status = find_and_show(&told, horizon, &played, out, error);
	rm_explore_played_clear(&played);
	return status;
}
