/* SPDX-License-Identifier: Apache-2.0 */
/* told.h - one finding and its views: a page of text, HTML, a trace for
   Perfetto. Inside verify/explore only. */
#ifndef RM_EXPLORE_TOLD_H
#define RM_EXPLORE_TOLD_H

#include "verify/explore/shrink.h"
#include "verify/explore/world.h"

#include <stddef.h>
#include <stdio.h>

/* Source lines of places in a map's code, by addr2line. */

enum { RM_EXPLORE_PLACE_BYTES = 64, RM_EXPLORE_CHAIN_BYTES = 400 };

struct rm_explore_site {
	const void *address; /* behind the access: what a call returns to */
	char place[RM_EXPLORE_PLACE_BYTES]; /* "gomap_ops.h:35" */
	char chain[RM_EXPLORE_CHAIN_BYTES]; /* functions, inlined ones first */
};

/* Zero-initialise; rm_explore_sites_clear(). */
struct rm_explore_sites {
	struct rm_explore_site *site; /* sorted by address, each once */
	size_t count, room;
};

/* Remembers that this place will be asked for, as long as there is memory; NULL
   is nowhere. */
void rm_explore_sites_add(struct rm_explore_sites *sites, const void *address);

/* Looks all of them up, in one go; what is not found is its offset in the
   program. Afterwards nothing may be added. */
void rm_explore_sites_name(struct rm_explore_sites *sites);

/* One of them; of an address that was not added: an empty one. */
const struct rm_explore_site *rm_explore_sites_find(
        const struct rm_explore_sites *sites, const void *address);

void rm_explore_sites_clear(struct rm_explore_sites *sites);

/* Belongs to tell.c; views only read it. */
struct rm_explore_told {
	const struct rm_explore_options *options;
	uint64_t number; /* of the schedule or program that was found */
	const struct rm_explore_case *failing; /* made smaller */
	const struct rm_explore_played *played;
	uint64_t ops_before, switches_before;
	uint64_t plays; /* up to it, where schedules are exhausted */
	unsigned shown; /* lanes that have a column, as bits */
	unsigned column[RM_EXPLORE_LANES]; /* of these, from 0 */
	unsigned columns;
	struct rm_explore_sites sites;
	const struct rm_explore_event *event;
	size_t events;
	uint64_t events_lost; /* behind them, up to the end */
};

/* --- told.c: the words that all views have --- */

unsigned rm_explore_ops_of(const struct rm_explore_program *program);

/* "schedule 5 of seed 1: data race", without a line's end. */
void rm_explore_told_title(const struct rm_explore_told *told, FILE *out);

/* What is wrong, where, in which map, and how much smaller it was made. */
void rm_explore_told_head(const struct rm_explore_told *told, FILE *out);

/* As --program-file takes it; 0 or -ENOMEM. */
int rm_explore_told_program(const struct rm_explore_told *told, FILE *out);

/* The command that shows it again; what differs from the usual is said, so
   that the line is enough. */
void rm_explore_told_again(const struct rm_explore_told *told, FILE *out);

/* Whether event i is the first of its operation. */
bool rm_explore_told_begins(const struct rm_explore_told *told, size_t i);

/* "upsert 2" of an event's operation. */
void rm_explore_told_operation(const struct rm_explore_told *told,
        const struct rm_explore_event *event, char *text, size_t size);

/* "gomap_write.h:62 loads 0" of an event that has a place. */
void rm_explore_told_event(const struct rm_explore_told *told,
        const struct rm_explore_event *event, char *text, size_t size);

/* "an older value: that of thread 2 at epoch.h:40" of one that looks back. */
void rm_explore_told_older(const struct rm_explore_told *told,
        const struct rm_explore_event *event, char *text, size_t size);

/* Each writes all of it; 0 or -errno. */

int rm_explore_view_text(const struct rm_explore_told *told, FILE *out);

/* One file that needs no other. */
int rm_explore_view_html(const struct rm_explore_told *told, FILE *out);

/* Trace events, for https://ui.perfetto.dev and chrome://tracing. */
int rm_explore_view_perfetto(const struct rm_explore_told *told, FILE *out);

#endif /* RM_EXPLORE_TOLD_H */
