/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/decide.h"
#include "runner/history/reject.h"

/* States of the short search: the usual history needs fewer than it has
   operations. */
static uint64_t short_search(const struct rm_problem *problem)
{
	return 1000 + 16 * (uint64_t)problem->count;
}

enum rm_search_end rm_decide(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes,
        uint64_t *visited)
{
	uint64_t first = short_search(problem);
	uint64_t ignored = 0;
	enum rm_search_end end;
	bool impossible = false;

	if (!visited)
		visited = &ignored;
	if (rm_reject_unwritten(problem))
		return RM_IMPOSSIBLE;
	end = rm_search_run(
	        search, problem, first < states ? first : states, memory_bytes);
	*visited += search->states;
	if (end != RM_GAVE_UP || first >= states)
		return end;
	if (problem->keys == 1 && rm_reject(problem, &impossible))
		return RM_GAVE_UP;
	if (impossible)
		return RM_IMPOSSIBLE;
	end = rm_search_run(search, problem, states, memory_bytes);
	*visited += search->states;
	return end;
}
