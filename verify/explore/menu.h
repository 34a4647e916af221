/* SPDX-License-Identifier: Apache-2.0 */
/* menu.h - the distributions from which program.c and classes.c draw programs.
   Inside verify/explore only. */
#ifndef RM_EXPLORE_MENU_H
#define RM_EXPLORE_MENU_H

#include "verify/explore/program.h"

enum { RM_EXPLORE_MENU = 64 };

/* Kinds of operations; each kind occurs as often as its weight. */
struct rm_explore_menu {
	uint8_t kind[RM_EXPLORE_MENU];
	unsigned reads, all; /* the first `reads` kinds only read */
};

/* How operations are added to a thread. */
struct rm_explore_fill {
	const struct rm_explore_menu *menu;
	unsigned ops;
	unsigned hot; /* at least half of the operations are on this key */
	bool role;    /* always the same operation, on varying keys */
	bool reads;   /* only reads */
};

/* Lists the operations that the map offers. `looks` includes operations on the
 * whole map; `grows` includes more inserts. */
void rm_explore_menu_make(struct rm_explore_menu *menu,
        const struct rm_impl *impl, bool looks, bool grows);

/* Returns a random number in 0 .. n - 1. */
unsigned rm_explore_draw(uint64_t *rng, unsigned n);

/* Appends operations to thread `t`, which must have space for them. If the map
   allows one writer, only thread 0 writes. */
void rm_explore_fill(struct rm_explore_program *program, unsigned t,
        const struct rm_explore_fill *how, uint64_t *rng);

/* Like rm_explore_fill(), for every thread, with all operations that the map
 * offers. */
void rm_explore_fill_all(struct rm_explore_program *program, unsigned ops,
        bool grows, bool role, uint64_t *rng);

/* True if the program of this number is from a special class: one in
   RM_EXPLORE_TURNS, unless a size or a program was requested. */
bool rm_explore_is_special(
        const struct rm_explore_options *options, uint64_t number);

/* True if the program of this number may take as long as thousands of others.
   This is never the case with schedulers other than the mix, which are chosen
   for speed, or among the first numbers, which `explore all` runs. */
bool rm_explore_may_take_long(
        const struct rm_explore_options *options, uint64_t number);

/* True if the schedule of this number is fair. Half of the programs that do not
   grow then have one key, because a livelock needs threads that compete. */
static inline bool rm_explore_is_fair(
        const struct rm_explore_options *options, uint64_t number)
{
	return options->policy == RM_EXPLORE_FAIR ||
	       (options->policy == RM_EXPLORE_MIX &&
	               number % RM_EXPLORE_FAIR_EVERY == RM_EXPLORE_TURN_FAIR);
}

/* True if the program of this number is made to judge progress: one of
   RM_EXPLORE_PROGRESS_EVERY under the mix, one of RM_EXPLORE_TURNS under the
   fair scheduler. Its schedule is fair and even. */
bool rm_explore_is_progress(
        const struct rm_explore_options *options, uint64_t number);

/* Fills in a program that judges progress, after the fields common to all
 * programs were drawn. */
void rm_explore_progress_make(
        uint64_t number, struct rm_explore_program *program, uint64_t *rng);

/* Fills in a special program, after the fields common to all programs were
 * drawn. */
void rm_explore_special_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program, uint64_t *rng);

#endif /* RM_EXPLORE_MENU_H */
