/* SPDX-License-Identifier: Apache-2.0 */
/* Words of what a map has, as `readmostly list` prints them. */
#include "runner/impl.h"
#include "tests/unit/tap.h"

#include <stdio.h>
#include <string.h>

static bool has(
        const struct rm_impl *impl, rm_impl_word_fn *of, const char *wanted)
{
	const char *word;

	for (size_t i = 0; (word = of(impl, i)); i++)
		if (!strcmp(word, wanted))
			return true;
	return false;
}

static size_t count(const struct rm_impl *impl, rm_impl_word_fn *of)
{
	size_t n = 0;

	while (of(impl, n))
		n++;
	return n;
}

/* The name of the member that a line of map.h declares, "" where none. */
static void member_of(const char *line, char name[64])
{
	const char *at = strstr(line, "(*");

	name[0] = '\0';
	if (at && line[0] == '\t')
		sscanf(at, "(*%63[a-z_])(", name);
}

/* Reads the contract itself: a member that somebody adds is asked for. */
static void each_optional_operation(const struct rm_impl *all)
{
	FILE *in = fopen("runner/map.h", "r");
	char line[256], name[64], forgotten[64] = "";
	bool optional = false;
	size_t members = 0;

	while (in && fgets(line, sizeof(line), in)) {
		optional |= strstr(line, "From here on members may be NULL") !=
		            NULL;
		if (line[0] == '}')
			optional = false;
		member_of(line, name);
		if (!optional || !name[0] || !strcmp(name, "unpark"))
			continue;
		members++;
		if (!has(all, rm_impl_operation_word, name))
			snprintf(forgotten, sizeof(forgotten), "%s", name);
	}
	if (in)
		fclose(in);
	printf("# %zu optional members in runner/map.h%s%s\n", members,
	        forgotten[0] ? ", without a word: " : "", forgotten);
	CHECK(members >= 14 && !forgotten[0],
	        "each optional operation of the contract has its word");
	CHECK(members == count(all, rm_impl_operation_word),
	        "and there is no word for anything else");
}

int main(void)
{
	static const struct rm_own_loop loops[] = { { "stock", NULL },
		{ "pair", NULL }, { NULL, NULL } };
	static const struct rm_map_ops none = { .create = NULL };
	struct rm_map_ops ops;
	struct rm_impl all = { .caps = ~0U, .ops = &ops, .loops = loops };
	struct rm_impl nothing = { .ops = &none };
	const struct rm_impl *gomap = rm_impl_find("gomap_rw");

	/* no pointer is NULL: as if it offered everything */
	memset(&ops, 0xff, sizeof(ops));
	each_optional_operation(&all);
	CHECK(has(gomap, rm_impl_operation_word, "compare_remove"),
	        "a Go map offers compare_remove");
	CHECK(count(&nothing, rm_impl_operation_word) == 0 &&
	                count(&nothing, rm_impl_cap_word) == 0 &&
	                count(&nothing, rm_impl_loop_word) == 0,
	        "a map that has nothing has no words");
	CHECK(count(&all, rm_impl_cap_word) == 9 &&
	                has(&all, rm_impl_cap_word, "stale") &&
	                has(&all, rm_impl_cap_word, "inexact-returns") &&
	                has(&all, rm_impl_cap_word, "single-writer"),
	        "each bit of the caps has its word");
	CHECK(count(&all, rm_impl_loop_word) == 2 &&
	                has(&all, rm_impl_loop_word, "pair"),
	        "own loops are named");
	for (unsigned i = 0; i < RM_SHAPES; i++)
		if (rm_shape_index(rm_shapes[i]) != i)
			gomap = NULL;
	CHECK(gomap, "shapes stand by their index");
	return DONE();
}
