/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - which program plays a cell's trials: its measure decides. */
#ifndef RM_PROGRAM_H
#define RM_PROGRAM_H

#include "runner/plan/cell.h"

enum { RM_PROGRAM_BYTES = 4096 };

/*
 * The program of a measure: `causes` is played by readmostly-stats and
 * `simulated` by readmostly-sim beside this program, whose path goes to
 * `path`; everything else by this program: NULL, as struct rm_launch has it. A program that is not there is a trial that
 * fails with that reason. Any thread.
 */
const char *rm_program_of(enum rm_measure measure, char path[RM_PROGRAM_BYTES]);

#endif /* RM_PROGRAM_H */
