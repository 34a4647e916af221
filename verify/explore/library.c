/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - finds the map to explore: the map of this program, or of an
   instrumented library (explore.h). */
#include "runner/impl.h"
#include "verify/check/check.h"
#include "verify/check/internal.h"
#include "verify/explore/clocks.h"
#include "verify/explore/explore.h"
#include "verify/explore/heap.h"
#include "verify/explore/world.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Loads the map of an instrumented library. Its constructors run here, and the
   memory that they allocate exists in every schedule. Returns NULL with `error`
   after a failure. */
static const struct rm_impl *load(const char *name, struct rm_error *error)
{
	const struct rm_impl *impl = NULL;
	const void *code;

	if (rm_explore_open(error))
		return NULL;
	/* Constructors of the library run as the main thread, without other
	 * lanes. */
	rm_explore.alone = true;
	rm_explore.alone_left = UINT32_MAX;
	rm_explore.running = &rm_explore.lane[0];
	rm_foreign_load(name, 0, &impl, error);
	rm_explore.running = NULL;
	rm_explore_heap_keep();
	if (!impl)
		return NULL;
	code = (const void *)rm_foreign_code(impl);
	if (rm_sim_space_choose(code, error))
		return NULL;
	rm_explore_clocks_choose(code);
	return impl;
}

/* Finds a map by its id, or by its file, whose name is the id. */
static const struct rm_impl *find_built(const char *map)
{
	const char *slash = strrchr(map, '/'), *id = slash ? slash + 1 : map;
	size_t length = strlen(id);
	char file[NAME_MAX + 1];

	if (length < 3 || length >= sizeof(file) ||
	        strcmp(id + length - 2, ".c"))
		return rm_impl_find(map);
	memcpy(file, id, length - 2);
	file[length - 2] = '\0';
	return rm_impl_find(file);
}

const struct rm_impl *rm_explore_find(const char *map)
{
	const struct rm_impl *impl = find_built(map);
	struct rm_error error = { "" };

	if (!impl && getenv("RM_LIBRARY"))
		impl = load(map, &error);
	else if (!impl)
		rm_error_set(&error, RM_USAGE,
		        "no map is called \"%s\"; `readmostly dev list` "
		        "prints all maps; to explore your own source file, let "
		        "it include readmostly.h",
		        map);
	if (!impl)
		fprintf(stderr, "readmostly explore: %s\n", error.text);
	return impl;
}
