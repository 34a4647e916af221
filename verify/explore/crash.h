/* SPDX-License-Identifier: Apache-2.0 */
/* crash.h - the signals that are treated as a crash of the map. Inside
   verify/explore only. */
#ifndef RM_EXPLORE_CRASH_H
#define RM_EXPLORE_CRASH_H

#include <signal.h>
#include <stdbool.h>

/* True if the signal is a crash of the map, which lanes.c reports. Other
   signals are sent by other processes. */
static inline bool rm_explore_is_crash(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
	       signal == SIGILL || signal == SIGABRT;
}

#endif /* RM_EXPLORE_CRASH_H */
