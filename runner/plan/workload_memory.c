/* SPDX-License-Identifier: Apache-2.0 */
/* workload_memory.c - the keys about where a map's memory comes from. */
#include "runner/plan/workload_keys.h"

int rm_workload_read_allocator(
        struct rm_workload *w, unsigned i, const char *text)
{
	return rm_allocator_parse(text, &w->allocators[i]);
}

int rm_workload_read_huge_pages(
        struct rm_workload *w, unsigned i, const char *text)
{
	return rm_huge_pages_parse(text, &w->huge_pages[i]);
}
