/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - `ID describe`: prints the map's description as one line of
   JSON. */
#include "runner/base/error.h"
#include "runner/map_program/map_program.h"
#include "runner/protocol/command_line.h"
#include "runner/protocol/protocol.h"

#include <stdio.h>

static json_t *shapes_of(const struct rm_impl *impl)
{
	json_t *names = json_array();

	for (size_t i = 0; i < RM_SHAPES; i++)
		if (impl->shapes & 1U << i)
			json_array_append_new(names,
			        json_string(rm_shape_name(rm_shapes[i])));
	return names;
}

static json_t *words_of(const struct rm_impl *impl, rm_impl_word_fn *word_of)
{
	json_t *words = json_array();
	const char *word;

	for (size_t i = 0; (word = word_of(impl, i)); i++)
		json_array_append_new(words, json_string(word));
	return words;
}

json_t *rm_describe_impl(const struct rm_impl *impl)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, "
	                 "s:s, s:s, s:s, "
	                 "s:o, s:o, s:s?, s:s?, s:i, s:s?}",
	        "contract", RM_CONTRACT, "id", impl->id, "label", impl->label,
	        "family", impl->family, "sync", impl->sync, "duty",
	        rm_impl_duty_word(impl), "source", impl->source, "system",
	        impl->system ? impl->system : "", "shapes", shapes_of(impl),
	        "caps", words_of(impl, rm_impl_cap_word), "guarantees",
	        impl->guarantees, "progress", impl->progress, "dispatch",
	        impl->dispatch ? impl->dispatch : "none", "operations",
	        words_of(impl, rm_impl_operation_word), "loops",
	        words_of(impl, rm_impl_loop_word), "misuse", impl->misuse,
	        "version", impl->version ? impl->version() : NULL,
	        "value_most_bytes", (int)impl->value_most, "value_place",
	        impl->value_place);
}

/* Prints the description. The optional argument is a hash of the map's machine
   code, which only the build can compute (docs/adr/0014). */
int rm_program_describe(int argc, char **argv)
{
	json_t *map = rm_describe_impl(&rm_this_map);
	int status;

	if (!map)
		fprintf(stderr,
		        "describe: a text of this map's struct rm_impl is "
		        "NULL: set id, label, family, sync, source, system, "
		        "guarantees, progress and dispatch (runner/map.h)\n");
	if (map && argc > 1)
		json_object_set_new(map, "code", json_string(argv[1]));
	status = rm_print_json(map, JSON_COMPACT);
	json_decref(map);
	return status;
}
