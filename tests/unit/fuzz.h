/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - inputs for parsers: real files with few mutations, words, bytes.
 *
 * FUZZ_INPUTS and FUZZ_SEED of the environment change the number of inputs
 * and where they begin.
 */
#ifndef RM_TESTS_FUZZ_H
#define RM_TESTS_FUZZ_H

#include "runner/base/rng.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FUZZ_BYTES = 2048, FUZZ_SEEDS_MAX = 16 };

struct fuzz {
	uint64_t rng;
	const char *const *words; /* what the parser knows, and near misses */
	size_t word_count;
	char *seeds[FUZZ_SEEDS_MAX]; /* real files, cut at FUZZ_BYTES */
	size_t seed_bytes[FUZZ_SEEDS_MAX];
	size_t seed_count;
	char input[FUZZ_BYTES];
	size_t length;
	size_t accepted, refused;
};

static inline uint64_t fuzz_below(struct fuzz *fuzz, uint64_t n)
{
	return rm_below(rm_next(&fuzz->rng), n);
}

static inline void fuzz_insert(
        struct fuzz *fuzz, const char *bytes, size_t length)
{
	size_t at = (size_t)fuzz_below(fuzz, fuzz->length + 1);

	if (fuzz->length + length > FUZZ_BYTES)
		return;
	memmove(fuzz->input + at + length, fuzz->input + at, fuzz->length - at);
	memcpy(fuzz->input + at, bytes, length);
	fuzz->length += length;
}

static inline void fuzz_cut(struct fuzz *fuzz)
{
	size_t at = (size_t)fuzz_below(fuzz, fuzz->length + 1);
	size_t length = (size_t)fuzz_below(fuzz, fuzz->length - at + 1);

	if (fuzz_below(fuzz, 2) && length > 8)
		length = 8;
	memmove(fuzz->input + at, fuzz->input + at + length,
	        fuzz->length - at - length);
	fuzz->length -= length;
}

/* Copies one line to another place. */
static inline void fuzz_copy_line(struct fuzz *fuzz)
{
	char line[FUZZ_BYTES];
	size_t at, end;

	if (fuzz->length == 0)
		return;
	at = (size_t)fuzz_below(fuzz, fuzz->length);
	while (at > 0 && fuzz->input[at - 1] != '\n')
		at--;
	for (end = at; end < fuzz->length && fuzz->input[end] != '\n'; end++)
		;
	memcpy(line, fuzz->input + at, end - at);
	fuzz_insert(fuzz, line, end - at);
}

static inline void fuzz_mutate(struct fuzz *fuzz)
{
	const char *word = fuzz->words[fuzz_below(fuzz, fuzz->word_count)];
	char byte = (char)fuzz_below(fuzz, 256);

	switch (fuzz_below(fuzz, 6)) {
	case 0:
		if (fuzz->length)
			fuzz->input[fuzz_below(fuzz, fuzz->length)] = byte;
		return;
	case 1:
		fuzz_insert(fuzz, &byte, 1);
		return;
	case 2:
	case 3:
		fuzz_insert(fuzz, word, strlen(word));
		return;
	case 4:
		fuzz_cut(fuzz);
		return;
	default:
		fuzz_copy_line(fuzz);
	}
}

/* Half are a real file with few mutations, the rest words or bytes. */
static inline void fuzz_make_input(struct fuzz *fuzz)
{
	size_t seed = (size_t)fuzz_below(fuzz, fuzz->seed_count);
	uint64_t kind = fuzz_below(fuzz, 8), count = 1 + fuzz_below(fuzz, 6);

	fuzz->length = 0;
	if (kind < 5) {
		fuzz->length = fuzz->seed_bytes[seed];
		memcpy(fuzz->input, fuzz->seeds[seed], fuzz->length);
	} else if (kind == 5) {
		count = fuzz_below(fuzz, 200);
	} else {
		for (count = fuzz_below(fuzz, 40); count; count--) {
			const char *word =
			        fuzz->words[fuzz_below(fuzz, fuzz->word_count)];

			fuzz_insert(fuzz, word, strlen(word));
		}
	}
	while (count--)
		fuzz_mutate(fuzz);
}

/* Reads a file as one more seed; ends the test where it cannot. */
static inline void fuzz_load(struct fuzz *fuzz, const char *file)
{
	FILE *in = fopen(file, "r");
	char *text = malloc(FUZZ_BYTES);

	if (!in || !text || fuzz->seed_count == FUZZ_SEEDS_MAX) {
		printf("Bail out! %s cannot be read\n", file);
		exit(1);
	}
	fuzz->seed_bytes[fuzz->seed_count] = fread(text, 1, FUZZ_BYTES, in);
	fuzz->seeds[fuzz->seed_count++] = text;
	fclose(in);
}

/* One verdict: counts what the parser did (0 or an errno and its text), and
   prints the input where that is not sound. Returns `sound`. */
static inline bool fuzz_judged(
        struct fuzz *fuzz, int failed, const char *error, bool sound)
{
	fuzz->refused += failed != 0;
	fuzz->accepted += failed == 0;
	if (!sound)
		printf("# %d, \"%s\" for:\n# %.*s\n", failed, error,
		        (int)fuzz->length, fuzz->input);
	return sound;
}

static inline void fuzz_free(struct fuzz *fuzz)
{
	while (fuzz->seed_count)
		free(fuzz->seeds[--fuzz->seed_count]);
}

static inline uint64_t fuzz_environment(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

#endif /* RM_TESTS_FUZZ_H */
