/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/sim/guest/touch.h"

static void one_line(struct rm_sim_core *core, uint64_t offset, unsigned bytes,
        enum rm_sim_kind kind, const void *site)
{
	uint32_t line = (uint32_t)(offset / RM_SIM_LINE_BYTES);

	while (!rm_sim_access_slow(
	        core, line, rm_sim_bytes(offset, bytes), kind, site))
		rm_sim_world_yield();
}

void rm_sim_touch_slow(uintptr_t address, size_t bytes, enum rm_sim_kind kind,
        const void *site)
{
	struct rm_sim_core *core = rm_sim_running;

	while (bytes && core) {
		size_t room = RM_SIM_LINE_BYTES - address % RM_SIM_LINE_BYTES;
		size_t part = bytes < room ? bytes : room;
		uint64_t offset = rm_sim_space_offset(address);

		if (offset == RM_SIM_NOWHERE)
			rm_sim_world->foreign++;
		else
			one_line(core, offset, (unsigned)part, kind, site);
		address += part;
		bytes -= part;
	}
}
