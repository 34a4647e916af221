/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classes.h - generated programs for what plain ones hardly ever do: keys that
 * collide, a table about to grow, one key under fire, many threads, one
 * operation as often as a small counter can count. Inside verify/explore
 * only.
 */
#ifndef RM_EXPLORE_CLASSES_H
#define RM_EXPLORE_CLASSES_H

#include "verify/explore/program.h"

/* Whether the program of this number is none of the plain ones: every fourth,
   where programs are drawn of no size that was asked for. */
bool rm_explore_is_special(
        const struct rm_explore_options *options, uint64_t number);

/* Such a program; what is drawn before a program's keys is drawn. */
void rm_explore_special_make(
        uint64_t number, struct rm_explore_program *program, uint64_t *rng);

#endif /* RM_EXPLORE_CLASSES_H */
