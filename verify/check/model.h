/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - the reference model of a map, an array, and functions that run one
 * step on both the array and the map. */
#ifndef RM_MODEL_H
#define RM_MODEL_H

#include "verify/check/internal.h"
#include "verify/check/keyset.h"

/* Keys with numbers below `keys` may be present; keys with numbers `keys` .. 2
 * * keys + 1 are never present. Functions return 0, or -1 with the error
 * set. */
struct rm_model {
	const struct rm_check_case *c;
	const struct rm_map_ops *ops;
	void *map;
	void *thread;
	enum rm_keyset set;
	size_t keys;
	bool presize;
	bool *present;          /* 2 * keys + 2 items */
	struct rm_value *value; /* last stored values, kept after a removal */
	size_t count;
	uint64_t *chain;   /* RM_KEYS_CHAIN, u64: 2 * keys + 2 words */
	uint32_t *numbers; /* hash table: key number + 1, or 0 */
	size_t numbers_mask;
	uint64_t rng;
	uint64_t done; /* operations so far, for messages */
	struct rm_error *error;
	char buffer[RM_KEYSET_BYTES];
	char (*many)[RM_KEYSET_BYTES]; /* RM_MODEL_MANY, for lookup_many */
};

enum { RM_MODEL_MANY = 64 };

struct rm_key rm_model_key(struct rm_model *model, size_t i);
/* Like rm_model_key(), but writes string bytes to `buffer`, which has
 * RM_KEYSET_BYTES. */
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
/* Looks up keys `from` .. `from` + count - 1 at once; count is at most
 * RM_MODEL_MANY. */
int rm_model_lookup_many(struct rm_model *model, size_t from, unsigned count);
int rm_model_remove(struct rm_model *model, size_t i);
/* Allocates and fills `numbers`, which scans use to look up keys. */
int rm_model_number(struct rm_model *model);
/* Checks that a scan visits each entry once with its value, and stops on
 * request. */
int rm_model_scan(struct rm_model *model);
/* Runs a random operation that the map offers; `inserts` of 8 writes insert. */
int rm_model_step(struct rm_model *model, unsigned inserts);

#endif /* RM_MODEL_H */
