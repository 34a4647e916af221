/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_view_text.c - the page of text about one finding, line for line:
   what stands in which column, what is said once, and what is left out of a
   long one. The words of events are the test's own. */
#include "verify/explore/view_text.c"

#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>

const char *const rm_explore_fault_name[RM_EXPLORE_FAULTS] = {
	[RM_EXPLORE_RACE] = "data race"
};

static const char code[10];

/* Sites 8 and 9 are of one line of source. */
const struct rm_explore_site *rm_explore_sites_find(
        const struct rm_explore_sites *sites, const void *address)
{
	static struct rm_explore_site site[sizeof(code)];
	long i = (const char *)address - code, line = i == 9 ? 8 : i;

	(void)sites;
	snprintf(site[i].place, sizeof(site[i].place), "map.c:%ld", line);
	snprintf(site[i].chain, sizeof(site[i].chain), "find map.c:%ld", line);
	return &site[i];
}

const char *rm_explore_lane_name(unsigned lane)
{
	return lane == 1 ? "thread 1" : "thread 3";
}

void rm_explore_told_title(const struct rm_explore_told *told, FILE *out)
{
	(void)told;
	fprintf(out, "TITLE");
}

void rm_explore_told_head(const struct rm_explore_told *told, FILE *out)
{
	(void)told;
	fprintf(out, "HEAD\n");
}

int rm_explore_told_program(const struct rm_explore_told *told, FILE *out)
{
	(void)told;
	fprintf(out, "PROGRAM\n");
	return -ENOMEM;
}

void rm_explore_told_again(const struct rm_explore_told *told, FILE *out)
{
	(void)told;
	fprintf(out, "AGAIN\n");
}

bool rm_explore_told_begins(const struct rm_explore_told *told, size_t i)
{
	for (size_t n = 0; n < i; n++)
		if (told->event[n].lane == told->event[i].lane &&
		        told->event[n].operation == told->event[i].operation)
			return false;
	return told->event[i].operation >= 0;
}

void rm_explore_told_operation(const struct rm_explore_told *told,
        const struct rm_explore_event *event, char *text, size_t size)
{
	(void)told;
	snprintf(text, size, "op %d", event->operation);
}

void rm_explore_told_event(const struct rm_explore_told *told,
        const struct rm_explore_event *event, char *text, size_t size)
{
	(void)told;
	snprintf(text, size, "at %d", (int)((const char *)event->site - code));
}

void rm_explore_told_older(const struct rm_explore_told *told,
        const struct rm_explore_event *event, char *text, size_t size)
{
	(void)told;
	snprintf(text, size, "older of %u", event->older_lane);
}

int rm_history_explain(FILE *out, const struct rm_history_judgement *judgement)
{
	(void)judgement;
	fprintf(out, "EXPLAINED\n");
	return 0;
}

static char *page;
static size_t page_bytes;

/* The page of these events, with threads 1 and 3. */
static int print(const struct rm_explore_event *event, size_t events,
        const struct rm_explore_played *played)
{
	const struct rm_explore_told told = { .played = played,
		.event = event,
		.events = events,
		.shown = 1 << 1 | 1 << 3,
		.column = { 0, 0, 9, 1 } };
	FILE *out;
	int status;

	free(page);
	out = open_memstream(&page, &page_bytes);
	if (!out)
		exit(1);
	status = rm_explore_view_text(&told, out);
	fclose(out);
	return status;
}

#define COLUMN "                                    " /* of 36 */
#define GAP    "                          "           /* of 26 */

static void short_page(void)
{
	const struct rm_explore_event event[] = {
		{ .lane = 1, .kind = RM_EXPLORE_LOADS, .site = &code[1] },
		{ .lane = 1, .kind = RM_EXPLORE_LOADS, .site = &code[1] },
		{ .lane = 3,
		        .kind = RM_EXPLORE_LOADS,
		        .operation = 2,
		        .site = &code[1],
		        .looks_back = true,
		        .older_lane = 1 },
		{ .lane = 1, .kind = RM_EXPLORE_LOADS, .site = &code[1] },
		{ .lane = 1, .kind = RM_EXPLORE_STORES, .site = &code[1] },
		{ .lane = 1, .kind = RM_EXPLORE_STORES, .site = &code[2] },
		{ .lane = 1, .kind = RM_EXPLORE_STORES, .operation = 1 },
		{ .lane = 1,
		        .kind = RM_EXPLORE_STORES,
		        .operation = -1,
		        .site = &code[2] },
	};
	const struct rm_explore_played played = { .fault = RM_EXPLORE_RACE,
		.lane = 3 };
	int status = print(event, 8, &played);

	CHECK(!strcmp(page, "TITLE\nHEAD\n\nthe program:\nPROGRAM\n"
	                    "\nthe schedule, time downward, a column each:\n"
	                    "  thread 1" GAP "  thread 3" GAP "\n"
	                    "  op 0:\n    at 1\n"
	                    "  " COLUMN "op 2:\n"
	                    "  " COLUMN "  at 1\n"
	                    "  " COLUMN "    older of 1\n"
	                    "    at 1\n    at 1\n    at 2\n"
	                    "  op 1:\n"
	                    "    at 2\n"
	                    "  " COLUMN "  ^ data race\n"
	                    "\nagain: AGAIN\n"),
	        "each event in its thread's column, one that says the same "
	        "as the one before it once");
	CHECK(status == -ENOMEM, "what goes wrong with the program is told");
}

static void same_line(void)
{
	const struct rm_explore_event event[] = {
		{ .lane = 1, .site = &code[8] },
		{ .lane = 1, .site = &code[9] },
		{ .lane = 1, .site = &code[9], .looks_back = true },
		{ .lane = 1, .site = &code[9] },
	};
	const struct rm_explore_played played = { .fault = RM_EXPLORE_HISTORY,
		.lane = 1 };

	print(event, 4, &played);
	CHECK(strstr(page, "\n  op 0:\n    at 8\n    at 9\n      older of 0\n"
	                   "    at 9\n\nthe history:\nEXPLAINED\n\nagain"),
	        "two places of one line are one, but around a load that looks "
	        "back; a history is explained, and is no lane's fault");
}

/* Whether the page's lines are these numbers of `from` .. `to`, in turn. */
static const char *skip_lines(const char *at, int from, int to)
{
	for (int i = from; i <= to; i++) {
		char line[32];

		snprintf(line, sizeof(line), "  op %d:\n", i);
		if (strncmp(at, line, strlen(line)))
			return "";
		at += strlen(line);
	}
	return at;
}

/* Operations without an access: a line each. */
static void long_page(void)
{
	static struct rm_explore_event event[200];
	const struct rm_explore_played played = { .fault = RM_EXPLORE_RACE };
	const char *at;

	for (int i = 0; i < 200; i++)
		event[i] = (struct rm_explore_event){ .lane = 1,
			.operation = (int16_t)i };
	print(event, LINES_MOST, &played);
	at = strstr(page, "  op 0:");
	CHECK(at && !strncmp(skip_lines(at, 0, LINES_MOST - 1), "\nagain", 6),
	        "so many lines are printed whole");
	event[100].looks_back = true;
	event[100].older_lane = 3;
	event[100].site = &code[5];
	print(event, 199, &played);
	at = strstr(page, "  op 0:");
	at = at ? skip_lines(at, 0, 79) : "";
	CHECK(!strncmp(at, "  ... 41 lines ...\n", 19),
	        "of more, those of the middle are left out and counted");
	at = *at ? skip_lines(at + 19, 119, 198) : "";
	CHECK(!strcmp(at, "\nloads that read an older value:\n"
	                  "  thread 1 in operation 101 at find map.c:5\n"
	                  "      older of 3\n\nagain: AGAIN\n"),
	        "and loads that look back are told apart");
}

int main(void)
{
	short_page();
	same_line();
	long_page();
	free(page);
	return DONE();
}
