/* SPDX-License-Identifier: Apache-2.0 */
/* list_sim.h - which maps can be simulated, as readmostly-sim says. */
#ifndef RM_LIST_SIM_H
#define RM_LIST_SIM_H

#include <stdbool.h>
#include <stddef.h>

/* The answer of the `readmostly-sim` beside this program; free() `text`. */
struct rm_sim_list {
	char *text;       /* lines `ID yes` and `ID no REASON`; NULL: none */
	char reason[160]; /* why there is no answer */
};

/* Asks once; never fails, but may have no answer. */
void rm_sim_list_read(struct rm_sim_list *list);

/*
 * Whether map `id` can be simulated; where not, `why` gets the reason (of
 * `size` bytes), else "".
 */
bool rm_sim_list_find(
        const struct rm_sim_list *list, const char *id, char *why, size_t size);

#endif /* RM_LIST_SIM_H */
