/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - prints the state of a campaign: rewrites one line on a terminal,
   otherwise prints a line per minute. */
#include "runner/campaign/internal.h"

#include "runner/base/clock.h"

#include <string.h>
#include <sys/ioctl.h>

static const uint64_t second_ns = 1000000000, minute_ns = 60000000000;

void rm_duration_text(uint64_t ns, char *text, size_t size)
{
	uint64_t s = (ns + second_ns / 2) / second_ns;

	if (s >= 3600)
		snprintf(text, size, "%llu h %02llu min",
		        (unsigned long long)(s / 3600),
		        (unsigned long long)(s % 3600 / 60));
	else if (s >= 60)
		snprintf(text, size, "%llu min %02llu s",
		        (unsigned long long)(s / 60),
		        (unsigned long long)(s % 60));
	else
		snprintf(text, size, "%llu s", (unsigned long long)s);
}

uint64_t rm_progress_left_ns(const struct rm_progress *progress)
{
	if (!progress->planned_ns)
		return progress->left_ns;
	return (uint64_t)((double)progress->left_ns *
	                  (double)progress->measured_ns /
	                  (double)progress->planned_ns);
}

/* Returns the number of columns of the terminal; 80 if unknown. */
static int terminal_columns(FILE *out)
{
	struct winsize window = { 0 };

	if (ioctl(fileno(out), TIOCGWINSZ, &window) || !window.ws_col)
		return 80;
	return window.ws_col;
}

/* Formats the number of repeats, with their budget if there is one. "" if there
   are no repeats. */
static void format_repeats(
        const struct rm_progress *progress, char *text, size_t size)
{
	bool bound = progress->repeats_most > 0 &&
	             progress->repeats_most <= (double)progress->total;
	size_t used;

	text[0] = '\0';
	if (!progress->repeated)
		return;
	snprintf(text, size, ", %zu repeated", progress->repeated);
	used = strlen(text);
	if (bound)
		snprintf(text + used, size - used, " (at most %.0f)",
		        progress->repeats_most);
}

static void print_line(struct rm_progress *progress, const char *now)
{
	char left[32], repeated[64], line[512];
	bool is_estimate = progress->left_ns && !progress->planned_ns;

	if (!progress->out)
		return;
	rm_duration_text(rm_progress_left_ns(progress), left, sizeof(left));
	format_repeats(progress, repeated, sizeof(repeated));
	snprintf(line, sizeof(line), "%zu/%zu trials%s, %s left%s%s%s",
	        progress->done, progress->total, repeated, left,
	        is_estimate ? " on an idle machine" : "", *now ? ": " : "",
	        now);
	if (progress->is_terminal)
		/* carriage return; clear the rest of the line */
		fprintf(progress->out, "\r%.*s\033[K",
		        terminal_columns(progress->out) - 1, line);
	else
		fprintf(progress->out, "%s\n", line);
	fflush(progress->out);
	progress->printed_ns = rm_now_ns();
}

void rm_progress_start(struct rm_progress *progress, size_t total, size_t done,
        uint64_t left_ns)
{
	progress->total = total;
	progress->done = done;
	progress->left_ns = left_ns;
	print_line(progress, "");
}

void rm_progress_show_cell(struct rm_progress *progress, const char *cell)
{
	if (progress->is_terminal ||
	        rm_now_ns() - progress->printed_ns >= minute_ns)
		print_line(progress, cell);
}

void rm_progress_count_trial(
        struct rm_progress *progress, uint64_t planned_ns, uint64_t measured_ns)
{
	progress->done++;
	progress->left_ns -=
	        planned_ns < progress->left_ns ? planned_ns : progress->left_ns;
	if (!measured_ns)
		return;
	progress->planned_ns += planned_ns;
	progress->measured_ns += measured_ns;
}

/* Prints planned and measured time of this run's trials, so that users can
   judge the estimate. */
static void print_times(const struct rm_progress *progress)
{
	char planned[32], taken[32];

	rm_duration_text(progress->planned_ns, planned, sizeof(planned));
	rm_duration_text(progress->measured_ns, taken, sizeof(taken));
	fprintf(progress->out, "planned: %s, taken: %s\n", planned, taken);
}

void rm_progress_count_repeat(
        struct rm_progress *progress, uint64_t measured_ns)
{
	progress->repeated++;
	progress->measured_ns += measured_ns;
}

void rm_progress_end(struct rm_progress *progress)
{
	print_line(progress, "");
	if (!progress->out)
		return;
	if (progress->is_terminal)
		fputc('\n', progress->out);
	if (progress->measured_ns)
		print_times(progress);
}
