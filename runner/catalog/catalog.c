/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.c - reads descriptions of map programs and names of all maps. */
#include "runner/catalog/catalog.h"

#include "runner/base/checksum.h"
#include "runner/base/file.h"
#include "runner/base/host.h"
#include "runner/base/json.h"
#include "runner/base/nearest.h"
#include "runner/base/tsv.h"
#include "runner/impl.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *rm_map_program(
        const char *flavour, const char *id, char path[RM_PROGRAM_BYTES])
{
	char name[RM_NAME_BYTES + 32];

	snprintf(name, sizeof(name), "maps/%s/%s", flavour, id);
	return rm_host_sibling_path(name, path, RM_PROGRAM_BYTES);
}

/* Reads a whole file; the caller frees the text. NULL: -errno in *failed. */
static char *read_file(const char *path, size_t *length, int *failed)
{
	FILE *in = rm_file_open(path);
	char *text = NULL;

	*failed = in ? rm_file_read(in, RM_INPUT_MAX, &text, length) : -errno;
	if (in)
		fclose(in);
	return text;
}

/* Reads a file that the build has sealed with a checksum; the caller frees the
   text. If that fails, returns NULL with -errno in *failed, and `error`. */
static char *read_sealed(
        const char *path, size_t *length, int *failed, struct rm_error *error)
{
	char *text = read_file(path, length, failed);

	if (!text) {
		rm_error_set(error, *failed, "%s: %s", path,
		        rm_file_reason(*failed));
	} else if (rm_line_check(text, *length) != RM_SEAL_WHOLE) {
		*failed = rm_error_set(error, -EINVAL,
		        "%s: damaged: its first line has no crc32, or one "
		        "that does not match; remove it and run `make` again",
		        path);
		free(text);
		text = NULL;
	}
	return text;
}

bool rm_map_has_program(
        const char *flavour, const char *id, char *why, size_t size)
{
	char path[RM_PROGRAM_BYTES];
	size_t length;
	char *text;
	int damaged, failed;

	why[0] = '\0';
	damaged = rm_program_check(rm_map_program(flavour, id, path));
	if (!damaged)
		return true;
	strncat(path, ".no", sizeof(path) - strlen(path) - 1);
	text = read_file(path, &length, &failed);
	if (text)
		snprintf(why, size, "%.*s", (int)strcspn(text, "\n"), text);
	else
		snprintf(why, size,
		        "is not built (make programs NEEDED=%s/%s)%s%s",
		        flavour, id, damaged == -ENOENT ? "" : ": ",
		        damaged == -ENOENT ? "" : rm_file_reason(damaged));
	free(text);
	return false;
}

bool rm_map_has_sim_program(const char *id, char *why, size_t size)
{
	return rm_map_has_program("sim", id, why, size);
}

bool rm_map_info_has(
        const struct rm_map_info *info, const char *list, const char *word)
{
	const json_t *words = json_object_get(info->json, list);

	for (size_t i = 0; i < json_array_size(words); i++)
		if (!strcmp(word, json_string_value(json_array_get(words, i))))
			return true;
	return false;
}

static unsigned shapes_of(const struct rm_map_info *info)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < RM_SHAPES; i++)
		if (rm_map_info_has(
		            info, "shapes", rm_shape_name(rm_shapes[i])))
			bits |= 1U << i;
	return bits;
}

static unsigned caps_of(const struct rm_map_info *info)
{
	static const struct rm_impl all = { .caps = ~0U };
	unsigned bits = 0;
	const char *word;

	for (size_t i = 0; (word = rm_impl_cap_word(&all, i)); i++)
		if (rm_map_info_has(info, "caps", word))
			bits |= 1U << i;
	return bits;
}

static bool is_words(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return json_is_array(list);
}

static const char *missing_member(const json_t *json)
{
	static const char *const texts[] = { "id", "label", "family", "sync",
		"source", "system", "guarantees", "progress", "dispatch" };
	static const char *const lists[] = { "shapes", "caps", "operations",
		"loops" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!json_is_string(json_object_get(json, texts[i])))
			return texts[i];
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (!is_words(json_object_get(json, lists[i])))
			return lists[i];
	return NULL;
}

static void fill_info(struct rm_map_info *info)
{
	const json_t *json = info->json;

	info->id = rm_json_text(json, "id");
	info->misuse = json_string_value(json_object_get(json, "misuse"));
	info->language = json_string_value(json_object_get(json, "language"));
	info->language_version =
	        json_string_value(json_object_get(json, "language_version"));
	info->version = json_string_value(json_object_get(json, "version"));
	info->shapes = shapes_of(info);
	info->caps = caps_of(info);
	info->start_ms = (unsigned)rm_json_integer(json, "start_ms");
	info->warm_up_most = (unsigned)rm_json_integer(json, "warm_up_most");
	info->value_most = (unsigned)rm_json_integer(json, "value_most_bytes");
	info->is_map = info->shapes ||
	               !json_array_size(json_object_get(json, "loops"));
}

int rm_map_info_parse(const char *text, size_t length, const char *where,
        struct rm_map_info *info, struct rm_error *error)
{
	json_error_t bad;
	const char *member;

	*info = (struct rm_map_info){ .json = json_loadb(
		                              text, length, 0, &bad) };
	if (!info->json)
		return rm_error_set(error, -EINVAL,
		        "%s:%d: %s: expected the output of the map program's "
		        "`describe`; build the map again",
		        where, bad.line, bad.text);
	member = missing_member(info->json);
	if (member || rm_json_integer(info->json, "contract") != RM_CONTRACT)
		return rm_error_set(error, -EINVAL,
		        "%s: %s: expected a description of contract version "
		        "%d; build the map again",
		        where, member ? member : "contract", RM_CONTRACT);
	fill_info(info);
	return 0;
}

/* Adds a map from its ID.json. Returns 0, or -errno with `error`. */
static int add_map(
        struct rm_catalog *catalog, const char *path, struct rm_error *error)
{
	struct rm_map_info *info = &catalog->maps[catalog->count];
	size_t length;
	int failed;
	char *text = read_sealed(path, &length, &failed, error);

	if (!text)
		return failed;
	failed = rm_map_info_parse(text, length, path, info, error);
	free(text);
	catalog->count += info->json != NULL;
	return failed;
}

/* True if the program of this description exists. */
static bool has_program(char *path)
{
	char *end = path + strlen(path) - strlen(".json");
	bool exists;

	*end = '\0';
	exists = !access(path, F_OK);
	*end = '.';
	return exists;
}

static int is_description(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && !strcmp(entry->d_name + length - 5, ".json");
}

static int add_maps(
        struct rm_catalog *catalog, const char *folder, struct rm_error *error)
{
	char path[RM_PROGRAM_BYTES + NAME_MAX + 16];
	struct dirent **found = NULL;
	int failed = 0, count;

	snprintf(path, sizeof(path), "%s/plain", folder);
	count = scandir(path, &found, is_description, NULL);
	if (count < 0)
		return errno == ENOENT ? 0
		                       : rm_error_set(error, -errno, "%s: %s",
		                                 path, strerror(errno));
	catalog->maps = calloc((size_t)count + 1, sizeof(*catalog->maps));
	if (!catalog->maps) {
		failed = -ENOMEM;
		rm_error_set(error, failed, "out of memory");
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/plain/%s", folder,
		        found[i]->d_name);
		if (!failed && has_program(path))
			failed = add_map(catalog, path, error);
		free(found[i]);
	}
	free(found);
	return failed;
}

enum { NAME_COLUMNS = 5 };

/* Reads a row of names.tsv: ID FILE STATE NEEDS REMEDY. STATE is a list
   separated by commas. */
static int add_name(void *context, char *const *field, const char *where,
        struct rm_error *error)
{
	struct rm_catalog *catalog = context;
	size_t size = (catalog->name_count + 1) * sizeof(*catalog->names);
	struct rm_map_name *names = realloc(catalog->names, size);

	(void)where;
	if (!names)
		return rm_error_set(error, -ENOMEM, "out of memory");
	catalog->names = names;
	names[catalog->name_count++] = (struct rm_map_name){
		.id = field[0],
		.file = field[1],
		.missing = rm_tsv_list_has(field[2], "missing"),
		.misuse = rm_tsv_list_has(field[2], "misuse"),
		.other_language = rm_tsv_list_has(field[2], "language"),
		.needs = field[3],
		.remedy = field[4],
	};
	return 0;
}

static int add_names(
        struct rm_catalog *catalog, const char *folder, struct rm_error *error)
{
	char path[RM_PROGRAM_BYTES + 16];
	size_t length;
	int failed;
	char *text;

	snprintf(path, sizeof(path), "%s/names.tsv", folder);
	text = read_sealed(path, &length, &failed, error);
	if (failed == -ENOENT) {
		error->text[0] = '\0';
		return 0;
	}
	if (!text)
		return failed;
	failed = rm_tsv_read(text, path, NAME_COLUMNS, add_name, catalog,
	        &catalog->text, error);
	free(text);
	return failed;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct rm_map_info *)a)->id,
	        ((const struct rm_map_info *)b)->id);
}

int rm_catalog_load(
        const char *program, struct rm_catalog *catalog, struct rm_error *error)
{
	char folder[RM_PROGRAM_BYTES];
	int failed;

	*catalog = (struct rm_catalog){ 0 };
	if (program) {
		const char *slash = strrchr(program, '/');

		snprintf(folder, sizeof(folder), "%.*s/maps",
		        slash ? (int)(slash - program) : 1,
		        slash ? program : ".");
	} else {
		rm_host_sibling_path("maps", folder, sizeof(folder));
		if (access(folder, F_OK))
			return rm_error_set(error, -errno,
			        "%s: no such folder: the programs of the maps "
			        "are next to readmostly where it was built; "
			        "start it there, or by a symbolic link to it, "
			        "not as a copy",
			        folder);
	}
	failed = add_maps(catalog, folder, error);
	if (!failed)
		failed = add_names(catalog, folder, error);
	if (!failed && catalog->count)
		qsort(catalog->maps, catalog->count, sizeof(*catalog->maps),
		        by_id);
	return failed;
}

void rm_catalog_clear(struct rm_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++)
		json_decref(catalog->maps[i].json);
	free(catalog->maps);
	free(catalog->names);
	free(catalog->text);
	*catalog = (struct rm_catalog){ 0 };
}

const struct rm_map_info *rm_catalog_find(
        const struct rm_catalog *catalog, const char *id)
{
	for (size_t i = 0; i < catalog->count; i++)
		if (!strcmp(catalog->maps[i].id, id))
			return &catalog->maps[i];
	return NULL;
}

const struct rm_map_name *rm_catalog_name(
        const struct rm_catalog *catalog, const char *id)
{
	for (size_t i = 0; i < catalog->name_count; i++)
		if (!strcmp(catalog->names[i].id, id))
			return &catalog->names[i];
	return NULL;
}

int rm_catalog_explain(const struct rm_catalog *catalog, const char *id,
        struct rm_error *error)
{
	const struct rm_map_info *info = rm_catalog_find(catalog, id);
	const struct rm_map_name *name = rm_catalog_name(catalog, id);
	struct rm_nearest nearest = { .word = id };

	if (info && info->language)
		return rm_error_set(error, RM_USAGE,
		        "%s is a map in %s: its program runs only trials", id,
		        info->language);
	if (name && name->missing)
		return rm_error_set(error, RM_USAGE,
		        "%s is not built: needs %s (%s)", id, name->needs,
		        name->remedy);
	if (name)
		return rm_error_set(error, RM_USAGE,
		        "%s is not built: run `make` for all maps, or `make "
		        "programs NEEDED=plain/%s`",
		        id, id);
	for (size_t i = 0; i < catalog->name_count; i++)
		rm_nearest_offer(&nearest, catalog->names[i].id);
	return rm_error_set(error, RM_USAGE,
	        "no map is called \"%s\"%s; `readmostly dev list` prints all",
	        id,
	        strncmp(id, "go_other_", 9) ? rm_nearest_hint(&nearest)
	                                    : " without make GO=/path/to/go");
}
