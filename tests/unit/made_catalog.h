/* SPDX-License-Identifier: Apache-2.0 */
/* made_catalog.h - a catalog of maps that a test defines. Include it once. */
#ifndef RM_TESTS_MADE_CATALOG_H
#define RM_TESTS_MADE_CATALOG_H

#include "runner/catalog/catalog.h"
#include "runner/map_program/map_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needed since describe.c in the archive refers to the map of its program. */
const struct rm_impl rm_this_map;

/* Adds the map that this text describes. The caller keeps the catalog sorted by
   id. */
static inline void made_add_text(struct rm_catalog *catalog, const char *text)
{
	struct rm_error error;

	catalog->maps = realloc(
	        catalog->maps, (catalog->count + 1) * sizeof(*catalog->maps));
	if (!catalog->maps ||
	        rm_map_info_parse(text, strlen(text), "made",
	                &catalog->maps[catalog->count++], &error)) {
		printf("# %s\n", error.text);
		abort();
	}
}

/* Adds a map that is compiled into this process, with defaults for missing
   members. `members` is JSON with further members, which only maps of other
   languages have, or NULL. */
static inline void made_add(struct rm_catalog *catalog,
        const struct rm_impl *impl, const char *members)
{
	static const struct rm_map_ops no_ops;
	struct rm_impl whole = *impl;
	json_t *json, *more = members ? json_loads(members, 0, NULL) : NULL;
	char *text;

	whole.ops = impl->ops ? impl->ops : &no_ops;
	whole.label = whole.family = whole.sync = whole.source = "x";
	whole.system = whole.guarantees = whole.progress = whole.dispatch = "x";
	for (unsigned i = 0; i < RM_SHAPES; i++)
		whole.shapes |= impl->drive[i] ? 1U << i : 0;
	json = rm_describe_impl(&whole);
	if (more)
		json_object_update(json, more);
	text = json_dumps(json, 0);
	made_add_text(catalog, text);
	free(text);
	json_decref(more);
	json_decref(json);
}

/* Replaces the contents of the catalog with these maps. */
static inline void made_of(struct rm_catalog *catalog,
        const struct rm_impl *const *impls, size_t count)
{
	rm_catalog_clear(catalog);
	for (size_t i = 0; i < count; i++)
		made_add(catalog, impls[i], NULL);
}

#endif /* RM_TESTS_MADE_CATALOG_H */
