/* SPDX-License-Identifier: Apache-2.0 */
/* longest.h - the log of an open loop's longest operations. */
#ifndef RM_LONGEST_H
#define RM_LONGEST_H

#include "runner/trial/team.h"

/*
 * The result's member "longest" (docs/trial-protocol.md), of loops that time
 * each operation (paced, fill): the RM_SLOWEST longest operations of the window, longest first, each with the events of
 * runner/event.h that overlapped it, of any thread, longest overlap first;
 * causes null in builds that record no events. Null for other loops. After
 * all threads have ended. New reference.
 */
json_t *rm_team_longest(const struct rm_team *team);

#endif /* RM_LONGEST_H */
