/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_facts.c - sheets of libraries' maps: found by the map's id, read line by
 * line, and whose word a version is. With sheets and libraries of this test.
 */
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

/* The code itself, with these: the library's object is then not linked. */
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
	        "a sheet is found by the map's whole id");
	CHECK(rm_facts_find("go_tree") == sheets + 3 &&
	                rm_facts_find("go_classic_tree") == sheets + 3 &&
	                rm_facts_find("go_other_tree") == sheets + 3 &&
	                !rm_facts_find("go_classic_urcu"),
	        "maps in Go by any compiler share one");
	CHECK(!rm_facts_find("tre") && !rm_facts_find("tree_") &&
	                !rm_facts_find(""),
	        "and by nothing else");
}

static void lines_are_read(void)
{
	const char *at = sheets[0].text;
	struct rm_facts_line fact;

	CHECK(rm_facts_next(&at, &fact) == strlen("library: ck") &&
	                is(fact.name, fact.name_length, "library") &&
	                is(fact.text, fact.text_length, "ck"),
	        "a line has a name and a text");
	CHECK(rm_facts_next(&at, &fact) &&
	                is(fact.name, fact.name_length, "licence") &&
	                is(fact.text, fact.text_length, "BSD-2-Clause"),
	        "then comes the next");
	CHECK(rm_facts_next(&at, &fact) &&
	                is(fact.name, fact.name_length, "note") &&
	                is(fact.text, fact.text_length, "a: b"),
	        "a text may have a colon");
	CHECK(!rm_facts_next(&at, &fact) &&
	                is(fact.name, fact.name_length, "note"),
	        "after the last there is none");
}

/* What is said of a map's library, and by whom. */
static bool told(
        const char *id, const char *version, const char *wanted, const char *by)
{
	const struct rm_map_info map = { .version = version,
		.language = "go",
		.language_version = "1.26.1" };
	char text[64];
	const char *who =
	        rm_facts_version(rm_facts_find(id), &map, text, sizeof(text));

	if (strcmp(text, wanted) || strcmp(who, by))
		printf("# %s, told by %s\n", text, who);
	return !strcmp(text, wanted) && !strcmp(who, by);
}

static void versions_are_told(void)
{
	static const char built[] = "pkg-config, when this program was built";
	static const char nobody[] =
	        "nobody: neither the library nor pkg-config knows it";

	CHECK(told("tree", "9.9", "ck 9.9", "the library itself"),
	        "the version is the library's own, where it says one");
	CHECK(told("tree", NULL, "ck 0.7.1", built),
	        "else that of the library of just this name");
	CHECK(told("urcu", NULL, "liburcu 0.15.0", built),
	        "also where it is the last, and another begins like it");
	CHECK(told("tree_rw", NULL, "libcuckoo unknown", nobody),
	        "one that pkg-config did not know either is unknown");
	CHECK(told("go_classic_tree", NULL, "go 1.26.1", "its compiler"),
	        "of a language that is its compiler's");
	libraries = "ck-more 3";
	CHECK(told("tree", NULL, "ck unknown", nobody),
	        "so is one that is not among them");
	libraries = "";
	CHECK(told("tree", NULL, "ck unknown", nobody),
	        "and each where there are none");
}

int main(void)
{
	sheets_are_found();
	lines_are_read();
	versions_are_told();
	return DONE();
}
