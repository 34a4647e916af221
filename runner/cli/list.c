/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - `readmostly dev list`: prints the maps of this build, and those that
   are not built. */
#include "runner/base/json.h"
#include "runner/catalog/catalog.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { TEXT, JSON = 'j', IDS = 'i', FACTS = 'f' };

struct arguments {
	enum form form;
	const char *id; /* map whose fact sheet is printed */
	bool conflict;  /* two output formats were requested */
};

enum { WHY_BYTES = 256 };

/* Returns the JSON that the map's program printed, and adds whether the map can
   be simulated. */
static json_t *map_json(const struct rm_map_info *info)
{
	char why[WHY_BYTES];
	bool simulated = rm_map_has_sim_program(info->id, why, sizeof(why));
	json_t *map = json_copy(info->json);

	json_object_set_new(map, "sim",
	        json_pack("{s:b, s:s?}", "simulated", simulated, "reason",
	                simulated ? NULL : why));
	return map;
}

static int print_json(const struct rm_catalog *catalog)
{
	json_t *maps = json_array(), *skipped = json_array();
	json_t *all;
	int code;

	for (size_t i = 0; i < catalog->count; i++)
		json_array_append_new(maps, map_json(&catalog->maps[i]));
	for (size_t i = 0; i < catalog->name_count; i++)
		if (catalog->names[i].missing)
			json_array_append_new(skipped,
			        json_pack("{s:s, s:s, s:s}", "id",
			                catalog->names[i].id, "needs",
			                catalog->names[i].needs, "remedy",
			                catalog->names[i].remedy));
	all = json_pack("{s:o, s:o}", "maps", maps, "skipped", skipped);
	code = rm_print_json(all, JSON_INDENT(2));
	json_decref(all);
	return code;
}

/* Prints a title and a list of strings, or "none" if it is empty. */
static void print_words(
        const char *title, const struct rm_map_info *info, const char *member)
{
	const json_t *words = json_object_get(info->json, member);

	printf("    %-11s", title);
	for (size_t i = 0; i < json_array_size(words); i++)
		printf("%s%s", i ? " " : "",
		        json_string_value(json_array_get(words, i)));
	printf("%s\n", json_array_size(words) ? "" : "none");
}

static const char *text(const struct rm_map_info *info, const char *member)
{
	return rm_json_text(info->json, member);
}

static void print_map(const struct rm_map_info *info)
{
	const char *place =
	        json_string_value(json_object_get(info->json, "value_place"));
	char why[WHY_BYTES];

	printf("%-16s %s [%s]\n", info->id, text(info, "label"),
	        text(info, "family"));
	printf("    %-11s%s, %s; duty %s; scan %s; dispatch %s\n", "sync",
	        text(info, "sync"), text(info, "progress"), text(info, "duty"),
	        text(info, "guarantees"), text(info, "dispatch"));
	printf("    %-11s%s%s%s\n", "source", text(info, "source"),
	        text(info, "system")[0] ? "; system " : "",
	        text(info, "system"));
	print_words("shapes", info, "shapes");
	if (info->value_most)
		printf("    %-11s%svalues of up to %u bytes%s%s\n", "sizes",
		        info->shapes >> rm_shape_index(RM_STR16X8) & 3
		                ? "keys of 16, 32 and 64 bytes, "
		                : "",
		        info->value_most, place ? ", " : "",
		        place ? place : "");
	print_words("operations", info, "operations");
	print_words("caps", info, "caps");
	if (json_array_size(json_object_get(info->json, "loops")))
		print_words("own loops", info, "loops");
	if (info->misuse)
		printf("    %-11s%s\n", "misuse", info->misuse);
	if (info->language)
		printf("    %-11s%s\n", "language", info->language);
	else if (rm_map_has_sim_program(info->id, why, sizeof(why)))
		printf("    %-11syes\n", "sim");
	else
		printf("    %-11sno (%s)\n", "sim", why);
}

static void print_all(const struct rm_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++)
		print_map(&catalog->maps[i]);
	for (size_t i = 0; i < catalog->name_count; i++) {
		const struct rm_map_name *name = &catalog->names[i];

		if (name->missing)
			printf("%-16s not built: needs %s (%s)\n", name->id,
			        name->needs, name->remedy);
		else if (!rm_catalog_find(catalog, name->id))
			printf("%-16s not built (make)\n", name->id);
	}
}

/* Prints the ids of the maps that "all" selects, for --maps. */
static int print_ids(const struct rm_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++)
		if (!catalog->maps[i].misuse && !catalog->maps[i].language)
			printf("%s\n", catalog->maps[i].id);
	return ferror(stdout) ? RM_INCOMPLETE : RM_OK;
}

static int print_facts(const struct rm_catalog *catalog, const char *id)
{
	const struct rm_facts *facts = rm_facts_find(id);
	const struct rm_map_info *info = rm_catalog_find(catalog, id);
	char version[128];

	if (facts && info) {
		const char *source =
		        rm_facts_version(facts, info, version, sizeof(version));

		printf("version: %s, reported by %s\n", version, source);
	} else if (facts) {
		printf("version: unknown, the map is not built\n");
	}
	if (facts) {
		fputs(facts->text, stdout);
		return ferror(stdout) ? RM_INCOMPLETE : RM_OK;
	}
	fprintf(stderr,
	        "readmostly dev list: no fact sheet \"%s\", expected one of",
	        id);
	for (facts = rm_facts_table; facts->id; facts++)
		fprintf(stderr, " %s", facts->id);
	fputc('\n', stderr);
	return RM_USAGE;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	if (key == JSON || key == IDS || key == FACTS)
		*arguments = (struct arguments){ (enum form)key, text,
			arguments->form && arguments->form != (enum form)key };
	else if (key == ARGP_KEY_SUCCESS && arguments->conflict)
		argp_error(state, "--json, --ids and --facts: expected only "
		                  "one of them");
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "\"%s\": expected no argument", text);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

int rm_cli_list(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", JSON, NULL, 0, "print JSON", 0 },
		{ "ids", IDS, NULL, 0,
		        "print only ids, one per line: maps in C and C++ "
		        "without "
		        "injected bugs",
		        0 },
		{ "facts", FACTS, "ID", 0,
		        "print the fact sheet of a library's map: version, use "
		        "in this project, limits",
		        0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "",
		"Lists the maps of this build, and the maps whose library is "
		"missing.",
		NULL, NULL, NULL };
	struct rm_catalog catalog;
	struct rm_error error = { "" };
	struct arguments arguments = { TEXT, NULL, false };
	int code = RM_OK;

	rm_argument_parse(&argp, argc, argv, &arguments);
	if (rm_catalog_load(NULL, &catalog, &error))
		code = rm_print_error("dev list", &error, RM_INCOMPLETE);
	else if (arguments.form == IDS)
		code = print_ids(&catalog);
	else if (arguments.form == FACTS)
		code = print_facts(&catalog, arguments.id);
	else if (arguments.form == JSON)
		code = print_json(&catalog);
	else
		print_all(&catalog);
	rm_catalog_clear(&catalog);
	return ferror(stdout) ? RM_INCOMPLETE : code;
}
