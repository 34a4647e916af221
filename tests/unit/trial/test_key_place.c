/* SPDX-License-Identifier: Apache-2.0 */
/* test_key_place.c - which bytes differ in keys of 16 bytes and more, if they
   differ in the middle or at the end. */
#define RM_PLACED
#define RM_SIZED 64
#include "runner/keys.h"
#include "tests/unit/tap.h"

/* Returns a mask of the bytes that differ from those of rank 0, for ranks up to
   2^32. */
static uint64_t differing_bytes(unsigned bytes, bool last)
{
	struct rm_key_bytes zero, line;
	uint64_t differ = 0;

	memset(&zero, 0, sizeof(zero));
	memset(&line, 0, sizeof(line));
	rm_key_lengthen(&zero, bytes);
	rm_key_lengthen(&line, bytes);
	rm_key_place(&zero, bytes, last);
	rm_key_place(&line, bytes, last);
	rm_key_of(RM_STR16X8, 0, &zero);
	for (uint64_t i = 1; i < 10000; i++) {
		struct rm_key key = rm_key_of(RM_STR16X8, i * 429496, &line);

		if (key.length != bytes)
			return 0;
		for (unsigned at = 0; at < bytes; at++)
			if (key.bytes[at] != zero.bytes[at])
				differ |= UINT64_C(1) << at;
	}
	return differ;
}

int main(void)
{
	CHECK(differing_bytes(16, false) == 0xffU << 4 &&
	                differing_bytes(32, false) == 0xffU << 12 &&
	                differing_bytes(64, false) == UINT64_C(0xff) << 28,
	        "keys differ in the middle 8 bytes and nowhere else");
	CHECK(differing_bytes(16, true) == 0xffU << 8 &&
	                differing_bytes(32, true) == 0xffU << 24 &&
	                differing_bytes(64, true) == UINT64_C(0xff) << 56,
	        "keys differ in the last 8 bytes and nowhere else");
	return DONE();
}
