/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that was freed is poisoned, kept back, and looked at when it is given
   back: in this program, started again with the library before malloc. */
#include "runner/base/sanitized.h"
#include "tests/unit/tap.h"
#include "verify/check/quarantine.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 48, OTHERS = 200, MANY = 5000, WRITTEN_AT = 9 };

static char told[200];
static int times;

static void tell(const char *what)
{
	snprintf(told, sizeof(told), "%s", what);
	times++;
}

/* Behind the compiler's back, which knows what free() is. */
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

/* Is the block among the next that are allocated? */
static bool comes_back(const void *block)
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

/* A value is as long as its shape, and may have been freed while it was read. */
static void values_that_were_freed(void)
{
	const struct rm_shape three = { .value_bytes = RM_VALUE_LONG },
	                      one = { .value_bytes = 8 };
	const struct rm_value whole = { { 1, 2, 3 } },
	                      half = { { 1, 2, RM_POISON_WORD } },
	                      first = { { RM_POISON_WORD, 2, 3 } };

	CHECK(!rm_quarantine_freed(three, &whole), "a value was not freed");
	CHECK(rm_quarantine_freed(three, &half) &&
	                rm_quarantine_freed(three, &first),
	        "one with poison in any of its words was");
	CHECK(!rm_quarantine_freed(one, &half) &&
	                rm_quarantine_freed(one, &first),
	        "what lies behind its last word is not looked at");
}

static void free_many(void)
{
	for (int i = 0; i < MANY; i++)
		freed(BYTES);
}

/* Of 256 KiB, where small blocks have left as much: the C library takes it from
   there, and gives it no mapping. What it writes into it at its ends is its own. */
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

static void judge(void)
{
	void *volatile block;
	unsigned char *old;

	rm_quarantine(true, tell);
	old = freed(BYTES);
	CHECK(poisoned(old, BYTES), "what is freed is poisoned");
	/* the second time behind the others, which were freed after it */
	CHECK(!comes_back(old) && !comes_back(old),
	        "and not given out again soon");
	free_many();
	CHECK(!times, "nothing is told of blocks that nobody wrote to");
	old = freed(BYTES);
	old[WRITTEN_AT] = 7;
	free_many();
	CHECK(times == 1 && strstr(told, "byte 9 of a block of "),
	        "a write after the free is told once, with its place");
	block = malloc(BYTES);
	old = block;
	memset(old, 3, BYTES);
	block = realloc(block, 40 * BYTES);
	CHECK(((unsigned char *)block)[BYTES - 1] == 3 && poisoned(old, BYTES),
	        "realloc moves and poisons what it leaves");
	old = freed(4000);
	CHECK(poisoned(old, 4000), "larger blocks, too");
	free(block);
	CHECK(is_large_block_poisoned(), "and one that is no mapping's own");
	rm_quarantine(false, tell);
	CHECK(times == 1,
	        "turned off, it tells nothing of what nobody wrote to");
	rm_quarantine(true, tell);
	old = freed(BYTES);
	old[WRITTEN_AT] = 7;
	((unsigned char *)freed(4000))[WRITTEN_AT] = 7;
	rm_quarantine(false, tell);
	CHECK(times == 3, "of blocks that it still had it tells then");
	old = freed(BYTES);
	CHECK(comes_back(old), "turned off it is malloc as ever");
}

/* The library lies beside the programs of `check`. */
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
		SKIP("freed memory is poisoned", "a sanitizer has malloc");
		return DONE();
	}
	if (!rm_quarantine_offered()) {
		start_again(argv);
		CHECK(false, "the library is loaded before malloc");
		return DONE();
	}
	values_that_were_freed();
	judge();
	return DONE();
}
