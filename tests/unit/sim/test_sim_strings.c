/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_strings.c - the string functions of simulated code give the results
 * of the C library, and report exactly the bytes that they need. */
#include "runner/sim/guest/strings.c"

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE = 4096, LENGTHS = 34, WORD = 8 };

/* Three pages, of which the last is not accessible. */
static char *pages;
/* number of reports of each byte */
static unsigned char reads[2 * PAGE], writes[2 * PAGE];
static bool aligned = true; /* true if no report spans two words */
/* The write that another thread makes during the next report. */
static char *changed;
static char change;

void rm_sim_touch(const void *at, size_t bytes, bool write, const void *site)
{
	const size_t first = (size_t)((const char *)at - pages);

	aligned &= bytes && site && first % WORD + bytes <= WORD;
	for (size_t i = first; i < first + bytes && i < sizeof(reads); i++)
		(write ? writes : reads)[i]++;
	if (changed)
		*changed = change;
	changed = NULL;
}

void *rm_sim_malloc(size_t bytes)
{
	return malloc(bytes);
}

/* True if the reports cover each of these bytes once. Clears the reports. */
static bool covers(unsigned char *reports, const char *text, size_t bytes)
{
	const size_t first = (size_t)(text - pages);
	bool right = true;

	for (size_t i = 0; i < sizeof(reads); i++)
		right &= reports[i] == (i >= first && i < first + bytes);
	memset(reports, 0, sizeof(reads));
	return right;
}

static bool reads_all(const char *text, size_t bytes)
{
	return covers(reads, text, bytes);
}

/* Puts a string of this length so that `after` bytes follow it in its page. */
static char *place(unsigned page, size_t length, size_t after)
{
	char *text = pages + (page + 1) * (size_t)PAGE - after - length - 1;

	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + i % 26);
	text[length] = '\0';
	return text;
}

static bool same_sign(int a, int b)
{
	return (a > 0) == (b > 0) && (a < 0) == (b < 0);
}

static bool finds(const char *text, size_t length)
{
	bool right =
	        rm_sim_strlen(text) == length && reads_all(text, length + 1);

	for (size_t most = 0; most <= length + 1; most++) {
		const size_t read = most > length ? length + 1 : most;

		right &= rm_sim_strnlen(text, most) == strnlen(text, most) &&
		         reads_all(text, read);
		right &= rm_sim_memchr(text, 0xff, most) == NULL &&
		         reads_all(text, most);
		right &= rm_sim_memchr(text, '\0', most) ==
		                 memchr(text, '\0', most) &&
		         reads_all(text, read);
	}
	return right;
}

/* `b` is a copy of `a` that differs at `at`. */
static bool compares(const char *a, char *b, size_t length, size_t at)
{
	const char kept = b[at];
	bool right = true;

	for (unsigned other = 0; other <= 0xff; other += 0xff) {
		b[at] = (char)other;
		right &= same_sign(rm_sim_strcmp(a, b), strcmp(a, b));
		for (size_t most = 0; most <= length + 1; most++)
			right &= same_sign(rm_sim_strncmp(a, b, most),
			        strncmp(a, b, most));
	}
	b[at] = kept;
	memset(reads, 0, sizeof(reads));
	return right && !rm_sim_strncmp(a, b, at) && reads[a - pages] == !!at &&
	       !rm_sim_strcmp(a, b) && !rm_sim_strncmp(a, b, length + 9);
}

static bool copies(const char *from, char *to, size_t length)
{
	char expected[LENGTHS + WORD];
	bool right = rm_sim_strcpy(to, from) == to && !strcmp(to, from) &&
	             covers(writes, to, length + 1);
	char *other = rm_sim_strdup(from);

	right &= other && !strcmp(other, from);
	free(other);
	for (size_t most = 0; most <= length + 1; most++) {
		memset(expected, '#', sizeof(expected));
		memset(to, '#', length + 1);
		memset(writes, 0, sizeof(writes));
		right &= rm_sim_strncpy(to, from, most) == to &&
		         covers(writes, to, most);
		for (size_t i = 0; i < most; i++)
			expected[i] = i < length ? from[i] : '\0';
		right &= !memcmp(to, expected, length + 1);
	}
	memset(reads, 0, sizeof(reads));
	return right;
}

/* Tests lengths around 8, 16 and 32, at each alignment, and at the ends of
   pages. */
static void texts(void)
{
	bool found = true, compared = true, copied = true;

	for (size_t length = 0; length < LENGTHS; length++)
		for (size_t after = 0; after < 2 * WORD; after++) {
			char *a = place(1, length, after), *b;

			found &= finds(a, length);
			b = place(0, length, after % 5);
			for (size_t at = 0; at < length; at++)
				compared &= compares(a, b, length, at) &&
				            compares(b, a, length, at);
			memset(reads, 0, sizeof(reads));
			copied &= copies(b, a, length) && copies(a, b, length);
		}
	CHECK(found, "strlen, strnlen and memchr read up to the byte");
	CHECK(compared, "strcmp and strncmp have the C library's sign");
	CHECK(copied, "strcpy, strncpy and strdup write what it writes");
	CHECK(aligned, "each report is within a word and has its place");
}

/* A comparison is unsigned, and equal strings end at the zero byte. */
static void differences(void)
{
	char *a = place(1, 8, 0), *b = place(0, 8, 3);

	a[7] = (char)0x80;
	CHECK(rm_sim_strcmp(a, b) > 0 && rm_sim_strcmp(b, a) < 0,
	        "bytes are compared as unsigned numbers");
	a[4] = b[4] = '\0';
	memset(reads, 0, sizeof(reads));
	CHECK(!rm_sim_strcmp(a, b) && !rm_sim_strncmp(a, b, 100) &&
	                !reads[a - pages + 5] && !reads[b - pages + 5],
	        "nothing after the zero byte is read");
}

/* Another thread changes a byte during the report. The result must use the new
   byte. */
static void changes(void)
{
	char *a = place(1, 20, 0), *b = place(0, 20, 0);

	changed = a + 3;
	change = '\0';
	CHECK(rm_sim_strlen(a) == 3, "a zero byte appears before the read");
	changed = a + 3;
	change = 'd';
	CHECK(rm_sim_strlen(a) == 20, "a zero byte disappears before the read");
	changed = a + 1;
	change = 'z';
	CHECK(rm_sim_strcmp(a, b) > 0, "a difference appears before the read");
	changed = a + 1;
	change = 'b';
	CHECK(!rm_sim_strcmp(a, b), "a difference disappears before the read");
}

static int order(const void *a, const void *b)
{
	return memcmp(a, b, 3);
}

static void arrays(void)
{
	bool sorted = true, searched = true;

	for (size_t count = 0; count < 40; count++) {
		char *first = pages + 2 * (size_t)PAGE - 3 * count;
		char expected[3 * 40];

		for (size_t i = 0; i < 3 * count; i++)
			first[i] = (char)(i * i * 7 % 11);
		memcpy(expected, first, 3 * count);
		qsort(expected, count, 3, order);
		rm_sim_qsort(first, count, 3, order);
		sorted &= !memcmp(first, expected, 3 * count);
		for (char key[3] = { 0 }; *key < 11; ++*key) {
			const char *at =
			        rm_sim_bsearch(key, first, count, 3, order);

			searched &= !at == !bsearch(key, expected, count, 3,
			                           order) &&
			            (!at || !memcmp(at, key, 3));
		}
	}
	CHECK(sorted, "qsort sorts like the C library");
	CHECK(searched, "bsearch finds what the C library finds");
}

int main(void)
{
	pages = mmap(NULL, 3 * (size_t)PAGE, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages + 2 * PAGE, PAGE, PROT_NONE))
		return 1;
	texts();
	differences();
	changes();
	arrays();
	return DONE();
}
