/* SPDX-License-Identifier: Apache-2.0 */
/* menu.h - what generated programs are drawn from (program.c, classes.c).
   Inside verify/explore only. */
#ifndef RM_EXPLORE_MENU_H
#define RM_EXPLORE_MENU_H

#include "verify/explore/program.h"

enum { RM_EXPLORE_MENU = 64 };

/* Kinds of operations, each as often as it is to come. */
struct rm_explore_menu {
	uint8_t kind[RM_EXPLORE_MENU];
	unsigned reads, all; /* what only reads comes first */
};

/* How operations are added to a thread. */
struct rm_explore_fill {
	const struct rm_explore_menu *menu;
	unsigned ops;
	unsigned hot; /* every other operation is on this key */
	bool role;    /* one operation again and again, of whatever keys */
	bool reads;   /* only reads */
};

/* What the map offers. `looks`: also what concerns it as a whole; `grows`: more
   that inserts. */
void rm_explore_menu_make(struct rm_explore_menu *menu,
        const struct rm_impl *impl, bool looks, bool grows);

/* 0 .. n - 1. */
unsigned rm_explore_draw(uint64_t *rng, unsigned n);

/* Adds operations to those of thread `t`, which have room for them. Of a map
   with one writer only thread 0 writes. */
void rm_explore_fill(struct rm_explore_program *program, unsigned t,
        const struct rm_explore_fill *how, uint64_t *rng);

/* The same for every thread, from all that the map offers. */
void rm_explore_fill_all(struct rm_explore_program *program, unsigned ops,
        bool grows, bool role, uint64_t *rng);

/* Whether the program of this number is none of the plain ones: every fourth,
   where programs are drawn of no size that was asked for. */
bool rm_explore_is_special(
        const struct rm_explore_options *options, uint64_t number);

/* Such a program; what is drawn before a program's keys is drawn. */
void rm_explore_special_make(
        uint64_t number, struct rm_explore_program *program, uint64_t *rng);

#endif /* RM_EXPLORE_MENU_H */
