/* SPDX-License-Identifier: Apache-2.0 */
/* instead.h - what an operation could have been answered. Inside
   runner/history only. */
#ifndef RM_HISTORY_INSTEAD_H
#define RM_HISTORY_INSTEAD_H

#include "runner/history/cut.h"

struct rm_instead {
	struct rm_cut *cut; /* cut in time, with its offending operation */
	const struct rm_history *names;
	char *text; /* out: "3, 4, absent"; "" where nothing was found */
	size_t size;
};

/* Tries other answers of the offending operation, all others kept. */
void rm_instead_find(struct rm_instead *instead);

#endif /* RM_HISTORY_INSTEAD_H */
