/* SPDX-License-Identifier: Apache-2.0 */
/* crash.h - which signals a map's last error is. Inside verify/explore
   only. */
#ifndef RM_EXPLORE_CRASH_H
#define RM_EXPLORE_CRASH_H

#include <signal.h>
#include <stdbool.h>

/* Whether a signal is a map's crash, which lanes.c makes a finding of: others
   come from outside. */
static inline bool rm_explore_is_crash(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
	       signal == SIGILL || signal == SIGABRT;
}

#endif /* RM_EXPLORE_CRASH_H */
