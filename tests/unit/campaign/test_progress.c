/* SPDX-License-Identifier: Apache-2.0 */
/* test_progress.c - the line that shows a campaign's progress, and how often it
   is printed. */
#include "runner/base/clock.h"
#include "runner/campaign/internal.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t second_ns = 1000000000;

/* A progress line that is printed to memory. */
struct page {
	struct rm_progress progress;
	char *text;
	size_t size;
};

static void open_page(struct page *page, bool is_terminal)
{
	*page = (struct page){ .progress.is_terminal = is_terminal };
	page->progress.out = open_memstream(&page->text, &page->size);
}

static void close_page(struct page *page)
{
	fclose(page->progress.out);
	free(page->text);
}

static unsigned count(const char *text, char wanted)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == wanted;
	return n;
}

static bool duration_is(uint64_t ns, const char *expected)
{
	char text[32];

	rm_duration_text(ns, text, sizeof(text));
	return !strcmp(text, expected);
}

static void durations(void)
{
	CHECK(duration_is(0, "0 s") && duration_is(12 * second_ns, "12 s"),
	        "a short time is printed in seconds");
	CHECK(duration_is(200 * second_ns, "3 min 20 s"),
	        "a longer time is printed in minutes and seconds");
	CHECK(duration_is(7500 * second_ns, "2 h 05 min"),
	        "a long time is printed in hours and minutes");
	CHECK(duration_is(59 * second_ns + second_ns / 2, "1 min 00 s"),
	        "rounding up reaches the next unit");
}

static void time_left(void)
{
	struct rm_progress progress = { 0 };

	rm_progress_start(&progress, 10, 2, 80 * second_ns);
	CHECK(rm_progress_left_ns(&progress) == 80 * second_ns,
	        "the plan's estimate is used before the first measurement");
	rm_progress_count_trial(&progress, 10 * second_ns, 20 * second_ns);
	CHECK(rm_progress_left_ns(&progress) == 140 * second_ns,
	        "a trial that takes twice its planned time doubles the time "
	        "left");
	rm_progress_count_trial(&progress, 10 * second_ns, 0);
	CHECK(progress.done == 4 &&
	                rm_progress_left_ns(&progress) == 120 * second_ns,
	        "a skipped trial counts as done and changes no estimate");
	rm_progress_count_trial(&progress, 100 * second_ns, second_ns);
	CHECK(rm_progress_left_ns(&progress) == 0,
	        "the time left is never negative");
}

static void repeats(void)
{
	struct page page;

	open_page(&page, false);
	rm_progress_start(&page.progress, 10, 0, 100 * second_ns);
	rm_progress_count_trial(&page.progress, 10 * second_ns, 10 * second_ns);
	rm_progress_count_repeat(&page.progress, 5 * second_ns);
	CHECK(page.progress.done == 1,
	        "a repeat does not count as a trial of the plan");
	CHECK(rm_progress_left_ns(&page.progress) == 135 * second_ns,
	        "the time left grows with the share of repeats");
	rm_progress_end(&page.progress);
	CHECK(strstr(page.text, "1/10 trials, 1 repeated, 2 min 15 s left"),
	        "repeats are printed");
	close_page(&page);
}

static void print_each_minute(void)
{
	struct page page;

	open_page(&page, false);
	rm_progress_start(&page.progress, 3, 0, 3 * second_ns);
	for (int i = 0; i < 100; i++)
		rm_progress_show_cell(&page.progress, "some/cell");
	fflush(page.progress.out);
	CHECK(count(page.text, '\n') == 1 &&
	                strstr(page.text,
	                        "0/3 trials, 3 s left on an idle machine"),
	        "without a terminal, one line is printed at the start");
	page.progress.printed_ns = rm_now_ns() - 61 * second_ns;
	rm_progress_show_cell(&page.progress, "some/cell");
	rm_progress_show_cell(&page.progress, "some/cell");
	fflush(page.progress.out);
	CHECK(count(page.text, '\n') == 2 && strstr(page.text, ": some/cell\n"),
	        "a line each minute names the running cell");
	rm_progress_end(&page.progress);
	fflush(page.progress.out);
	CHECK(count(page.text, '\n') == 3 && !strchr(page.text, '\r'),
	        "one line at the end; nothing is rewritten");
	close_page(&page);
}

static void rewrite_line(void)
{
	struct page page;
	char cell[600];

	memset(cell, 'c', sizeof(cell) - 1);
	cell[sizeof(cell) - 1] = 0;
	open_page(&page, true);
	rm_progress_start(&page.progress, 3, 0, 3 * second_ns);
	rm_progress_show_cell(&page.progress, cell);
	rm_progress_show_cell(&page.progress, cell);
	fflush(page.progress.out);
	CHECK(count(page.text, '\r') == 3 && count(page.text, '\n') == 0,
	        "a terminal's line is rewritten for each trial");
	CHECK(page.size < 3 * 90, "a line is never longer than the terminal");
	rm_progress_end(&page.progress);
	fflush(page.progress.out);
	CHECK(count(page.text, '\n') == 1 && page.text[page.size - 1] == '\n',
	        "the terminal's line is complete at the end");
	close_page(&page);
}

int main(void)
{
	durations();
	time_left();
	repeats();
	print_each_minute();
	rewrite_line();
	return DONE();
}
