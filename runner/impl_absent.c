/* SPDX-License-Identifier: Apache-2.0 */
/* impl_absent.c - why a map that somebody names cannot be called here. */
#include "runner/base/error.h"
#include "runner/impl_table.h"

#include <string.h>

int rm_impl_absent(const char *id, struct rm_error *error)
{
	for (size_t i = rm_impl_count; i < rm_impl_all_count; i++)
		if (!strcmp(rm_impl_table[i]->id, id))
			return rm_error_set(error, RM_USAGE,
			        "%s is a map of %s, which runs trials and "
			        "nothing else",
			        id, rm_impl_table[i]->program);
	for (size_t i = 0; i < rm_skipped_count; i++)
		if (!strcmp(rm_skipped_table[i].id, id))
			return rm_error_set(error, RM_USAGE,
			        "%s is not built: needs %s (packages: %s)", id,
			        rm_skipped_table[i].needs,
			        rm_skipped_table[i].packages);
	for (size_t i = 0; rm_unbuilt_table[i].id; i++)
		if (!strcmp(rm_unbuilt_table[i].id, id))
			return rm_error_set(error, RM_USAGE,
			        "%s was not built into this program, expected "
			        "one of `make`, which has all maps",
			        id);
	return RM_OK;
}

int rm_impl_refuse(const char *id, struct rm_error *error)
{
	if (!rm_impl_absent(id, error))
		rm_error_set(error, RM_USAGE,
		        "no map is called \"%s\"; `readmostly list` prints "
		        "all",
		        id);
	return RM_USAGE;
}
