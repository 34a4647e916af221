/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strings.c - string functions, qsort() and bsearch() of simulated and explored
 * code. They report each word just before they read or write it. They report
 * only bytes that they need, since others may belong to another block.
 */
#include "runner/sim/guest/guest.h"

#include <string.h>

#define SITE __builtin_return_address(0)

/* Returns the number of bytes up to the next multiple of 8, at most `bytes`. */
static size_t word_bytes(const char *at, size_t bytes)
{
	const size_t part = 8 - (uintptr_t)at % 8;

	return part < bytes ? part : bytes;
}

/* Returns the index of the first byte equal to `c` below `most`, or `most`.
   Other threads may run in rm_sim_touch(), so the bytes are compared again
   after it. */
static size_t find(const char *text, int c, size_t most, const void *site)
{
	for (size_t at = 0, bytes; at < most; at += bytes) {
		const char *end;

		bytes = word_bytes(text + at, most - at);
		end = memchr(text + at, c, bytes);
		if (end)
			bytes = (size_t)(end - text) - at + 1;
		rm_sim_touch(text + at, bytes, false, site);
		end = memchr(text + at, c, bytes);
		if (end)
			return (size_t)(end - text);
	}
	return most;
}

/* Returns the number of bytes up to the first difference or NUL, inclusive. */
static size_t until_different(const char *a, const char *b, size_t bytes)
{
	size_t same = 0;

	while (same < bytes && a[same] == b[same] && a[same])
		same++;
	return same < bytes ? same + 1 : bytes;
}

static int compare(const char *a, const char *b, size_t most, const void *site)
{
	for (size_t at = 0, bytes; at < most; at += bytes) {
		size_t last;

		bytes = word_bytes(a + at, word_bytes(b + at, most - at));
		bytes = until_different(a + at, b + at, bytes);
		rm_sim_touch(a + at, bytes, false, site);
		rm_sim_touch(b + at, bytes, false, site);
		last = at + until_different(a + at, b + at, bytes) - 1;
		if (a[last] != b[last] || !a[last])
			return (unsigned char)a[last] - (unsigned char)b[last];
	}
	return 0;
}

static void copy(char *to, const char *from, size_t bytes, const void *site)
{
	for (size_t at = 0, part; at < bytes; at += part) {
		char held[8];

		part = word_bytes(from + at, word_bytes(to + at, bytes - at));
		rm_sim_touch(from + at, part, false, site);
		memcpy(held, from + at, part);
		rm_sim_touch(to + at, part, true, site);
		memcpy(to + at, held, part);
	}
}

size_t rm_sim_strlen(const char *text)
{
	return find(text, 0, SIZE_MAX, SITE);
}

size_t rm_sim_strnlen(const char *text, size_t most)
{
	return find(text, 0, most, SITE);
}

void *rm_sim_memchr(const void *bytes, int c, size_t most)
{
	const size_t at = find(bytes, c, most, SITE);

	return at < most ? (char *)(uintptr_t)bytes + at : NULL;
}

int rm_sim_strcmp(const char *a, const char *b)
{
	return compare(a, b, SIZE_MAX, SITE);
}

int rm_sim_strncmp(const char *a, const char *b, size_t most)
{
	return compare(a, b, most, SITE);
}

char *rm_sim_strcpy(char *to, const char *from)
{
	copy(to, from, find(from, 0, SIZE_MAX, SITE) + 1, SITE);
	return to;
}

/* Fills the rest of the buffer with zeros, as in the C library. */
char *rm_sim_strncpy(char *to, const char *from, size_t most)
{
	const size_t length = find(from, 0, most, SITE);

	copy(to, from, length, SITE);
	for (size_t at = length, part; at < most; at += part) {
		part = word_bytes(to + at, most - at);
		rm_sim_touch(to + at, part, true, SITE);
		memset(to + at, 0, part);
	}
	return to;
}

char *rm_sim_strdup(const char *text)
{
	const size_t bytes = find(text, 0, SIZE_MAX, SITE) + 1;
	char *twin = rm_sim_malloc(bytes);

	if (twin)
		copy(twin, text, bytes, SITE);
	return twin;
}

static void swap(char *a, char *b, size_t bytes, const void *site)
{
	for (size_t at = 0, part; at < bytes; at += part) {
		char held[8];

		part = word_bytes(a + at, word_bytes(b + at, bytes - at));
		rm_sim_touch(b + at, part, false, site);
		memcpy(held, b + at, part);
		copy(b + at, a + at, part, site);
		rm_sim_touch(a + at, part, true, site);
		memcpy(a + at, held, part);
	}
}

/* Implements Shell's sort. The comparison function is simulated code and
   reports its own reads. */
void rm_sim_qsort(void *first, size_t count, size_t bytes,
        int (*compare_two)(const void *a, const void *b))
{
	char *at = first;

	for (size_t gap = count / 2; gap; gap /= 2)
		for (size_t i = gap; i < count; i++)
			for (size_t j = i;
			        j >= gap && compare_two(at + (j - gap) * bytes,
			                            at + j * bytes) > 0;
			        j -= gap)
				swap(at + (j - gap) * bytes, at + j * bytes,
				        bytes, SITE);
}

void *rm_sim_bsearch(const void *key, const void *first, size_t count,
        size_t bytes, int (*compare_two)(const void *a, const void *b))
{
	const char *low = first;

	while (count) {
		const char *middle = low + count / 2 * bytes;
		const int order = compare_two(key, middle);

		if (!order)
			return (char *)(uintptr_t)middle;
		if (order > 0)
			low = middle + bytes;
		count = order > 0 ? count - count / 2 - 1 : count / 2;
	}
	return NULL;
}
