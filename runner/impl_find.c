/* SPDX-License-Identifier: Apache-2.0 */
/* impl_find.c - finds a map of this build by id. */
#include "runner/impl_table.h"

#include <string.h>

const struct rm_impl *rm_impl_find(const char *id)
{
	for (size_t i = 0; i < rm_impl_count; i++)
		if (!strcmp(rm_impl_table[i]->id, id))
			return rm_impl_table[i];
	return NULL;
}
