/* SPDX-License-Identifier: Apache-2.0 */
/* test_impl_words.c - names of a map's properties, as `readmostly dev list`
   prints them. */
#include "runner/impl.h"
#include "tests/unit/tap.h"

#include <stdio.h>
#include <string.h>

static bool has_word(const struct rm_impl *impl, rm_impl_word_fn *get_word,
        const char *wanted)
{
	const char *word;

	for (size_t i = 0; (word = get_word(impl, i)); i++)
		if (!strcmp(word, wanted))
			return true;
	return false;
}

static size_t count_words(const struct rm_impl *impl, rm_impl_word_fn *get_word)
{
	size_t n = 0;

	while (get_word(impl, n))
		n++;
	return n;
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

	/* no pointer is NULL, as if all operations were offered */
	memset(&ops, 0xff, sizeof(ops));
	CHECK(count_words(&all, rm_impl_operation_word) >= 14 &&
	                has_word(&all, rm_impl_operation_word, "scan"),
	        "each optional operation has its word");
	CHECK(has_word(gomap, rm_impl_operation_word, "compare_remove"),
	        "a Go map offers compare_remove");
	CHECK(count_words(&nothing, rm_impl_operation_word) == 0 &&
	                count_words(&nothing, rm_impl_cap_word) == 0 &&
	                count_words(&nothing, rm_impl_loop_word) == 0,
	        "a map without properties has no words");
	CHECK(count_words(&all, rm_impl_cap_word) == 10 &&
	                has_word(&all, rm_impl_cap_word, "stale") &&
	                has_word(&all, rm_impl_cap_word, "inexact-returns") &&
	                has_word(&all, rm_impl_cap_word, "single-writer"),
	        "each bit of the caps has its word");
	CHECK(count_words(&all, rm_impl_loop_word) == 2 &&
	                has_word(&all, rm_impl_loop_word, "pair"),
	        "own loops have their names");
	for (unsigned i = 0; i < RM_SHAPES; i++)
		if (rm_shape_index(rm_shapes[i]) != i)
			gomap = NULL;
	CHECK(gomap, "shapes are in the order of rm_shape_index()");
	return DONE();
}
