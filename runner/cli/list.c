/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - `readmostly dev list`: maps in this build, and those that are not. */
#include "runner/base/json.h"
#include "runner/catalog/catalog.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { TEXT, JSON = 'j', IDS = 'i', FACTS = 'f' };

struct wish {
	enum form form;
	const char *id; /* of FACTS */
};

/* Room for a reason why a map is not simulated. */
enum { WHY_BYTES = 256 };

/* What the program printed, and whether the map is simulated. */
static json_t *describe(const struct rm_map_info *info)
{
	char why[WHY_BYTES];
	bool yes = rm_map_simulated(info->id, why, sizeof(why));
	json_t *map = json_copy(info->json);

	json_object_set_new(map, "sim",
	        json_pack("{s:b, s:s?}", "simulated", yes, "reason",
	                yes ? NULL : why));
	return map;
}

static int print_json(const struct rm_catalog *catalog)
{
	json_t *maps = json_array(), *skipped = json_array();
	json_t *all;
	int code;

	for (size_t i = 0; i < catalog->count; i++)
		json_array_append_new(maps, describe(&catalog->maps[i]));
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

/* "u64x8 u64x24", "none": the strings of a list. */
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
		printf("    %-11sto %u bytes, %s\n", "values", info->value_most,
		        text(info, "value_place"));
	print_words("operations", info, "operations");
	print_words("caps", info, "caps");
	if (json_array_size(json_object_get(info->json, "loops")))
		print_words("own loops", info, "loops");
	if (info->misuse)
		printf("    %-11s%s\n", "misuse", info->misuse);
	if (info->language)
		printf("    %-11s%s\n", "language", info->language);
	else if (rm_map_simulated(info->id, why, sizeof(why)))
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

/* Maps that are chosen by "all": a list for --maps. */
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
		const char *teller =
		        rm_facts_version(facts, info, version, sizeof(version));

		printf("version: %s, told by %s\n", version, teller);
	} else if (facts) {
		printf("version: unknown, the map is not built\n");
	}
	if (facts) {
		fputs(facts->text, stdout);
		return ferror(stdout) ? RM_INCOMPLETE : RM_OK;
	}
	fprintf(stderr,
	        "readmostly: no fact sheet is called \"%s\", "
	        "expected one of",
	        id);
	for (facts = rm_facts_table; facts->id; facts++)
		fprintf(stderr, " %s", facts->id);
	fputc('\n', stderr);
	return RM_USAGE;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct wish *wish = state->input;

	if (key == JSON || key == IDS || key == FACTS)
		*wish = (struct wish){ (enum form)key, text };
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "\"%s\": expected no argument", text);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

int rm_cli_list(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", JSON, NULL, 0, "for programs", 0 },
		{ "ids", IDS, NULL, 0,
		        "ids only, one a line, of maps in C and C++ without "
		        "injected bugs",
		        0 },
		{ "facts", FACTS, "ID", 0,
		        "what there is to know of a map of a library: its "
		        "version, how it is used here, its limits",
		        0 },
		{ 0 },
	};
	static const struct argp argp = { options, parse, "",
		"Prints the maps in this build, and those whose library is "
		"missing.",
		NULL, NULL, NULL };
	struct rm_catalog catalog;
	struct rm_error error = { "" };
	struct wish wish = { TEXT, NULL };
	int code = RM_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &wish);
	if (rm_catalog_load(NULL, &catalog, &error))
		code = rm_complain("list", &error, RM_INCOMPLETE);
	else if (wish.form == IDS)
		code = print_ids(&catalog);
	else if (wish.form == FACTS)
		code = print_facts(&catalog, wish.id);
	else if (wish.form == JSON)
		code = print_json(&catalog);
	else
		print_all(&catalog);
	rm_catalog_clear(&catalog);
	return ferror(stdout) ? RM_INCOMPLETE : code;
}
