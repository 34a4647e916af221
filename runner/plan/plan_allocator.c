/* SPDX-License-Identifier: Apache-2.0 */
/* plan_allocator.c - cells whose allocator this machine does not have. */
#include "runner/plan/plan_parts.h"

#include <stdio.h>

void rm_plan_allocator_judge(struct rm_cell *cell)
{
	char why[RM_NAME_BYTES * 2];

	if (cell->allocator != RM_ALLOCATOR_GLIBC &&
	        cell->measure == RM_MEASURE_CAUSES)
		snprintf(cell->skip, RM_REASON_BYTES,
		        "measure causes counts calls of its own malloc(), not "
		        "of %s",
		        rm_allocator_name(cell->allocator));
	else if (rm_allocator_impossible(
	                 cell->allocator, cell->huge_pages, why, sizeof(why)))
		snprintf(cell->skip, RM_REASON_BYTES, "%s", why);
}
