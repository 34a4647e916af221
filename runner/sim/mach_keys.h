/* SPDX-License-Identifier: Apache-2.0 */
/* mach_keys.h - the lines of a machine's description, one by one. */
#ifndef RM_SIM_MACH_KEYS_H
#define RM_SIM_MACH_KEYS_H

#include "runner/sim/mach.h"

/* The keys of the costs are their numbers; these follow. */
enum {
	RM_SIM_KEY_L1D = RM_SIM_COSTS,
	RM_SIM_KEY_L2,
	RM_SIM_KEY_LLC,
	RM_SIM_KEY_QUANTUM,
	RM_SIM_KEY_MHZ,
	RM_SIM_KEY_RMW_LOADS,
	RM_SIM_KEYS,
};

enum { RM_SIM_VALUE_BYTES = 96 }; /* the longest value, and more */

const char *rm_sim_key_name(int key);

/* The number of a key, or -EINVAL. */
int rm_sim_key_of(const char *name);

/* Sets `key`; cuts `value` up. NULL, or what was expected. */
const char *rm_sim_key_set(struct rm_sim_mach *mach, int key, char *value);

/* The value as rm_sim_key_set() takes it. */
void rm_sim_key_text(
        const struct rm_sim_mach *mach, int key, char *text, size_t size);

#endif /* RM_SIM_MACH_KEYS_H */
