/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.c - implements FIPS 180-4, sections 4.1.2, 5 and 6.2. */
#include "runner/base/sha256.h"

#include "runner/base/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 64, ROUNDS = 64, WORDS = 8 };

struct state {
	uint32_t hash[WORDS];
	uint32_t constants[ROUNDS];
	unsigned char block[BLOCK]; /* bytes of an incomplete block */
	uint64_t bytes;
};

/* Returns the first 32 bits of the fraction of `root`. The result is exact: a
   double has 53 bits, and even the cube root of 311 has only 3 bits before the
   binary point. */
static uint32_t fraction(double root)
{
	return (uint32_t)((root - floor(root)) * 4294967296.0);
}

/* Derives the constants from the first 64 primes. */
static void begin(struct state *state)
{
	unsigned found = 0;

	memset(state, 0, sizeof(*state));
	for (unsigned n = 2; found < ROUNDS; n++) {
		unsigned divisor = 2;

		while (n % divisor)
			divisor++;
		if (divisor != n)
			continue;
		if (found < WORDS)
			state->hash[found] = fraction(sqrt(n));
		state->constants[found++] = fraction(cbrt(n));
	}
}

static uint32_t rotate(uint32_t x, unsigned bits)
{
	return x >> bits | x << (32 - bits);
}

static void expand(const unsigned char *block, uint32_t w[ROUNDS])
{
	for (int t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 |
		       (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (int t = 16; t < ROUNDS; t++) {
		uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^
		              w[t - 15] >> 3;
		uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^
		              w[t - 2] >> 10;

		w[t] = w[t - 16] + s0 + w[t - 7] + s1;
	}
}

/* Processes one block of 64 bytes (FIPS 180-4, 6.2.2). v[0] to v[7] are the
   variables a to h of the standard. */
static void compress(struct state *state, const unsigned char *block)
{
	uint32_t w[ROUNDS], v[WORDS];

	expand(block, w);
	memcpy(v, state->hash, sizeof(v));
	for (int t = 0; t < ROUNDS; t++) {
		uint32_t a = v[0], e = v[4];
		uint32_t t1 =
		        v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
		        ((e & v[5]) ^ (~e & v[6])) + state->constants[t] + w[t];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
		              ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[0] = t1 + t2;
		v[4] += t1;
	}
	for (int i = 0; i < WORDS; i++)
		state->hash[i] += v[i];
}

static void add_bytes(
        struct state *state, const unsigned char *bytes, size_t size)
{
	size_t used = state->bytes % BLOCK;

	state->bytes += size;
	while (size) {
		size_t taken = size < BLOCK - used ? size : BLOCK - used;

		memcpy(state->block + used, bytes, taken);
		bytes += taken;
		size -= taken;
		used += taken;
		if (used == BLOCK) {
			compress(state, state->block);
			used = 0;
		}
	}
}

static void end(struct state *state, char text[RM_SHA256_TEXT])
{
	static const unsigned char padding[BLOCK] = { 0x80 };
	uint64_t bits = state->bytes * 8;
	unsigned char length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	add_bytes(state, padding, BLOCK - (state->bytes + 8) % BLOCK);
	add_bytes(state, length, sizeof(length));
	for (int i = 0; i < WORDS; i++)
		snprintf(text + 8 * i, RM_SHA256_TEXT - 8 * (size_t)i, "%08x",
		        state->hash[i]);
}

void rm_sha256(const void *bytes, size_t size, char text[RM_SHA256_TEXT])
{
	struct state state;

	begin(&state);
	add_bytes(&state, bytes, size);
	end(&state, text);
}

int rm_sha256_file(
        const char *path, char text[RM_SHA256_TEXT], struct rm_error *error)
{
	unsigned char piece[65536];
	struct state state;
	FILE *file = rm_file_open(path);

	if (!file)
		return rm_error_set(error, -errno, "%s: cannot be read: %s",
		        path, rm_file_reason(-errno));
	begin(&state);
	for (size_t got; (got = fread(piece, 1, sizeof(piece), file));)
		add_bytes(&state, piece, got);
	int failed = ferror(file);

	fclose(file);
	if (failed)
		return rm_error_set(error, -EIO, "%s: cannot be read", path);
	end(&state, text);
	return 0;
}
