/* SPDX-License-Identifier: Apache-2.0 */
/* zones.h - proofs by when values were held. Inside runner/history only. */
#ifndef RM_HISTORY_ZONES_H
#define RM_HISTORY_ZONES_H

#include "runner/history/problem.h"

/* *impossible: two values, or a value and absence, at one moment, or a value
   replaced twice. Of one key without appends. 0 or -ENOMEM. */
int rm_zones_reject(const struct rm_problem *problem, bool *impossible);

#endif /* RM_HISTORY_ZONES_H */
