/* SPDX-License-Identifier: Apache-2.0 */
/* touch.h - an access of the program, brought before the model. */
#ifndef RM_SIM_TOUCH_H
#define RM_SIM_TOUCH_H

#include "runner/sim/guest/space.h"
#include "runner/sim/guest/world.h"

/* The access that crosses lines, or leaves simulated memory. */
void rm_sim_touch_slow(uintptr_t address, size_t bytes, enum rm_sim_kind kind,
        const void *site);

/* One access of 1 .. 64 bytes just before the program does it. `kind` is a
   constant. Returns when the program may go on. */
__attribute__((always_inline)) static inline void rm_sim_touch(
        uintptr_t address, unsigned bytes, enum rm_sim_kind kind,
        const void *site)
{
	struct rm_sim_core *core = rm_sim_running;
	uint64_t offset = address - RM_SIM_BASE;

	if (__builtin_expect(!core, 0))
		return;
	if (__builtin_expect(offset >= RM_SIM_MAPPED_BYTES ||
	                             offset % RM_SIM_LINE_BYTES + bytes >
	                                     RM_SIM_LINE_BYTES,
	            0)) {
		rm_sim_touch_slow(address, bytes, kind, site);
		return;
	}
	while (__builtin_expect(
	        !rm_sim_access(core, (uint32_t)(offset / RM_SIM_LINE_BYTES),
	                rm_sim_bytes(offset, bytes), kind, site),
	        0))
		rm_sim_world_yield();
}

#endif /* RM_SIM_TOUCH_H */
