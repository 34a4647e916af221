/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - reserves the host's resources for schedules, once per process
   (world.h). */
#include "verify/explore/clocks.h"
#include "verify/explore/heap.h"
#include "verify/explore/world.h"

int rm_explore_open(struct rm_error *error)
{
	static bool opened;
	int status = 0;

	if (opened)
		return 0;
	opened = true;
	status = rm_explore_lanes_open(error);
	if (!status)
		status = rm_explore_heap_open(error);
	if (!status)
		status = rm_explore_clocks_open(error);
	return status;
}
