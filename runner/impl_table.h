/* SPDX-License-Identifier: Apache-2.0 */
/* impl_table.h - every map in this build, sorted by id (table generated). */
#ifndef RM_IMPL_TABLE_H
#define RM_IMPL_TABLE_H

#include "runner/map.h"

/* A map whose library is missing: named, never silently absent. */
struct rm_skipped {
	const char *id;
	const char *needs; /* pkg-config names, not all of which were found */
	const char *packages; /* that they come in, on Debian and Ubuntu */
};

/* A map that is in the tree and could be built, but is not in this program:
   `make bench` builds what its mode measures (make MAPS_BUILT='IDS'). */
struct rm_unbuilt {
	const char *id;
	bool misuse;    /* rm_impl.misuse is set */
	bool elsewhere; /* rm_impl.program is set */
};

/* The fact sheet of a map of a library, impls/facts/ID.txt (generated). */
struct rm_facts {
	const char *id, *text;
};

/* A line of a sheet, "NAME: TEXT": parts of its text, not ended by a NUL. */
struct rm_facts_line {
	const char *name;
	size_t name_length;
	const char *text;
	size_t text_length;
};

/* A hash of a map's machine code, as the compiler made it (generated). */
struct rm_map_code {
	const char *id, *code;
};

/* The maps in this program, rm_impl_count; then those of programs in other
   languages (rm_impl.program), up to rm_impl_all_count: who plans, lists or
   describes maps takes all, who calls them the first. */
extern const struct rm_impl *const rm_impl_table[];
extern const size_t rm_impl_count, rm_impl_all_count;
extern const struct rm_skipped rm_skipped_table[];
extern const size_t rm_skipped_count;
extern const struct rm_unbuilt rm_unbuilt_table[]; /* ended by a NULL id */
extern const struct rm_facts rm_facts_table[];     /* ended by a NULL id */
extern const struct rm_map_code rm_map_codes[];    /* ended by a NULL id */

/* Of maps that are elsewhere: no operation, and a loop that ends the process. */
extern const struct rm_map_ops rm_elsewhere_ops;
void rm_elsewhere_drive(struct rm_worker *worker);

struct rm_error;
/* Returns the map of this program with this id, or NULL. Any thread. */
const struct rm_impl *rm_impl_find(const char *id);
/* RM_USAGE with why there is no such map to call in this program: it is one of
   another language, or not built. RM_OK: nothing here knows the id. */
int rm_impl_absent(const char *id, struct rm_error *error);
/* RM_USAGE with the same, or with the word that nothing knows the id. */
int rm_impl_refuse(const char *id, struct rm_error *error);

/* Returns the impl's own loop of this name, or NULL. */
void (*rm_impl_own_loop(const struct rm_impl *impl, const char *name))(
        struct rm_worker *worker);

/* The sheet of this id, or NULL. */
const struct rm_facts *rm_facts_find(const char *id);
/* The line that `at` stands on; moves it to the next. 0: there is none. */
size_t rm_facts_next(const char **at, struct rm_facts_line *fact);
/* "ck 0.7.1", or "critnib unknown", into `text`. Returns who told it, in words
   that follow "told by". */
const char *rm_facts_version(const struct rm_facts *facts,
        const struct rm_impl *impl, char *text, size_t size);

/* Whether keys can be stored in it: a technique has loops of its own only. */
bool rm_impl_is_map(const struct rm_impl *impl);

/* All shapes, by rm_shape_index(). */
extern const struct rm_shape rm_shapes[RM_SHAPES];

/*
 * What a map has, in the words of `readmostly list` and of campaign.json, in
 * the order of runner/map.h: word i, 0 first; NULL: there are no more. Static
 * texts. Any thread.
 */
typedef const char *rm_impl_word_fn(const struct rm_impl *impl, size_t i);
rm_impl_word_fn rm_impl_cap_word;
/* Of the members of rm_map_ops that may be NULL; park stands for unpark. */
rm_impl_word_fn rm_impl_operation_word;
rm_impl_word_fn rm_impl_loop_word; /* its own loops */

#endif /* RM_IMPL_TABLE_H */
