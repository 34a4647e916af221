/* SPDX-License-Identifier: Apache-2.0 */
/* test_handle.c - which header is of no map:
   every single word that is another map's shows. */
#include "impls/support/guard_none.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#define HANDLE_FORM HANDLE_HEADER
#include "impls/technique/handle.h"

/* The header of map `from` with one word of map `to`: whose is it? */
static bool shows(struct handle *handle, unsigned from, unsigned to, unsigned i)
{
	struct handle_header header = handle->headers[from];
	const bool differs = header.member[i] != handle->headers[to].member[i];

	header.member[i] = handle->headers[to].member[i];
	return handle_whose(handle, &header) == (differs ? HANDLE_MAPS : from);
}

static void words_of_two_maps(uint64_t keys)
{
	const uint64_t args[RM_LOOP_ARGS] = { keys };
	struct rm_sizing sizing = {
		.threads = 2, .seed = 3, .loop_args = args
	};
	struct handle *handle = handle_create(&sizing);
	bool told = true, varies[HANDLE_MEMBERS] = { false };

	for (unsigned from = 0; from < HANDLE_MAPS; from++)
		for (unsigned to = 0; to < HANDLE_MAPS; to++)
			for (unsigned i = 0; i < HANDLE_MEMBERS; i++) {
				told &= shows(handle, from, to, i);
				varies[i] |= handle->headers[from].member[i] !=
				             handle->headers[to].member[i];
			}
	CHECK(told, "a word of another map makes a header of none");
	CHECK(varies[HANDLE_BUCKETS] && varies[HANDLE_OLD] &&
	                varies[HANDLE_LOG2] && varies[HANDLE_COUNT],
	        "assignments change all four words");
	CHECK(!handle->headers[HANDLE_FRESH].member[HANDLE_BUCKETS] &&
	                handle->headers[HANDLE_GROWING].member[HANDLE_LOG2],
	        "no buckets and a logarithm above 0: the article's example");
	handle_destroy(handle);
}

int main(void)
{
	(void)handle_ops, (void)handle_loops;
	words_of_two_maps(100);
	words_of_two_maps(1);
	words_of_two_maps(5000);
	return DONE();
}
