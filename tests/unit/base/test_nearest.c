/* SPDX-License-Identifier: Apache-2.0 */
/* test_nearest.c - suggestions for misspelled names. */
#include "runner/base/nearest.h"
#include "tests/unit/tap.h"

#include <string.h>

static bool hints(const char *word, const char *hint)
{
	struct rm_nearest nearest = { .word = word };

	rm_nearest_offer(&nearest, "writes");
	rm_nearest_offer(&nearest, "shard_seg");
	rm_nearest_offer(&nearest, "shard_rw_32");
	rm_nearest_offer(&nearest, "key-bytes");
	return !strcmp(rm_nearest_hint(&nearest), hint);
}

int main(void)
{
	char longest[100];

	CHECK(hints("shardseg", " (did you mean shard_seg?)"),
	        "a name with a missing character gets a suggestion");
	CHECK(hints("key_bytes", " (did you mean key-bytes?)"),
	        "a name with a wrong character gets a suggestion");
	CHECK(hints("wirtes", " (did you mean writes?)"),
	        "a name with two swapped characters gets a suggestion");
	CHECK(hints("shard_rw_322", " (did you mean shard_rw_32?)"),
	        "a name with an extra character gets a suggestion");
	CHECK(hints("threads", "") && hints("ab", "") && hints("", ""),
	        "a word unlike all names gets no suggestion");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CHECK(hints(longest, ""), "a long word gets no suggestion");
	return DONE();
}
