/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - the reference model of a map: an array, and one step of array and
 * map together; and sets of keys that the measured loop never uses. */
#ifndef RM_MODEL_H
#define RM_MODEL_H

#include "verify/check/internal.h"

enum rm_keyset {
	RM_KEYS_RANKS, /* as in the measured loop */
	RM_KEYS_EDGES, /* 0, all ones, consecutive; any length, zero bytes */
	RM_KEYS_CHAIN, /* all in one bucket of a map that uses rm_hash() */
	RM_KEYSETS,
};

enum {
	RM_KEYSET_BYTES = 66 << 10,
	/* of the first 64 keys of RM_KEYS_EDGES, and in RM_KEYS_CHAIN */
	RM_KEYSET_SHORT_BYTES = 304,
	RM_CHAIN_BITS = 8, /* low hash bits that the keys of a chain share */
};

/* Returns key i of a set. All keys of a set differ; i < 2^31, or i < 2^24 for
 * RM_KEYS_EDGES. String bytes are written to `buffer` (RM_KEYSET_BYTES) and
 * live as long as it. For RM_KEYS_CHAIN, strings of one length in groups of
 * eight have equal hashes, alternately in maps that hash with `seed` and in
 * Go's map. The word is not set: use rm_keyset_chain(). */
struct rm_key rm_keyset_key(enum rm_keyset set, struct rm_shape shape, size_t i,
        uint64_t seed, char *buffer);

/* Returns the word of key i of RM_KEYS_CHAIN in u64 shapes. It computes some
 * 300 hashes, so keep the result. The low RM_CHAIN_BITS of the hash are equal
 * for even i in maps that hash with `seed`, and for odd i in Go's map, which
 * derives its seed from it. If `seed` is from rm_keyset_seed(), the first three
 * even i have all 64 bits equal, so a tag of any width is shared. */
uint64_t rm_keyset_chain(size_t i, uint64_t seed);

/* The seed of a map for whose rm_hash() such words exist; another one for each
 * `seed` without its low four bits. */
uint64_t rm_keyset_seed(uint64_t seed);

/* Hash of a key of any set, over its length and last 16 bytes, to find its
 * number. */
uint64_t rm_keyset_hash(struct rm_shape shape, struct rm_key key);

/* Formats a key for a message: "0x9e37..." or "16 bytes 00 7f ...". */
void rm_keyset_print(
        struct rm_shape shape, struct rm_key key, char *text, size_t size);

/* Keys i < keys may be present; keys .. 2 * keys + 1 never are. Functions
 * return 0, or -1 with the error set. */
struct rm_model {
	const struct rm_check_case *c;
	const struct rm_map_ops *ops;
	void *map;
	void *thread;
	enum rm_keyset set;
	size_t keys;
	bool presize;
	bool *present;          /* [2 * keys + 2] */
	struct rm_value *value; /* last values, also for removed keys */
	size_t count;
	uint64_t *chain;   /* RM_KEYS_CHAIN, u64: words [2 * keys + 2] */
	uint32_t *numbers; /* hash table: key number + 1, or 0 */
	size_t numbers_mask;
	uint64_t rng;
	uint64_t done; /* operations so far, for messages */
	struct rm_error *error;
	char buffer[RM_KEYSET_BYTES];
};

struct rm_key rm_model_key(struct rm_model *model, size_t i);
/* The same with bytes in `buffer`, RM_KEYSET_BYTES. */
struct rm_key rm_model_key_in(
        const struct rm_model *model, size_t i, char *buffer);
struct rm_value rm_model_value(struct rm_model *model);
bool rm_model_same(const struct rm_model *model, const struct rm_value *a,
        const struct rm_value *b);
void rm_model_put(
        struct rm_model *model, size_t i, const struct rm_value *value);
void rm_model_drop(struct rm_model *model, size_t i);
/* Sets the error; returns -1. */
int rm_model_fail(struct rm_model *model, size_t i, const char *operation,
        const char *fault);

/* Runs one operation on the map and on the array, and compares the results. */
int rm_model_lookup(struct rm_model *model, size_t i);
int rm_model_upsert(struct rm_model *model, size_t i);
int rm_model_remove(struct rm_model *model, size_t i);
/* Allocates and fills `numbers`, which scans use to look up keys. */
int rm_model_number(struct rm_model *model);
/* Checks that a scan visits each entry once with its value, and stops on
 * request. */
int rm_model_scan(struct rm_model *model);
/* Runs a random operation that the map offers; `inserts` of 8 writes insert. */
int rm_model_step(struct rm_model *model, unsigned inserts);

#endif /* RM_MODEL_H */
