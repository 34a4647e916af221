/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view_html.c - writes one finding as a self-contained HTML page: the text of
 * view_text.c, and each access of the schedule with its chain of calls.
 */
#include "verify/explore/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { TEXT_BYTES = 160 };

static const char *const style =
        ":root{color-scheme:light dark}"
        "body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;"
        "max-width:90rem;padding:0 1rem}"
        "h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem}"
        "pre,td,th{font:13px/1.4 ui-monospace,monospace}"
        "pre{overflow-x:auto;padding:.6rem;border:1px solid #8886}"
        ".wide{overflow-x:auto}table{border-collapse:collapse}"
        "th{text-align:left;position:sticky;top:0;background:Canvas}"
        "td,th{padding:.05rem .8rem;white-space:nowrap}"
        "td+td,th+th{border-left:1px solid #8886}"
        "td:first-child{text-align:right;opacity:.7}"
        ".switch td{border-top:1px solid #8886}"
        ".op{font-weight:600}.fault{color:#c00;font-weight:600}"
        "@media(prefers-color-scheme:dark){.fault{color:#f77}}"
        "small{display:block;padding-left:1rem}";

/* Writes text with HTML escapes that are valid in attributes, too. */
static void put(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
}

/* Writes the output of `print` as preformatted text under a heading. */
static int block(const struct rm_explore_view *view, FILE *out,
        const char *heading,
        int (*print)(const struct rm_explore_view *view, FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	int status;

	if (!memory)
		return -ENOMEM;
	status = print(view, memory);
	if (fclose(memory) && !status)
		status = -ENOMEM;
	if (!status) {
		fprintf(out, "<h2>%s</h2>\n<pre tabindex=\"0\">", heading);
		put(out, text);
		fprintf(out, "</pre>\n");
	}
	free(text);
	return status;
}

static int head(const struct rm_explore_view *view, FILE *out)
{
	rm_explore_print_head(view, out);
	return 0;
}

static int command(const struct rm_explore_view *view, FILE *out)
{
	rm_explore_print_command(view, out);
	return 0;
}

static int history(const struct rm_explore_view *view, FILE *out)
{
	rm_history_explain(out, &view->played->judgement);
	return 0;
}

static void begin_row(const struct rm_explore_view *view, FILE *out,
        unsigned lane, size_t number, const char *class)
{
	fprintf(out, "<tr class=\"%s\"><td>", class);
	if (number)
		fprintf(out, "%zu", number);
	fprintf(out, "</td>");
	for (unsigned i = 0; i < view->column[lane]; i++)
		fprintf(out, "<td></td>");
}

static void end_row(
        const struct rm_explore_view *view, FILE *out, unsigned lane)
{
	for (unsigned i = view->column[lane] + 1; i < view->columns; i++)
		fprintf(out, "<td></td>");
	fprintf(out, "</tr>\n");
}

static void operation_row(const struct rm_explore_view *view, FILE *out,
        const struct rm_explore_event *event, const char *class)
{
	char text[TEXT_BYTES];

	rm_explore_format_operation(view, event, text, sizeof(text));
	begin_row(view, out, event->lane, 0, class);
	fprintf(out, "<td class=\"op\">");
	put(out, text);
	fprintf(out, "</td>");
	end_row(view, out, event->lane);
}

static void access_row(const struct rm_explore_view *view, FILE *out, size_t i,
        const char *class)
{
	const struct rm_explore_event *event = &view->event[i];
	char text[TEXT_BYTES];

	rm_explore_format_event(view, event, text, sizeof(text));
	begin_row(view, out, event->lane, i + 1, class);
	fprintf(out, "<td title=\"");
	put(out, rm_explore_sites_find(&view->sites, event->site)->chain);
	fprintf(out, "\">");
	put(out, text);
	if (event->looks_back) {
		rm_explore_format_older(view, event, text, sizeof(text));
		fprintf(out, "<small>");
		put(out, text);
		fprintf(out, "</small>");
	}
	fprintf(out, "</td>");
	end_row(view, out, event->lane);
}

static void rows(const struct rm_explore_view *view, FILE *out)
{
	unsigned lane = 0;

	for (size_t i = 0; i < view->events; i++) {
		const struct rm_explore_event *event = &view->event[i];
		const char *class = lane && event->lane != lane ? "switch" : "";

		if (rm_explore_is_first_event(view, i)) {
			operation_row(view, out, event, class);
			class = "";
		}
		if (event->site)
			access_row(view, out, i, class);
		lane = event->lane;
	}
}

static void fault_row(const struct rm_explore_view *view, FILE *out)
{
	const struct rm_explore_played *played = view->played;

	if (!played->lane || played->fault == RM_EXPLORE_HISTORY)
		return;
	begin_row(view, out, played->lane, 0, "");
	fprintf(out, "<td class=\"fault\">%s</td>",
	        rm_explore_fault_name[played->fault]);
	end_row(view, out, played->lane);
}

static void schedule(const struct rm_explore_view *view, FILE *out)
{
	fprintf(out,
	        "<h2>The schedule</h2>\n<p>Time runs downward, with a column "
	        "for each thread and a line at each switch. Point at an "
	        "access to see its chain of calls.</p>\n"
	        "<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr>"
	        "<th scope=\"col\">access</th>");
	for (unsigned i = 1; i < RM_EXPLORE_LANES; i++)
		if (view->shown >> i & 1)
			fprintf(out, "<th scope=\"col\">thread %u</th>", i);
	fprintf(out, "</tr></thead>\n<tbody>\n");
	rows(view, out);
	if (view->events_lost)
		fprintf(out,
		        "<tr><td></td><td colspan=\"%u\">%" PRIu64
		        " more accesses, up to the end, were not "
		        "recorded</td></tr>\n",
		        view->columns, view->events_lost);
	fault_row(view, out);
	fprintf(out, "</tbody></table></div>\n");
}

static void open_page(const struct rm_explore_view *view, FILE *out)
{
	const char *id = view->failing->program.impl->id;

	fprintf(out,
	        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	        "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	        "content=\"width=device-width, initial-scale=1\">\n<title>");
	put(out, id);
	fprintf(out, ": ");
	rm_explore_print_title(view, out);
	fprintf(out,
	        "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>",
	        style);
	put(out, id);
	fprintf(out, ": ");
	rm_explore_print_title(view, out);
	fprintf(out, "</h1>\n");
}

int rm_explore_view_html(const struct rm_explore_view *view, FILE *out)
{
	int status;

	open_page(view, out);
	status = block(view, out, "What is wrong", head);
	if (!status)
		status = block(
		        view, out, "The program", rm_explore_print_program);
	schedule(view, out);
	if (!status && view->played->fault == RM_EXPLORE_HISTORY)
		status = block(view, out, "The history", history);
	if (!status)
		status = block(view, out, "Command to repeat it", command);
	fprintf(out, "</main>\n</body>\n</html>\n");
	return status;
}
