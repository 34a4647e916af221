/* SPDX-License-Identifier: Apache-2.0 */
/* simulator.h - which maps can be simulated, as readmostly-sim says. */
#ifndef RM_SIMULATOR_H
#define RM_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>

/* The answer of the `readmostly-sim` beside this program; free() `text`. */
struct rm_simulator {
	char *text;       /* lines `ID yes` and `ID no REASON`; NULL: none */
	char reason[160]; /* why there is no answer */
};

/* Asks once; never fails, but may have no answer. */
void rm_simulator_ask(struct rm_simulator *simulator);

/*
 * Of a struct rm_simulator (struct rm_plan_options has it without a type):
 * whether map `id` can be simulated; where not, `why` gets the reason (of
 * `size` bytes), else "".
 */
bool rm_simulator_can(
        const void *simulator, const char *id, char *why, size_t size);

#endif /* RM_SIMULATOR_H */
