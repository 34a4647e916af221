/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - finds the fact sheet of a map from a library, and the library's
   version. */
#include "runner/base/build_info.h"
#include "runner/catalog/catalog.h"

#include <stdio.h>
#include <string.h>

/* True if this is the map's sheet. A Go map has one sheet for all compilers. */
static bool sheet_matches(const char *sheet, const char *id)
{
	static const char *const prefixes[] = { "go_classic_", "go_other_" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		const size_t length = strlen(prefixes[i]);

		if (!strncmp(id, prefixes[i], length))
			return !strncmp(sheet, "go_", 3) &&
			       !strcmp(sheet + 3, id + length);
	}
	return !strcmp(sheet, id);
}

const struct rm_facts *rm_facts_find(const char *id)
{
	const struct rm_facts *facts = rm_facts_table;

	while (facts->id && !sheet_matches(facts->id, id))
		facts++;
	return facts->id ? facts : NULL;
}

size_t rm_facts_read_line(const char **at, struct rm_facts_line *fact)
{
	const size_t line = strcspn(*at, "\n");
	const size_t name = strcspn(*at, ":");

	if (line == 0)
		return 0;
	*fact = (struct rm_facts_line){ *at, name, *at + name + 2,
		line - name - 2 };
	*at += line + 1;
	return line;
}

/* Returns the text after `name` and a blank in rm_build_libraries ("NAME
   VERSION, ..."); NULL if `name` is not listed. */
static const char *built_version(const char *name, size_t length)
{
	const char *at = rm_build_libraries;

	while (*at && (strncmp(at, name, length) || at[length] != ' ')) {
		at += strcspn(at, ",");
		at += strspn(at, ", ");
	}
	return *at ? at + length + 1 : NULL;
}

const char *rm_facts_version(const struct rm_facts *facts,
        const struct rm_map_info *info, char *text, size_t size)
{
	struct rm_facts_line library = { .text = "" };
	const char *at = facts->text, *built;

	rm_facts_read_line(&at, &library);
	if (info->version) {
		snprintf(text, size, "%.*s %s", (int)library.text_length,
		        library.text, info->version);
		return "the library itself";
	}
	if (info->language && info->language_version &&
	        strlen(info->language) == library.text_length &&
	        !strncmp(library.text, info->language, library.text_length)) {
		snprintf(text, size, "%s %s", info->language,
		        info->language_version);
		return "its compiler";
	}
	built = built_version(library.text, library.text_length);
	if (built && strncmp(built, "unknown", 7)) {
		snprintf(text, size, "%.*s %.*s", (int)library.text_length,
		        library.text, (int)strcspn(built, ","), built);
		return "pkg-config, when this program was built";
	}
	snprintf(text, size, "%.*s unknown", (int)library.text_length,
	        library.text);
	return "neither the library nor pkg-config";
}
