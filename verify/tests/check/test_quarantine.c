/* SPDX-License-Identifier: Apache-2.0 */
/* test_quarantine.c - tests that freed memory is poisoned, kept, and verified
 * when it is released. The program restarts itself with the library
 * preloaded. */
#include "runner/base/sanitized.h"
#include "tests/unit/tap.h"
#include "verify/check/quarantine.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 48, OTHERS = 200, MANY = 5000, WRITTEN_AT = 9 };

static char report_text[200];
static int reports;

static void record_report(const char *what)
{
	snprintf(report_text, sizeof(report_text), "%s", what);
	reports++;
}

/* Hides the call from the compiler, which treats free() specially. */
static unsigned char *freed(size_t bytes)
{
	void *volatile block = malloc(bytes);
	volatile uintptr_t address = (uintptr_t)block;

	memset(block, 1, bytes);
	free(block);
	return (unsigned char *)address;
}

static bool poisoned(const unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes[i] != RM_POISON_BYTE)
			return false;
	return true;
}

/* Returns true if one of the next allocations returns this block. */
static bool is_reused(const void *block)
{
	void *others[OTHERS];
	bool among = false;

	for (int i = 0; i < OTHERS; i++) {
		others[i] = malloc(BYTES);
		among = among || others[i] == block;
	}
	for (int i = 0; i < OTHERS; i++)
		free(others[i]);
	return among;
}

/* Only the words of the value's shape are inspected; any of them may be
 * poison. */
static void test_values(void)
{
	const struct rm_shape three = { .value_bytes = RM_VALUE_LONG },
	                      one = { .value_bytes = 8 };
	const struct rm_value whole = { { 1, 2, 3 } },
	                      half = { { 1, 2, RM_POISON_WORD } },
	                      first = { { RM_POISON_WORD, 2, 3 } };

	CHECK(!rm_value_is_poison(three, &whole),
	        "a value without poison was not freed");
	CHECK(rm_value_is_poison(three, &half) &&
	                rm_value_is_poison(three, &first),
	        "a value with poison in any word was freed");
	CHECK(!rm_value_is_poison(one, &half) &&
	                rm_value_is_poison(one, &first),
	        "words after the last of the shape are ignored");
}

static void free_many(void)
{
	for (int i = 0; i < MANY; i++)
		freed(BYTES);
}

/* A block of 256 KiB that the C library cuts from freed small blocks, so that
 * it has no mapping. The C library writes to its ends. */
static bool is_large_block_poisoned(void)
{
	enum { SMALL = 100, LARGE = 256 * 1024, EDGE = 64, ALL = 8000 };
	static void *small[ALL];
	const unsigned char *large;

	for (int i = 0; i < ALL; i++)
		small[i] = malloc(SMALL);
	void *volatile behind = malloc(SMALL);

	for (int i = 0; i < ALL; i++)
		free(small[i]);
	large = freed(LARGE);
	const bool right = large > (unsigned char *)small[0] &&
	                   large < (unsigned char *)behind &&
	                   poisoned(large + EDGE, LARGE - 2 * EDGE);

	free(behind);
	return right;
}

static void test_blocks(void)
{
	void *volatile block;
	unsigned char *old;

	rm_quarantine_set(true, record_report);
	old = freed(BYTES);
	CHECK(poisoned(old, BYTES), "freed memory is poisoned");
	/* other blocks are freed between the two calls */
	CHECK(!is_reused(old) && !is_reused(old),
	        "freed memory is not soon allocated again");
	free_many();
	CHECK(!reports, "blocks that were not written cause no report");
	old = freed(BYTES);
	old[WRITTEN_AT] = 7;
	free_many();
	CHECK(reports == 1 && strstr(report_text, "byte 9 of a block of "),
	        "a write after free is reported once, with its offset");
	block = malloc(BYTES);
	old = block;
	memset(old, 3, BYTES);
	block = realloc(block, 40 * BYTES);
	CHECK(((unsigned char *)block)[BYTES - 1] == 3 && poisoned(old, BYTES),
	        "realloc moves the block and poisons the old one");
	old = freed(4000);
	CHECK(poisoned(old, 4000), "larger blocks are poisoned");
	free(block);
	CHECK(is_large_block_poisoned(),
	        "a large block without a mapping is poisoned");
	rm_quarantine_set(false, record_report);
	CHECK(reports == 1, "switching the quarantine off reports no block "
	                    "that was not written");
	rm_quarantine_set(true, record_report);
	old = freed(BYTES);
	old[WRITTEN_AT] = 7;
	((unsigned char *)freed(4000))[WRITTEN_AT] = 7;
	rm_quarantine_set(false, record_report);
	CHECK(reports == 3, "switching the quarantine off reports written "
	                    "blocks that it still held");
	old = freed(BYTES);
	CHECK(is_reused(old), "when the quarantine is off, blocks are reused");
}

/* The library is in the folder of the check programs. */
static bool start_again(char **argv)
{
	static const char library[] = "/maps/check/libreadmostly_quarantine.so";
	char path[4096];
	ssize_t length = readlink(
	        "/proc/self/exe", path, sizeof(path) - sizeof(library));

	if (length <= 0 || getenv("LD_PRELOAD"))
		return false;
	path[length] = 0;
	for (int i = 0; i < 2; i++)
		*strrchr(path, '/') = 0;
	strcat(path, library);
	if (access(path, R_OK))
		return false;
	setenv("LD_PRELOAD", path, 1);
	execv("/proc/self/exe", argv);
	return false;
}

int main(int argc, char **argv)
{
	(void)argc;
	if (rm_sanitized()) {
		SKIP("freed memory is poisoned", "a sanitizer replaces malloc");
		return DONE();
	}
	if (!rm_quarantine_is_loaded()) {
		start_again(argv);
		CHECK(false, "the library is loaded before malloc");
		return DONE();
	}
	test_values();
	test_blocks();
	return DONE();
}
