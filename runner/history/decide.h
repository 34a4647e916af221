/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h - one problem, the quick ways first. Inside runner/history only. */
#ifndef RM_HISTORY_DECIDE_H
#define RM_HISTORY_DECIDE_H

#include "runner/history/search.h"

/*
 * Whether the problem has an order: a quick proof that it has none, a short
 * search, more proofs, then the whole search within the limits. `visited`
 * (may be NULL) is raised by the states that were visited.
 */
enum rm_search_end rm_decide(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes,
        uint64_t *visited);

#endif /* RM_HISTORY_DECIDE_H */
