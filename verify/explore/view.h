/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - one finding and its views: a page of text, HTML, and a trace for
   Perfetto. Inside verify/explore only. */
#ifndef RM_EXPLORE_VIEW_H
#define RM_EXPLORE_VIEW_H

#include "verify/explore/shrink.h"
#include "verify/explore/world.h"

#include <stddef.h>
#include <stdio.h>

/* Source lines of code addresses, found by addr2line. */

enum { RM_EXPLORE_PLACE_BYTES = 64, RM_EXPLORE_CHAIN_BYTES = 400 };

struct rm_explore_site {
	const void *address; /* the return address of the access */
	char place[RM_EXPLORE_PLACE_BYTES]; /* "gomap_ops.h:35" */
	char chain[RM_EXPLORE_CHAIN_BYTES]; /* functions, inlined ones first */
};

/* Zero-initialise it. rm_explore_sites_clear() frees its memory. */
struct rm_explore_sites {
	struct rm_explore_site *site; /* sorted by address, each once */
	size_t count, room;
};

/* Adds an address to be looked up. Ignores NULL, and addresses beyond the limit
   or the host's memory. */
void rm_explore_sites_add(struct rm_explore_sites *sites, const void *address);

/* Looks up all addresses at once; the place of an unknown address is its offset
   in the program. No address may be added afterwards. */
void rm_explore_sites_name(struct rm_explore_sites *sites);

/* Returns the site of an address, or an empty one if it was not added. */
const struct rm_explore_site *rm_explore_sites_find(
        const struct rm_explore_sites *sites, const void *address);

void rm_explore_sites_clear(struct rm_explore_sites *sites);

/* Owned by show.c; views only read it. */
struct rm_explore_view {
	const struct rm_explore_options *options;
	uint64_t number; /* the schedule or program that failed */
	/* the case after it was made smaller */
	const struct rm_explore_case *failing;
	const struct rm_explore_played *played;
	uint64_t ops_before, switches_before;
	/* exhaustive: number of schedules up to the failing one */
	uint64_t plays;
	unsigned shown; /* lanes with a column, as bits */
	/* column of each shown lane, from 0 */
	unsigned column[RM_EXPLORE_LANES];
	unsigned columns;
	struct rm_explore_sites sites;
	const struct rm_explore_event *event;
	size_t events;
	/* number of events that were dropped at the end */
	uint64_t events_lost;
};

/* --- view.c: text that all views share --- */

unsigned rm_explore_count_ops(const struct rm_explore_program *program);

/* Prints the title "schedule 5 of seed 1: data race", without a newline. */
void rm_explore_print_title(const struct rm_explore_view *view, FILE *out);

/* Prints the fault, its sites, the map, and how much smaller the case was
 * made. */
void rm_explore_print_head(const struct rm_explore_view *view, FILE *out);

/* Prints the program in the format of --program-file. Returns 0 or -ENOMEM. */
int rm_explore_print_program(const struct rm_explore_view *view, FILE *out);

/* Prints the command that shows the finding again, with every option that
   differs from its default. */
void rm_explore_print_command(const struct rm_explore_view *view, FILE *out);

/* True if event i is the first of its operation. */
bool rm_explore_is_first_event(const struct rm_explore_view *view, size_t i);

/* Formats the operation of an event, such as "upsert 2". */
void rm_explore_format_operation(const struct rm_explore_view *view,
        const struct rm_explore_event *event, char *text, size_t size);

/* Formats an event with a site, such as "gomap_write.h:62 loads 0". */
void rm_explore_format_event(const struct rm_explore_view *view,
        const struct rm_explore_event *event, char *text, size_t size);

/* Formats the origin of the value of a load: "an older value, stored by thread
 * 2 at epoch.h:40". */
void rm_explore_format_older(const struct rm_explore_view *view,
        const struct rm_explore_event *event, char *text, size_t size);

/* Each view writes the whole finding, and returns 0 or -errno. */

int rm_explore_view_text(const struct rm_explore_view *view, FILE *out);

/* Writes a self-contained file. */
int rm_explore_view_html(const struct rm_explore_view *view, FILE *out);

/* Writes trace events, for https://ui.perfetto.dev and chrome://tracing. */
int rm_explore_view_perfetto(const struct rm_explore_view *view, FILE *out);

#endif /* RM_EXPLORE_VIEW_H */
