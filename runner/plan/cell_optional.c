/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/plan/cell_optional.h"

#include <errno.h>
#include <string.h>

bool rm_cell_optional_is(const char *member)
{
	return !strcmp(member, "trace") || !strcmp(member, "allocator") ||
	       !strcmp(member, "huge_pages");
}

int rm_cell_optional_to_json(const struct rm_cell *cell, json_t *json)
{
	if (cell->trace[0] &&
	        json_object_set_new(json, "trace",
	                json_pack("{s:s, s:I}", "file", cell->trace, "passes",
	                        (json_int_t)cell->trace_passes)))
		return -ENOMEM;
	if (cell->allocator != RM_ALLOCATOR_GLIBC &&
	        json_object_set_new(json, "allocator",
	                json_string(rm_allocator_name(cell->allocator))))
		return -ENOMEM;
	if (cell->huge_pages != RM_HUGE_PAGES_SYSTEM &&
	        json_object_set_new(json, "huge_pages",
	                json_string(rm_huge_pages_name(cell->huge_pages))))
		return -ENOMEM;
	return 0;
}

/* Both have the value 0, their usual one, where nothing is said. */
static int read_memory(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	const json_t *allocator = json_object_get(json, "allocator");
	const json_t *pages = json_object_get(json, "huge_pages");

	if (allocator &&
	        (!json_is_string(allocator) ||
	                rm_allocator_parse(json_string_value(allocator),
	                        &cell->allocator)))
		return rm_error_set(error, -EINVAL,
		        "cell.allocator: expected glibc, jemalloc, mimalloc or "
		        "tcmalloc");
	if (pages && (!json_is_string(pages) ||
	                     rm_huge_pages_parse(json_string_value(pages),
	                             &cell->huge_pages)))
		return rm_error_set(error, -EINVAL,
		        "cell.huge_pages: expected system, off or on");
	return 0;
}

static int read_trace(
        const json_t *trace, struct rm_cell *cell, struct rm_error *error)
{
	const char *file = json_string_value(json_object_get(trace, "file"));
	const json_t *passes = json_object_get(trace, "passes");

	if (!json_is_object(trace) || json_object_size(trace) != 2 || !file ||
	        !file[0] || strlen(file) >= sizeof(cell->trace) ||
	        !json_is_integer(passes) || json_integer_value(passes) < 1 ||
	        json_integer_value(passes) > RM_TRACE_PASSES_MAX)
		return rm_error_set(error, -EINVAL,
		        "cell.trace: expected {\"file\": a name of 1 to %d "
		        "bytes, \"passes\": 1 .. %d}",
		        RM_TRACE_BYTES - 1, RM_TRACE_PASSES_MAX);
	strcpy(cell->trace, file);
	cell->trace_passes = (uint64_t)json_integer_value(passes);
	return 0;
}

int rm_cell_optional_from_json(
        const json_t *json, struct rm_cell *cell, struct rm_error *error)
{
	const json_t *trace = json_object_get(json, "trace");
	int failed = read_memory(json, cell, error);

	if (!failed && trace)
		failed = read_trace(trace, cell, error);

	if (!failed && (cell->dist == RM_DIST_TRACE) != (trace != NULL))
		failed = rm_error_set(error, -EINVAL,
		        "cell.trace: expected with the dist trace:CHECKSUM, "
		        "and only there");
	if (!failed && trace &&
	        (cell->loop.kind != RM_LOOP_MIX || cell->warm_up_ns ||
	                !cell->window_ops))
		failed = rm_error_set(error, -EINVAL,
		        "cell.trace: expected with the loop mix, warm_up_ns 0 "
		        "and a counted window");
	return failed;
}
