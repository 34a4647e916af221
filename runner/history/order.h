/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h - a history made ready for judging: checked for sense, sorted by
 * thread, its keys numbered from 0, and split by key. Inside runner/history
 * only.
 */
#ifndef RM_HISTORY_ORDER_H
#define RM_HISTORY_ORDER_H

#include "runner/base/error.h"
#include "runner/history/problem.h"

/* One event in one key's part. */
struct rm_order_ref {
	uint32_t event;
	uint32_t pair; /* of a scan: 1 + the place in order.pairs of what it
	                  yielded for this key, 0: it left the key out */
};

/* Zero-initialise. */
struct rm_order {
	const struct rm_history *history;
	uint32_t *by_thread; /* events by thread, then by `invoked` */
	uint32_t *key_of;    /* per event: number of its key */
	uint64_t *keys;      /* per number: the key */
	size_t key_count;
	struct rm_problem_pair *pairs;   /* history.pairs with numbered keys,
	                                  those of a scan sorted by them */
	struct rm_problem_cell *start;   /* per key */
	size_t wholes[RM_HISTORY_KINDS]; /* operations of each kind */
	size_t bad;     /* the event that makes no sense, SIZE_MAX: none */
	uint32_t twice; /* a scan that yielded a key twice, UINT32_MAX: none */
	uint32_t twice_key;
	/* Set by rm_order_split(): the part of key k is refs[first[k]] to
	   refs[first[k + 1] - 1], by thread, then by `invoked`. */
	struct rm_order_ref *refs;
	size_t *first;
	uint32_t *table; /* of keys */
	size_t table_size;
};

/* Reads `history`, which must outlive the order. 0; -EINVAL with `error`
   where it is no history (judge.h); -ENOMEM. */
int rm_order_make(struct rm_order *order, const struct rm_history *history,
        struct rm_error *error);

/* Splits by key; scans and clears are in every key's part. 0; -ENOMEM, also
   where it would take more than `limit_bytes`. */
int rm_order_split(struct rm_order *order, size_t limit_bytes);

/* Bytes that it holds. */
size_t rm_order_bytes(const struct rm_order *order);

/*
 * The operation of one event as the search knows it, of the key numbered
 * `key` (0 where it is the only one of a problem).
 */
struct rm_problem_op rm_order_op(
        const struct rm_order *order, struct rm_order_ref ref, uint32_t key);

/*
 * Puts one key's part, or the whole history, into `problem`; what never
 * returned and changes nothing is left out. In one key's part a scan is the
 * lookup that it amounts to, and left out if it promises nothing. 0 or
 * -ENOMEM.
 */
int rm_order_key_problem(
        const struct rm_order *order, size_t key, struct rm_problem *problem);
int rm_order_whole_problem(
        const struct rm_order *order, struct rm_problem *problem);

void rm_order_clear(struct rm_order *order);

#endif /* RM_HISTORY_ORDER_H */
