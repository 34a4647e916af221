/* SPDX-License-Identifier: Apache-2.0 */
/* impl_find.c - finds a map of this build by id, and a loop of a map. */
#include "runner/impl_table.h"

#include <string.h>

const struct rm_impl *rm_impl_find(const char *id)
{
	for (size_t i = 0; i < rm_impl_count; i++)
		if (!strcmp(rm_impl_table[i]->id, id))
			return rm_impl_table[i];
	return NULL;
}

void (*rm_impl_own_loop(const struct rm_impl *impl, const char *name))(
        struct rm_worker *worker)
{
	const struct rm_own_loop *loop = impl->loops;

	for (; loop && loop->name; loop++)
		if (!strcmp(loop->name, name))
			return loop->run;
	return NULL;
}

bool rm_impl_is_map(const struct rm_impl *impl)
{
	for (unsigned i = 0; i < RM_SHAPES; i++)
		if (impl->drive[i])
			return true;
	return !impl->loops;
}
