/* SPDX-License-Identifier: Apache-2.0 */
/* test_facts.c - fact sheets of libraries are found by map id and read line by
   line, and give the source of the version. Uses sheets and libraries that this
   test defines. */
#include "runner/base/build_info.h"
#include "runner/catalog/catalog.h"

static const struct rm_facts sheets[] = {
	{ "tree", "library: ck\nlicence: BSD-2-Clause\nnote: a: b\n" },
	{ "tree_rw", "library: libcuckoo\n" },
	{ "urcu", "library: liburcu\n" },
	{ "go_tree", "library: go\n" },
	{ "none", "" },
	{ NULL, NULL },
};
static const char *libraries = "liburcu-cds 0.13.2, ck 0.7.1, ck-more 3, "
                               "libcuckoo unknown, liburcu 0.15.0";

/* The source is included with these tables instead of linking its object. */
#define rm_facts_table     sheets
#define rm_build_libraries libraries
#include "runner/catalog/facts.c"
#undef rm_facts_table
#undef rm_build_libraries

#include "tests/unit/tap.h"

static bool is(const char *text, size_t length, const char *wanted)
{
	return strlen(wanted) == length && !strncmp(text, wanted, length);
}

static void sheets_are_found(void)
{
	CHECK(rm_facts_find("tree") == sheets &&
	                rm_facts_find("urcu") == sheets + 2,
	        "a sheet is found by the map's full id");
	CHECK(rm_facts_find("go_tree") == sheets + 3 &&
	                rm_facts_find("go_classic_tree") == sheets + 3 &&
	                rm_facts_find("go_other_tree") == sheets + 3 &&
	                !rm_facts_find("go_classic_urcu"),
	        "maps in Go share a sheet, whatever compiler");
	CHECK(!rm_facts_find("tre") && !rm_facts_find("tree_") &&
	                !rm_facts_find(""),
	        "other ids find no sheet");
}

static void lines_are_read(void)
{
	const char *at = sheets[0].text;
	struct rm_facts_line fact;

	CHECK(rm_facts_read_line(&at, &fact) == strlen("library: ck") &&
	                is(fact.name, fact.name_length, "library") &&
	                is(fact.text, fact.text_length, "ck"),
	        "a line has a name and a text");
	CHECK(rm_facts_read_line(&at, &fact) &&
	                is(fact.name, fact.name_length, "licence") &&
	                is(fact.text, fact.text_length, "BSD-2-Clause"),
	        "the next line follows");
	CHECK(rm_facts_read_line(&at, &fact) &&
	                is(fact.name, fact.name_length, "note") &&
	                is(fact.text, fact.text_length, "a: b"),
	        "a text may have a colon");
	CHECK(!rm_facts_read_line(&at, &fact) &&
	                is(fact.name, fact.name_length, "note"),
	        "nothing follows the last line");
}

/* Checks the version of a map's library and the source of that version. */
static bool check_version(const char *id, const char *version,
        const char *wanted, const char *wanted_source)
{
	const struct rm_map_info map = { .version = version,
		.language = "go",
		.language_version = "1.26.1" };
	char text[64];
	const char *source =
	        rm_facts_version(rm_facts_find(id), &map, text, sizeof(text));

	if (strcmp(text, wanted) || strcmp(source, wanted_source))
		printf("# %s, reported by %s\n", text, source);
	return !strcmp(text, wanted) && !strcmp(source, wanted_source);
}

static void versions_are_found(void)
{
	static const char built[] = "pkg-config, when this program was built";
	static const char neither[] = "neither the library nor pkg-config";

	CHECK(check_version("tree", "9.9", "ck 9.9", "the library itself"),
	        "a version reported by the library is used");
	CHECK(check_version("tree", NULL, "ck 0.7.1", built),
	        "otherwise the version is that of the library with exactly "
	        "this name");
	CHECK(check_version("urcu", NULL, "liburcu 0.15.0", built),
	        "the library with exactly this name is found if it is last and "
	        "another name starts with it");
	CHECK(check_version("tree_rw", NULL, "libcuckoo unknown", neither),
	        "a library unknown to pkg-config has an unknown version");
	CHECK(check_version(
	              "go_classic_tree", NULL, "go 1.26.1", "its compiler"),
	        "a map in another language has its compiler's version");
	libraries = "ck-more 3";
	CHECK(check_version("tree", NULL, "ck unknown", neither),
	        "a library that is not listed has an unknown version");
	libraries = "";
	CHECK(check_version("tree", NULL, "ck unknown", neither),
	        "every library has an unknown version if none is listed");
}

int main(void)
{
	sheets_are_found();
	lines_are_read();
	versions_are_found();
	return DONE();
}
