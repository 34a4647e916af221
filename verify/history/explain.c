/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - prints a failing history with one column per thread and time
 * running downward, so that overlapping operations are visible.
 */
#include "verify/history/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LANES_MAX = 8,
	CELL_BYTES = 96,
	CELL_MIN = 12,
	WHERE_BYTES = 32,
	ROW_BYTES = LANES_MAX * (CELL_BYTES + 2) + 1
};

/* The beginning or the end of an operation. */
struct mark {
	uint64_t stamp;
	uint32_t event;
	uint32_t lane;
	bool end, done;
};

struct picture {
	FILE *out;
	const struct rm_history_judgement *judgement;
	const struct rm_history *history;
	struct mark *marks;
	size_t mark_count;
	uint32_t *threads; /* thread of each lane */
	bool *running;     /* true while an operation of the lane runs */
	size_t lanes;
	int width;      /* width of a lane */
	uint64_t first; /* the first stamp, from which times are counted */
};

static uint32_t lane_of(struct picture *picture, uint32_t thread)
{
	size_t lane = 0;

	while (lane < picture->lanes && picture->threads[lane] != thread)
		lane++;
	if (lane == picture->lanes)
		picture->threads[picture->lanes++] = thread;
	return (uint32_t)lane;
}

static void cell_of(
        const struct picture *picture, const struct mark *mark, char *text)
{
	const struct rm_history_event *event =
	        picture->history->events + mark->event;
	char words[CELL_BYTES - 4];

	if (mark->end)
		rm_format_result(picture->history, event, words, sizeof(words));
	else
		rm_format_call(picture->history, event, words, sizeof(words));
	snprintf(text, CELL_BYTES, "%c %s", mark->end ? '\'' : '.', words);
}

static int compare_stamps(const void *left, const void *right)
{
	const struct mark *a = left, *b = right;

	if (a->stamp != b->stamp)
		return a->stamp < b->stamp ? -1 : 1;
	if (a->lane != b->lane)
		return a->lane < b->lane ? -1 : 1;
	return a->event < b->event ? -1 : a->event > b->event;
}

static void add_mark(
        struct picture *picture, uint32_t event, uint64_t stamp, bool end)
{
	struct mark mark = { stamp, event,
		lane_of(picture, picture->history->events[event].thread), end,
		false };
	char text[CELL_BYTES];

	cell_of(picture, &mark, text);
	if ((int)strlen(text) + 2 > picture->width)
		picture->width = (int)strlen(text) + 2;
	picture->marks[picture->mark_count++] = mark;
}

/* All lanes have the width of the longest cell, so that the columns are
   aligned. */
static int make_picture(struct picture *picture)
{
	const struct rm_history *history = picture->history;

	picture->marks = calloc(2 * history->count + 1, sizeof(struct mark));
	picture->threads = calloc(history->count + 1, sizeof(uint32_t));
	picture->running = calloc(history->count + 1, sizeof(bool));
	if (!picture->marks || !picture->threads || !picture->running)
		return -ENOMEM;
	picture->first = UINT64_MAX;
	for (uint32_t i = 0; i < history->count; i++) {
		const struct rm_history_event *event = history->events + i;

		if (event->invoked < picture->first)
			picture->first = event->invoked;
		add_mark(picture, i, event->invoked, false);
		if (event->returned != RM_HISTORY_NEVER)
			add_mark(picture, i, event->returned, true);
	}
	qsort(picture->marks, picture->mark_count, sizeof(*picture->marks),
	        compare_stamps);
	return 0;
}

/*
 * Returns the next mark to print. At equal stamps beginnings come first, since
 * these operations overlap. Within a lane, beginnings and ends alternate.
 */
static struct mark *next_mark(struct picture *picture)
{
	struct mark *best = NULL;

	for (size_t i = 0; i < picture->mark_count; i++) {
		struct mark *mark = picture->marks + i;

		if (mark->done || picture->running[mark->lane] != mark->end)
			continue;
		if (best && mark->stamp != best->stamp)
			break;
		if (!best || (best->end && !mark->end))
			best = mark;
	}
	return best;
}

static void print_trimmed(FILE *out, char *line)
{
	size_t length = strlen(line);

	while (length && line[length - 1] == ' ')
		length--;
	line[length] = '\0';
	fputs(line, out);
}

/* Prints every lane in every row, with `|` while an operation runs, so that
   overlaps are visible. */
static void print_row(struct picture *picture, const struct mark *mark)
{
	const struct rm_history_judgement *judgement = picture->judgement;
	bool offending = mark->event == judgement->offending && mark->end;
	char line[ROW_BYTES], text[CELL_BYTES];
	int used = 0;

	line[0] = '\0';
	for (size_t lane = 0; lane < picture->lanes; lane++) {
		text[0] = picture->running[lane] ? '|' : ' ';
		text[1] = '\0';
		if (lane == mark->lane)
			cell_of(picture, mark, text);
		used += snprintf(line + used, sizeof(line) - (size_t)used,
		        "%-*s", picture->width, text);
	}
	snprintf(text, sizeof(text), "+%llu",
	        (unsigned long long)(mark->stamp - picture->first));
	fprintf(picture->out, "%c %12s  ", offending ? '>' : ' ', text);
	print_trimmed(picture->out, line);
	if (offending)
		fprintf(picture->out, "  <== impossible%s%s",
		        judgement->instead[0] ? "; possible instead: " : "",
		        judgement->instead);
	fputc('\n', picture->out);
}

/* Stamps are printed relative to the first one: time stamp counters have 15
   digits, of which only the last few differ. */
static void print_lanes(struct picture *picture)
{
	char line[ROW_BYTES], text[WHERE_BYTES];
	struct mark *mark;
	int used = 0;

	line[0] = '\0';
	for (size_t lane = 0; lane < picture->lanes; lane++) {
		snprintf(text, sizeof(text), "thread %u",
		        picture->threads[lane]);
		used += snprintf(line + used, sizeof(line) - (size_t)used,
		        "%-*s", picture->width, text);
	}
	fprintf(picture->out, "  %12s  ", "stamp");
	print_trimmed(picture->out, line);
	fputc('\n', picture->out);
	while ((mark = next_mark(picture))) {
		print_row(picture, mark);
		mark->done = true;
		picture->running[mark->lane] = !mark->end;
	}
}

/* Prints one line per operation, if there are too many lanes for a page. */
static void print_list(struct picture *picture)
{
	const struct rm_history_judgement *judgement = picture->judgement;

	for (size_t i = 0; i < picture->mark_count; i++) {
		const struct mark *mark = picture->marks + i;
		const struct rm_history_event *event =
		        picture->history->events + mark->event;
		char call[CELL_BYTES], result[CELL_BYTES];

		if (mark->end)
			continue;
		rm_format_call(picture->history, event, call, sizeof(call));
		rm_format_result(
		        picture->history, event, result, sizeof(result));
		fprintf(picture->out, "%c thread %-4u +%llu",
		        mark->event == judgement->offending ? '>' : ' ',
		        event->thread,
		        (unsigned long long)(event->invoked - picture->first));
		if (event->returned != RM_HISTORY_NEVER)
			fprintf(picture->out, " to +%llu",
			        (unsigned long long)(event->returned -
			                             picture->first));
		fprintf(picture->out, "  %s: %s\n", call, result);
	}
}

/* Prints the data needed to repeat the failure: the map, the seed and the
   command. */
static void print_head(const struct picture *picture)
{
	const struct rm_history *history = picture->history;
	char key[64], value[64];

	fprintf(picture->out, "%s\n", picture->judgement->why);
	if (history->map[0])
		fprintf(picture->out, "map %s, seed %llu, guarantee %s%s%s\n",
		        history->map, (unsigned long long)history->seed,
		        rm_history_guarantee_name(history->guarantee),
		        history->stamps[0] ? ", stamps " : "", history->stamps);
	if (history->command[0])
		fprintf(picture->out, "again: %s\n", history->command);
	if (picture->judgement->left_out)
		fprintf(picture->out,
		        "left out: %zu other operations, without which the "
		        "history also fails\n",
		        picture->judgement->left_out);
	for (size_t i = 0; i < history->initial_count; i++) {
		rm_format_key(
		        history, history->initial[i].key, key, sizeof(key));
		rm_format_value(history, history->initial[i].value, false,
		        value, sizeof(value));
		fprintf(picture->out, "at the start: %s = %s\n", key, value);
	}
}

/* Prints the entries of scans, which are too long for a cell. */
static void print_scans(const struct picture *picture)
{
	const struct rm_history *history = picture->history;
	char key[64], value[64];

	for (size_t i = 0; i < history->count; i++) {
		const struct rm_history_event *event = history->events + i;

		if (event->kind != RM_HISTORY_SCAN)
			continue;
		fprintf(picture->out, "the scan of thread %u yielded",
		        event->thread);
		for (size_t p = 0; p < event->pairs; p++) {
			const struct rm_history_pair *pair =
			        history->pairs + event->first_pair + p;

			rm_format_key(history, pair->key, key, sizeof(key));
			rm_format_value(history, pair->value, false, value,
			        sizeof(value));
			fprintf(picture->out, "%s %s = %s", p ? "," : "", key,
			        value);
		}
		fprintf(picture->out, "%s\n", event->pairs ? "" : " nothing");
	}
}

int rm_history_explain(FILE *out, const struct rm_history_judgement *judgement)
{
	struct picture picture = { .out = out,
		.judgement = judgement,
		.history = &judgement->smallest,
		.width = CELL_MIN };
	int failed = make_picture(&picture);

	if (!failed) {
		print_head(&picture);
		if (picture.lanes <= LANES_MAX)
			print_lanes(&picture);
		else
			print_list(&picture);
		print_scans(&picture);
		failed = ferror(out) ? -EIO : 0;
	}
	free(picture.marks);
	free(picture.threads);
	free(picture.running);
	return failed;
}
