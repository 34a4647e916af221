/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness.h - included (-include) before each file of runner/trial/ that is
 * compiled for the simulated machine. Threads become cores, and the clock is
 * virtual. The objects of these files are not instrumented.
 */
#ifndef RM_SIM_HARNESS_H
#define RM_SIM_HARNESS_H

#define clock_gettime        rm_sim_clock_gettime
#define clock_nanosleep      rm_sim_clock_nanosleep
#define sched_setaffinity    rm_sim_sched_setaffinity
#define sched_getaffinity    rm_sim_sched_getaffinity
#define sched_getcpu         rm_sim_sched_getcpu
#define pthread_create       rm_sim_thread_create
#define pthread_join         rm_sim_thread_join
#define pthread_barrier_wait rm_sim_team_barrier_wait
#define rm_trial_run         rm_sim_trial
#define alarm                rm_sim_alarm

#ifdef RM_SIM_MEMORY
/* For files whose memory the measured loop uses: it must be simulated memory.
   The declarations precede the macros, because malloc is also the name of an
   attribute. */
#include <stdlib.h>
void *rm_sim_driver_alloc(size_t bytes);
void *rm_sim_driver_aligned(size_t alignment, size_t bytes);
void rm_sim_driver_free(void *pages);
#define malloc        rm_sim_driver_alloc
#define free          rm_sim_driver_free
#define aligned_alloc rm_sim_driver_aligned
#endif

#endif /* RM_SIM_HARNESS_H */
