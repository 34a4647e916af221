/* SPDX-License-Identifier: Apache-2.0 */
/* show.c - replays a schedule that failed, makes it smaller, and writes the
   views of it (view.h). */
#include "runner/base/file.h"
#include "verify/explore/explore.h"
#include "verify/explore/play.h"
#include "verify/explore/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRACE_MOST = 4096, /* maximum number of events */
	/* number of steps recorded at the end of a run without progress */
	LOOP_STEPS = 2000,
};

static void name_sites(struct rm_explore_view *view)
{
	for (size_t i = 0; i < view->events; i++) {
		rm_explore_sites_add(&view->sites, view->event[i].site);
		rm_explore_sites_add(&view->sites, view->event[i].older_site);
	}
	for (int i = 0; i < 2; i++)
		rm_explore_sites_add(&view->sites, view->played->site[i]);
	rm_explore_sites_name(&view->sites);
}

/* Writes a view to file `name`, unless that is NULL. */
static int write_view(const struct rm_explore_view *view, const char *name,
        int (*print)(const struct rm_explore_view *view, FILE *out),
        struct rm_error *error)
{
	FILE *out = name ? fopen(name, "w") : NULL;
	int status;

	if (!name)
		return 0;
	if (!out)
		return rm_error_set(error, -EIO, "%s: cannot be written: %s",
		        name, rm_write_reason(-errno));
	status = print(view, out);
	/* also reports an earlier write error inside print() */
	if (fflush(out) || ferror(out))
		status = errno ? -errno : -EIO;
	fclose(out);
	if (status)
		return rm_error_set(error, -EIO,
		        "%s: not written completely: %s", name,
		        rm_write_reason(status));
	return 0;
}

/* Assigns columns to threads with operations and to lanes with events. */
static void set_columns(struct rm_explore_view *view)
{
	for (unsigned t = 0; t < view->failing->program.threads; t++)
		if (view->failing->program.ops[t])
			view->shown |= 2U << t;
	for (size_t i = 0; i < view->events; i++)
		view->shown |= 1U << view->event[i].lane;
	for (unsigned lane = 0; lane < RM_EXPLORE_LANES; lane++)
		if (view->shown >> lane & 1)
			view->column[lane] = view->columns++;
}

static int show(struct rm_explore_view *view, FILE *out, struct rm_error *error)
{
	const struct rm_explore_options *options = view->options;
	int status;

	set_columns(view);
	name_sites(view);
	status = rm_explore_view_text(view, out);
	if (status)
		rm_error_set(error, status, "out of memory");
	if (!status)
		status = write_view(
		        view, options->html, rm_explore_view_html, error);
	if (!status)
		status = write_view(view, options->perfetto,
		        rm_explore_view_perfetto, error);
	rm_explore_sites_clear(&view->sites);
	return status;
}

/* Plays the case once more, with a trace. */
static int show_traced(struct rm_explore_view *view,
        struct rm_explore_case *failing, struct rm_explore_played *played,
        FILE *out, struct rm_error *error)
{
	struct rm_explore_event *trace = calloc(TRACE_MOST, sizeof(*trace));
	int status;

	if (!trace)
		return rm_error_set(error, -ENOMEM, "out of memory");
	rm_explore.trace = trace;
	rm_explore.trace_room = TRACE_MOST;
	if (rm_explore_is_stuck(failing->fault) && failing->length > LOOP_STEPS)
		rm_explore.trace_from = failing->length - LOOP_STEPS;
	status = rm_explore_case_play(failing, played, error);
	rm_explore.trace = NULL;
	rm_explore.trace_from = 0;
	view->event = trace;
	view->events = rm_explore.trace_count;
	view->events_lost = rm_explore.trace_lost;
	view->failing = failing;
	view->played = played;
	if (!status)
		status = show(view, out, error);
	view->failing = NULL; /* local variables, which end before `view` */
	view->played = NULL;
	view->event = NULL;
	free(trace);
	return status;
}

static int find_and_show(struct rm_explore_view *view, uint64_t horizon,
        struct rm_explore_played *played, FILE *out, struct rm_error *error)
{
	struct rm_explore_case failing = { .seed = view->options->seed,
		.horizon = horizon,
		.limit = view->options->steps };
	struct rm_explore_tally tally = { 0 };
	int status = rm_explore_play_number(view->options, view->number,
	        horizon, &tally, &failing.turns, played, error);

	view->plays = tally.plays;
	failing.fault = played->fault;
	failing.under =
	        rm_explore_schedule_make(view->options, view->number, horizon);
	failing.switches = played->switches;
	rm_explore_program_make(view->options, view->number, &failing.program);
	view->ops_before = rm_explore_count_ops(&failing.program);
	view->switches_before = played->switches;
	if (!status && !failing.fault)
		status = tally.stopped     ? -ERANGE
		         : tally.undecided ? -ENODATA
		                           : -ENOENT;
	if (!status)
		status = rm_explore_shrink(&failing, error);
	if (!status)
		status = show_traced(view, &failing, played, out, error);
	rm_explore_turns_clear(&failing.turns);
	return status;
}

int rm_explore_show(const struct rm_explore_options *options, uint64_t found,
        FILE *out, struct rm_error *error)
{
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_view view = { .options = options, .number = found };
	uint64_t horizon;
	int status = rm_explore_open(error);

	if (!status)
		status = rm_explore_calibrate(options, &horizon, error);
	if (!status)
		status = find_and_show(&view, horizon, &played, out, error);
	rm_explore_played_clear(&played);
	return status;
}
