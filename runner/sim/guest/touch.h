/* SPDX-License-Identifier: Apache-2.0 */
/* touch.h - an access of the program, brought before the model. */
#ifndef RM_SIM_TOUCH_H
#define RM_SIM_TOUCH_H

#include "runner/sim/guest/space.h"
#include "runner/sim/guest/world.h"

/* The access that is more than a quick hit in simulated memory. */
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

	/* the rest is a tail call, so that a hit saves no register */
	if (__builtin_expect(
	            core && offset < RM_SIM_MAPPED_BYTES &&
	                    offset % RM_SIM_LINE_BYTES + bytes <=
	                            RM_SIM_LINE_BYTES &&
	                    rm_sim_hit(core,
	                            (uint32_t)(offset / RM_SIM_LINE_BYTES),
	                            rm_sim_bytes(offset, bytes), kind),
	            1))
		return;
	rm_sim_touch_slow(address, bytes, kind, site);
}

#endif /* RM_SIM_TOUCH_H */
