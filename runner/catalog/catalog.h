/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog.h - the maps of this build: their descriptions and programs.
 *
 * The folder `maps` next to the calling program has one program per map and
 * flavour, maps/FLAVOUR/ID. Each plain program has a file ID.json with its
 * output of `describe`. maps/names.tsv lists all maps of the tree, including
 * those that were not built. Only the map's program contains other data about a
 * map.
 */
#ifndef RM_CATALOG_H
#define RM_CATALOG_H

#include "runner/base/error.h"
#include "runner/map.h"
#include "runner/protocol/protocol.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { RM_PROGRAM_BYTES = 4096 };

/* One built map. `json` owns the strings, and has further members: label,
   family, sync, duty, source, system, guarantees, progress, dispatch. */
struct rm_map_info {
	const char *id;
	const char *misuse;   /* for a map with an injected bug, the check that
	                         detects the bug; otherwise NULL */
	const char *language; /* NULL: C or C++; else "go", "java", "rust" */
	const char *language_version;    /* compiler's, "1.26.1"; or NULL */
	const char *version;             /* from its library; or NULL */
	unsigned shapes, caps;           /* as in struct rm_impl */
	bool is_map;                     /* it stores keys */
	unsigned start_ms, warm_up_most; /* only for maps in other languages */
	unsigned value_most;             /* as in struct rm_impl */
	json_t *json;                    /* whole content of ID.json; owned */
};

/* One map of the tree. */
struct rm_map_name {
	const char *id;
	const char *file;    /* source, absolute or in the source tree */
	const char *needs;   /* pkg-config names of its libraries; or "" */
	const char *remedy;  /* how to install the libraries: "packages: X; make
	                        deps" */
	bool missing;        /* a library is missing, so it cannot be built */
	bool misuse;         /* injected bug; chosen by full id only */
	bool other_language; /* must be chosen by its full id */
};

struct rm_catalog {
	struct rm_map_info *maps; /* sorted by id */
	size_t count;
	struct rm_map_name *names; /* sorted by id */
	size_t name_count;
	char *text; /* storage for the strings in `names` */
};

/*
 * Reads the folder `maps` next to this program, or next to `program` if not
 * NULL. If `maps` is missing, the catalog is empty. Returns 0, or with `error`
 * -EINVAL, -ENOMEM or the -errno of an unreadable file. Release with
 * rm_catalog_clear(), even after an error. Main thread.
 */
int rm_catalog_load(const char *program, struct rm_catalog *catalog,
        struct rm_error *error);
void rm_catalog_clear(struct rm_catalog *catalog);

/* Fills `info` from the text of an ID.json. Returns 0, or -EINVAL with `error`.
   The caller releases its member `json` with json_decref(). */
int rm_map_info_parse(const char *text, size_t length, const char *where,
        struct rm_map_info *info, struct rm_error *error);

/* Returns the built map with this id, or NULL. */
const struct rm_map_info *rm_catalog_find(
        const struct rm_catalog *catalog, const char *id);
/* Returns the map of the tree with this id, or NULL. */
const struct rm_map_name *rm_catalog_name(
        const struct rm_catalog *catalog, const char *id);
/* Sets `error` to the reason why this map cannot be run, with the next step.
   Returns RM_USAGE. */
int rm_catalog_explain(const struct rm_catalog *catalog, const char *id,
        struct rm_error *error);

/* True if the array `list` of ID.json ("loops", "operations") contains
   `word`. */
bool rm_map_info_has(
        const struct rm_map_info *info, const char *list, const char *word);

/*
 * Writes the path of a map's program, which is in a folder next to this
 * program. `flavour` is a folder: "plain", "aa", "stats", "sim", "explore",
 * "check", "x24", "x64", "x256", "x1024", "placed", "placed-x24", ... Returns
 * `path`; a path that is too long is truncated and does not exist.
 */
const char *rm_map_program(
        const char *flavour, const char *id, char path[RM_PROGRAM_BYTES]);
/* True if the map has a program of the flavour. Otherwise stores the reason in
   `why`: the map cannot be simulated or explored, or the program is not
   built. */
bool rm_map_has_program(
        const char *flavour, const char *id, char *why, size_t size);
bool rm_map_has_sim_program(const char *id, char *why, size_t size);

/* The fact sheet of a map from a library, impls/facts/ID.txt. */
struct rm_facts {
	const char *id, *text;
};

/* A line "NAME: TEXT" of a sheet. The members point into the sheet and are not
   NUL-terminated. */
struct rm_facts_line {
	const char *name;
	size_t name_length;
	const char *text;
	size_t text_length;
};

extern const struct rm_facts rm_facts_table[]; /* terminated by a NULL id */

/* Returns the map's sheet, or NULL. Maps go_X, go_classic_X and go_other_X
   share one sheet. */
const struct rm_facts *rm_facts_find(const char *id);
/* Reads the line at `at` and moves `at` to the next one; 0: no more lines. */
size_t rm_facts_read_line(const char **at, struct rm_facts_line *fact);
/* Writes the version of the map's library into `text`, e.g. "ck 0.7.1" or
   "critnib unknown". Returns the source of the version, as a phrase that
   follows "reported by". */
const char *rm_facts_version(const struct rm_facts *facts,
        const struct rm_map_info *info, char *text, size_t size);

#endif /* RM_CATALOG_H */
