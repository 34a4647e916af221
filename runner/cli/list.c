/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - `readmostly list`: maps in this build, and those that are not. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/impl_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { TEXT, JSON = 'j', IDS = 'i', FACTS = 'f' };

struct wish {
	enum form form;
	const char *id; /* of FACTS */
};

static json_t *shape_names(const struct rm_impl *impl)
{
	json_t *names = json_array();

	for (size_t i = 0; i < RM_SHAPES; i++)
		if (impl->shapes & 1U << i)
			json_array_append_new(names,
			        json_string(rm_shape_name(rm_shapes[i])));
	return names;
}

static json_t *words(const struct rm_impl *impl, rm_impl_word_fn *of)
{
	json_t *names = json_array();
	const char *word;

	for (size_t i = 0; (word = of(impl, i)); i++)
		json_array_append_new(names, json_string(word));
	return names;
}

/* Room for a reason why a map is not simulated. */
enum { WHY_BYTES = 256 };

static json_t *simulated(const struct rm_simulator *list, const char *id)
{
	char why[WHY_BYTES];
	bool yes = rm_simulator_can(list, id, why, sizeof(why));

	return json_pack(
	        "{s:b, s:s?}", "simulated", yes, "reason", yes ? NULL : why);
}

static json_t *describe(
        const struct rm_impl *impl, const struct rm_simulator *list)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, "
	                 "s:s, s:o, s:o, s:o, s:s?, s:s?, s:i, s:s?}",
	        "id", impl->id, "label", impl->label, "family", impl->family,
	        "sync", impl->sync, "source", impl->source, "system",
	        impl->system, "shapes", shape_names(impl), "caps",
	        words(impl, rm_impl_cap_word), "guarantees", impl->guarantees,
	        "progress", impl->progress, "dispatch", impl->dispatch,
	        "operations", words(impl, rm_impl_operation_word), "sim",
	        simulated(list, impl->id), "loops",
	        words(impl, rm_impl_loop_word), "misuse", impl->misuse,
	        "program", impl->program, "value_most_bytes",
	        (int)impl->value_most, "value_place", impl->value_place);
}

static int print_json(const struct rm_simulator *list)
{
	json_t *maps = json_array(), *skipped = json_array();
	json_t *all;
	int code;

	for (size_t i = 0; i < rm_impl_all_count; i++)
		json_array_append_new(maps, describe(rm_impl_table[i], list));
	for (size_t i = 0; i < rm_skipped_count; i++)
		json_array_append_new(
		        skipped, json_pack("{s:s, s:s, s:s}", "id",
		                         rm_skipped_table[i].id, "needs",
		                         rm_skipped_table[i].needs, "packages",
		                         rm_skipped_table[i].packages));
	all = json_pack("{s:o, s:o}", "maps", maps, "skipped", skipped);
	code = rm_print_json(all, JSON_INDENT(2));
	json_decref(all);
	return code;
}

/* "u64x8 u64x24", "none": the strings of a JSON array. */
static void print_names(const char *title, json_t *names)
{
	json_t *name;
	size_t i;

	printf("    %-11s", title);
	json_array_foreach (names, i, name)
		printf("%s%s", i ? " " : "", json_string_value(name));
	printf("%s\n", json_array_size(names) ? "" : "none");
	json_decref(names);
}

/* The words are those of the JSON, from the same tables: the two forms cannot
   disagree on what a map offers. */
static void print_map(
        const struct rm_impl *impl, const struct rm_simulator *list)
{
	char why[WHY_BYTES];

	printf("%-16s %s [%s]\n", impl->id, impl->label, impl->family);
	printf("    %-11s%s, %s; scan %s; dispatch %s\n", "sync", impl->sync,
	        impl->progress, impl->guarantees, impl->dispatch);
	printf("    %-11s%s%s%s\n", "source", impl->source,
	        impl->system[0] ? "; system " : "", impl->system);
	print_names("shapes", shape_names(impl));
	if (impl->value_most)
		printf("    %-11sto %u bytes, %s\n", "values", impl->value_most,
		        impl->value_place);
	print_names("operations", words(impl, rm_impl_operation_word));
	print_names("caps", words(impl, rm_impl_cap_word));
	if (impl->loops)
		print_names("own loops", words(impl, rm_impl_loop_word));
	if (impl->misuse)
		printf("    %-11s%s\n", "misuse", impl->misuse);
	if (impl->program) {
		printf("    %-11s%s\n", "program", impl->program);
		return;
	}
	if (rm_simulator_can(list, impl->id, why, sizeof(why)))
		printf("    %-11syes\n", "sim");
	else
		printf("    %-11sno (%s)\n", "sim", why);
}

static void print_all(const struct rm_simulator *list)
{
	for (size_t i = 0; i < rm_impl_all_count; i++)
		print_map(rm_impl_table[i], list);
	for (size_t i = 0; i < rm_skipped_count; i++)
		printf("%-16s not built: needs %s (packages: %s)\n",
		        rm_skipped_table[i].id, rm_skipped_table[i].needs,
		        rm_skipped_table[i].packages);
	for (size_t i = 0; rm_unbuilt_table[i].id; i++)
		printf("%-16s not built into this program\n",
		        rm_unbuilt_table[i].id);
}

/* A planted misuse runs by its full id only: a list that is fed back into
   --maps must not have it. */
static int print_ids(void)
{
	for (size_t i = 0; i < rm_impl_count; i++)
		if (!rm_impl_table[i]->misuse)
			printf("%s\n", rm_impl_table[i]->id);
	return ferror(stdout) ? RM_INCOMPLETE : RM_OK;
}

/* Also one of a program in another language. */
static const struct rm_impl *find(const char *id)
{
	for (size_t i = 0; i < rm_impl_all_count; i++)
		if (!strcmp(rm_impl_table[i]->id, id))
			return rm_impl_table[i];
	return NULL;
}

static int print_facts(const char *id)
{
	const struct rm_facts *facts = rm_facts_find(id);
	const struct rm_impl *impl = find(id);
	char version[128];

	if (facts && impl) {
		const char *teller =
		        rm_facts_version(facts, impl, version, sizeof(version));

		printf("version: %s, told by %s\n", version, teller);
	} else if (facts) {
		printf("version: not built into this program\n");
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
		        "ids only, one a line, of the maps in this program but "
		        "planted misuses",
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
	struct rm_simulator list;
	struct wish wish = { TEXT, NULL };
	int code = RM_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &wish);
	if (wish.form == IDS)
		return print_ids();
	if (wish.form == FACTS)
		return print_facts(wish.id);
	rm_simulator_ask(&list);
	if (wish.form == JSON)
		code = print_json(&list);
	else
		print_all(&list);
	free(list.text);
	return ferror(stdout) ? RM_INCOMPLETE : code;
}
