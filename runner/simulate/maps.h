/* SPDX-License-Identifier: Apache-2.0 */
/* maps.h - which maps can be simulated: decided by runner/sim/simulatable.sh
   when the program is built, never by trying. */
#ifndef RM_SIMULATE_MAPS_H
#define RM_SIMULATE_MAPS_H

#include "runner/impl_table.h"

struct rm_sim_verdict {
	const char *id;
	const char *reason; /* why it is not simulated; NULL: it is */
};

extern const struct rm_sim_verdict rm_sim_verdicts[];
extern const size_t rm_sim_verdict_count;

#endif /* RM_SIMULATE_MAPS_H */
