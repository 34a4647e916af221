/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_show.c - tests the stages that show a finding: replay, shrink,
   trace, and each requested view. Stubs record their order. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "verify/explore/show.c"

#include "tests/unit/tap.h"

#include <unistd.h>

struct rm_explore_world rm_explore;

enum { OPEN, CALIBRATE, NUMBER, SHRINK, PLAY, TEXT, HTML, PERFETTO, STAGES };

static const char stage_letters[] = "ocnspthf";

/* The stages that ran, as letters, and which stage fails with which status. */
static struct {
	char done[32];
	int fails[STAGES];
	enum rm_explore_fault fault;
	bool right;
	uint64_t length, trace_from;
	const struct rm_explore_options *options;
	unsigned named, sites, sites_cleared, turns_cleared, played_cleared;
	const void *site[16];
	unsigned shown, columns, column[RM_EXPLORE_LANES];
	size_t events;
	uint64_t plays, stopped, undecided;
} play;

static int stage(unsigned which)
{
	size_t length = strlen(play.done);

	play.done[length] = stage_letters[which];
	play.done[length + 1] = '\0';
	return play.fails[which];
}

int rm_explore_open(struct rm_error *error)
{
	(void)error;
	return stage(OPEN);
}

int rm_explore_calibrate(const struct rm_explore_options *options,
        uint64_t *horizon, struct rm_error *error)
{
	(void)error;
	play.right &= options == play.options;
	*horizon = 321;
	return stage(CALIBRATE);
}

int rm_explore_play_number(const struct rm_explore_options *options,
        uint64_t number, uint64_t horizon, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	(void)error;
	play.right &= options == play.options && number == 17 &&
	              horizon == 321 && taken && !taken->count;
	taken->count = 5;
	tally->plays = 44;
	tally->stopped = play.stopped;
	tally->undecided = play.undecided;
	played->fault = play.fault;
	played->switches = 12;
	return stage(NUMBER);
}

struct rm_explore_schedule rm_explore_schedule_make(
        const struct rm_explore_options *options, uint64_t number,
        uint64_t horizon)
{
	play.right &= options == play.options && number == 17 && horizon == 321;
	return (struct rm_explore_schedule){ .rng = 5 };
}

bool rm_explore_is_stuck(enum rm_explore_fault fault)
{
	return fault == RM_EXPLORE_LIVELOCK;
}

void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	play.right &= options == play.options && number == 17;
	*program =
	        (struct rm_explore_program){ .threads = 3, .ops = { 2, 0, 4 } };
}

unsigned rm_explore_count_ops(const struct rm_explore_program *program)
{
	return program->ops[0] + program->ops[1] + program->ops[2];
}

int rm_explore_shrink(struct rm_explore_case *failing, struct rm_error *error)
{
	(void)error;
	play.right &= failing->seed == 9 && failing->horizon == 321 &&
	              failing->limit == 777 && failing->fault == play.fault &&
	              failing->under.rng == 5 && failing->switches == 12 &&
	              failing->turns.count == 5 &&
	              failing->program.threads == 3;
	failing->length = play.length;
	return stage(SHRINK);
}

/* Traces a store of the main thread, and a load of lane 5 that reads an older
 * store. */
int rm_explore_case_play(struct rm_explore_case *failing,
        struct rm_explore_played *played, struct rm_error *error)
{
	(void)failing, (void)error;
	play.right &= rm_explore.trace && rm_explore.trace_room == 4096;
	play.trace_from = rm_explore.trace_from;
	rm_explore.trace[0] =
	        (struct rm_explore_event){ .lane = 0, .site = &play.done[1] };
	rm_explore.trace[1] = (struct rm_explore_event){
		.lane = 5, .site = &play.done[2], .older_site = &play.done[3]
	};
	rm_explore.trace_count = 2;
	played->site[0] = &play.done[4];
	played->site[1] = &play.done[5];
	return stage(PLAY);
}

void rm_explore_turns_clear(struct rm_explore_turns *turns)
{
	turns->count = 0;
	play.turns_cleared++;
}

void rm_explore_played_clear(struct rm_explore_played *played)
{
	(void)played;
	play.played_cleared++;
}

void rm_explore_sites_add(struct rm_explore_sites *sites, const void *address)
{
	(void)sites;
	play.right &= !play.named;
	play.site[play.sites++] = address;
}

void rm_explore_sites_name(struct rm_explore_sites *sites)
{
	(void)sites;
	play.named++;
}

void rm_explore_sites_clear(struct rm_explore_sites *sites)
{
	(void)sites;
	play.sites_cleared++;
}

int rm_explore_view_text(const struct rm_explore_view *view, FILE *out)
{
	play.right &= view->options == play.options && view->number == 17 &&
	              view->failing && view->played && play.named &&
	              view->ops_before == 6 && view->switches_before == 12;
	play.shown = view->shown;
	play.columns = view->columns;
	memcpy(play.column, view->column, sizeof(play.column));
	play.events = view->events;
	play.plays = view->plays;
	fputs("text", out);
	return stage(TEXT);
}

int rm_explore_view_html(const struct rm_explore_view *view, FILE *out)
{
	(void)view;
	fputs("html", out);
	return stage(HTML);
}

int rm_explore_view_perfetto(const struct rm_explore_view *view, FILE *out)
{
	(void)view;
	fputs("perfetto", out);
	return stage(PERFETTO);
}

static struct rm_explore_options options;
static struct rm_error error;
static char printed[64];

static void begin(void)
{
	memset(&play, 0, sizeof(play));
	memset(&rm_explore, 0, sizeof(rm_explore));
	play.right = true;
	play.fault = RM_EXPLORE_RACE;
	play.options = &options;
	options = (struct rm_explore_options){ .seed = 9, .steps = 777 };
	error.text[0] = '\0';
}

static int tell(void)
{
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	int status = rm_explore_show(&options, 17, out, &error);

	fclose(out);
	return status;
}

static void all_is_done_in_order(void)
{
	begin();
	CHECK(tell() == 0 && !strcmp(play.done, "ocnspt") &&
	                !strcmp(printed, "text"),
	        "a finding is replayed, made smaller, traced and shown");
	CHECK(play.right, "the case belongs to the failing schedule");
	CHECK(play.events == 2 && play.plays == 44,
	        "the view has the trace and the number of plays");
	CHECK(play.turns_cleared && play.played_cleared && play.sites_cleared &&
	                !rm_explore.trace,
	        "everything is freed");
	begin();
	play.fault = RM_EXPLORE_LIVELOCK;
	play.length = 5000;
	CHECK(tell() == 0 && play.trace_from == 3000 && !rm_explore.trace_from,
	        "of a run without progress, the last 2000 steps are traced");
}

static void lanes_have_columns(void)
{
	begin();
	tell();
	/* threads 0 and 2 have operations, lanes 0 and 5 have events */
	CHECK(play.shown == (1U << 0 | 1U << 1 | 1U << 3 | 1U << 5) &&
	                play.columns == 4,
	        "lanes with operations or events have a column");
	CHECK(play.column[0] == 0 && play.column[1] == 1 &&
	                play.column[3] == 2 && play.column[5] == 3,
	        "columns are in the order of lanes");
}

static void places_are_named(void)
{
	bool all = true;

	begin();
	tell();
	for (unsigned i = 1; i < 6; i++) {
		bool there = false;

		for (unsigned j = 0; j < play.sites; j++)
			there |= play.site[j] == &play.done[i];
		all &= there;
	}
	CHECK(all && play.named == 1,
	        "all sites of the trace and of the fault are looked up, once");
}

static void nothing_is_shown_of_what_does_not_fail(void)
{
	begin();
	options.html = "/nonexistent/never";
	play.fault = RM_EXPLORE_NOTHING;
	CHECK(tell() == -ENOENT && !strcmp(play.done, "ocn") && !error.text[0],
	        "a schedule that does not fail is not shown or written");
	play.undecided = 1;
	CHECK(tell() == -ENODATA, "an undecided history is not a pass");
	play.stopped = 1;
	CHECK(tell() == -ERANGE, "a search that was stopped is not a pass");
	CHECK(play.turns_cleared && play.played_cleared, "everything is freed");
}

/* Each stage fails in turn; later stages must not run. */
static void errors_end_it(void)
{
	static const char *const done[] = { "o", "oc", "ocn", "ocns", "ocnsp",
		"ocnspt" };
	bool right = true;

	for (unsigned i = 0; i < 6; i++) {
		begin();
		options.html = "/nonexistent/never";
		play.fails[i] = -12;
		right &= tell() == -12 && !strcmp(play.done, done[i]) &&
		         play.played_cleared == 1 && !rm_explore.trace;
	}
	CHECK(right && !strcmp(error.text, "out of memory"),
	        "an error ends the sequence and is returned");
	begin();
	heap_is_full = true;
	CHECK(tell() == -ENOMEM && strstr(error.text, "out of memory"),
	        "a lack of memory for the trace ends the sequence and is "
	        "returned");
	heap_is_full = false;
}

static bool file_has(const char *name, const char *expected)
{
	char text[64] = "";
	FILE *in = fopen(name, "r");
	size_t length = in ? fread(text, 1, sizeof(text) - 1, in) : 0;

	if (in)
		fclose(in);
	return length == strlen(expected) && !strcmp(text, expected);
}

static void files_are_written(void)
{
	char folder[] = "/tmp/test_explore_tell_XXXXXX", html[64], trace[64];

	if (!mkdtemp(folder))
		abort();
	snprintf(html, sizeof(html), "%s/a.html", folder);
	snprintf(trace, sizeof(trace), "%s/a.json", folder);
	begin();
	options.html = html;
	options.perfetto = trace;
	CHECK(tell() == 0 && !strcmp(play.done, "ocnspthf") &&
	                file_has(html, "html") && file_has(trace, "perfetto"),
	        "each requested view has its file");
	unlink(html);
	unlink(trace);
	begin();
	options.html = html;
	options.perfetto = trace;
	play.fails[HTML] = -28;
	CHECK(tell() == -EIO && strstr(error.text, "a.html") &&
	                strstr(error.text, "not written completely") &&
	                access(trace, F_OK) != 0,
	        "a view that fails names its file, and the next is not begun");
	unlink(html);
	begin();
	options.perfetto = folder;
	CHECK(tell() == -EIO && strstr(error.text, folder) &&
	                strstr(error.text, "cannot be written") &&
	                !strcmp(play.done, "ocnspt"),
	        "a view whose file cannot be opened names its file");
	rmdir(folder);
	if (access("/dev/full", W_OK)) {
		SKIP("a full disk is reported", "there is no /dev/full");
		return;
	}
	begin();
	options.html = "/dev/full";
	CHECK(tell() == -EIO && strstr(error.text, "not written completely"),
	        "a full disk is reported");
}

int main(void)
{
	all_is_done_in_order();
	lanes_have_columns();
	places_are_named();
	nothing_is_shown_of_what_does_not_fail();
	errors_end_it();
	files_are_written();
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}
