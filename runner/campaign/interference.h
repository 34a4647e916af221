/* SPDX-License-Identifier: Apache-2.0 */
/* interference.h - what else used the CPUs while a trial ran (R24). */
#ifndef RM_INTERFERENCE_H
#define RM_INTERFERENCE_H

#include <stdint.h>

/* Ticks (USER_HZ) that the hypervisor took from all CPUs since boot, from
   /proc/stat; -1: this system does not say. */
int64_t rm_steal_ticks(void);

/* Runnable tasks, mean of the last minute, from /proc/loadavg; negative: this
   system does not say. */
double rm_load(void);

#endif /* RM_INTERFERENCE_H */
