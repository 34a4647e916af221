/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judging.h - the parts of judging, each built on those before it: a problem
 * and the history that it is cut from, the search for its order, and what is
 * shown of one that has none. Inside verify/history only.
 */
#ifndef RM_HISTORY_JUDGING_H
#define RM_HISTORY_JUDGING_H

#include "verify/history/internal.h"

/*
 * Operations on one key, or on all keys of a small history, made
 * ready for the search: by thread, with what each value is written and needed
 * by; and whole histories cut up into such problems.
 */

/* No slot. */
#define RM_PROBLEM_NO_SLOT UINT32_MAX

/* A value of a key: who may write it, how many answers show it. */
struct rm_problem_slot {
	uint64_t value;
	uint32_t key;
	uint32_t writers; /* operations that may write it, the start included */
	uint32_t needed;  /* completed operations that answered it */
};

struct rm_problem_op {
	uint64_t invoked, returned, value, expected, result;
	uint32_t key; /* dense, below problem.keys */
	uint32_t thread;
	uint32_t needs, makes;      /* slots, or RM_PROBLEM_NO_SLOT */
	uint32_t event;             /* its place in the history */
	uint32_t first_pair, pairs; /* of a scan: in problem.pairs */
	uint8_t kind, unknown;
	bool there;
	bool harmless; /* changes nothing, or it would have answered else */
	bool optional; /* never returned: need not take effect */
	bool repeat;   /* stands for any number of left out writes */
};

struct rm_problem_pair {
	uint64_t value;
	uint32_t key, slot;
};

/* What a key holds. */
struct rm_problem_cell {
	uint64_t value;
	uint32_t slot; /* of the value, RM_PROBLEM_NO_SLOT where it has none */
	bool there;
};

/* Operations first .. end - 1 are those of one thread, in their order. */
struct rm_problem_lane {
	uint32_t first, end;
};

/* Zero-initialise. Reused from key to key, so that memory is had once. */
struct rm_problem {
	struct rm_problem_op *ops;
	struct rm_problem_pair *pairs;
	struct rm_problem_lane *lanes;
	struct rm_problem_cell *start; /* `keys` cells */
	struct rm_problem_slot *slots;
	uint32_t *table; /* slot by hash of key and value, plus 1; 0: none */
	size_t count, pair_count, lane_count, keys, slot_count;
	size_t room, pair_room, lane_room, key_room, slot_room;
	size_t table_size, table_room;
	bool appends; /* values are made by more than writing them */
};

/* All int functions return 0 or -ENOMEM. */

/* An empty problem of `keys` absent keys; key k, 0 <= k < keys, starts as
   problem->start[k], which the caller may change until it is finished. */
int rm_problem_begin(struct rm_problem *problem, size_t keys);

/*
 * Adds an operation. Those of one thread come one after the other, in their
 * order; an operation with another thread than the last one begins a lane.
 * needs, makes and harmless are not read. `pairs` has op->pairs entries (slot
 * is not read), sorted by key; op->first_pair is not read.
 */
int rm_problem_add(struct rm_problem *problem, const struct rm_problem_op *op,
        const struct rm_problem_pair *pairs);

/* Finds out which value is written and needed by whom, who is harmless. */
int rm_problem_finish(struct rm_problem *problem);

void rm_problem_clear(struct rm_problem *problem);

/* Bytes that it holds now. */
size_t rm_problem_bytes(const struct rm_problem *problem);

enum rm_problem_effect { RM_ILLEGAL, RM_SAME, RM_CHANGED };

/*
 * Whether a key that holds `cell` can have given this answer, and what it
 * holds afterwards (*after, filled if RM_CHANGED). Not of length and scan.
 */
enum rm_problem_effect rm_problem_step(const struct rm_problem_op *op,
        const struct rm_problem_cell *cell, struct rm_problem_cell *after);

/* Whether `there` is an answer. */
static inline bool rm_problem_knows(const struct rm_problem_op *op)
{
	return !op->optional && !op->repeat &&
	       !(op->unknown & RM_HISTORY_UNKNOWN_THERE);
}

/* (a * factor + b) modulo 2^61 - 1: what append does (history.h). */
uint64_t rm_problem_append(uint64_t state, uint64_t factor, uint64_t value);

/*
 * A history made ready for judging: checked for sense, sorted by thread, its
 * keys numbered from 0, and split by key.
 */

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
   where it is no history (rm_history_judge()); -ENOMEM. */
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

/*
 * Looks for an order of operations that a map can have taken.
 *
 * Wing and Gong's search with these cuts, each of which loses no order:
 * - An operation that changes nothing and fits now is taken now: in any order
 *   from here it can be moved to the front.
 * - A value that only one operation writes does not come back: it is not
 *   replaced while a completed operation still has to see it.
 * - A state (how far each thread is, what the keys hold) is left only once
 *   (Lowe). What several keys hold is remembered as a 128-bit hash; what one
 *   key holds, and how far threads are, exactly.
 *
 *
 */

/* The set of states that a search has visited: how far each thread is, and
   what the keys hold. Zero-initialise. */
struct rm_memo {
	unsigned char *entries; /* `count` of entry_bytes each, and one more:
	                           the one that is asked for */
	uint32_t *table;        /* entry plus 1; 0: none */
	size_t entry_bytes, count, table_size;
	size_t entries_room, table_room; /* in bytes, in places */
	size_t limit_bytes;
};

/* An empty set of states of `entry_bytes` bytes that holds at most
   limit_bytes. 0 or -ENOMEM. */
int rm_memo_begin(struct rm_memo *memo, size_t entry_bytes, size_t limit_bytes);

/* Where to write the state that is asked for, entry_bytes bytes. */
unsigned char *rm_memo_entry(struct rm_memo *memo);

/* Adds that state. 1: it is new; 0: it was there; -ENOMEM: no memory, or the
   limit is reached. */
int rm_memo_add(struct rm_memo *memo);

/* Bytes that it holds. */
size_t rm_memo_bytes(const struct rm_memo *memo);

void rm_memo_clear(struct rm_memo *memo);

enum rm_search_end { RM_POSSIBLE, RM_IMPOSSIBLE, RM_GAVE_UP };

struct rm_search_frame; /* one operation taken; search.c */

/* Zero-initialise; reused from problem to problem. */
struct rm_search {
	const struct rm_problem *problem;
	struct rm_memo memo;
	struct rm_problem_cell *cells; /* what the keys hold now */
	uint32_t *at;                  /* per lane: its next operation */
	uint32_t *needed; /* per slot: answers still to be explained */
	struct rm_search_frame *frames;
	struct rm_problem_cell *saved; /* cells before each clear */
	size_t cell_room, at_room, needed_room, frame_room, saved_room;
	size_t depth, saved_count;
	size_t present;   /* cells that are there */
	size_t left;      /* completed operations not yet taken */
	uint64_t sums[2]; /* hash of the cells, if there are several */
	unsigned counter_bytes;
	uint64_t states, states_limit;
	size_t memory_limit;
};

/*
 * Whether the problem has an order. Visits at most `states` states and holds
 * at most `memory_bytes`, else RM_GAVE_UP. search->states is what it visited.
 */
enum rm_search_end rm_search_run(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes);

/* Bytes that it holds now. */
size_t rm_search_bytes(const struct rm_search *search);

void rm_search_clear(struct rm_search *search);

/* Quick proofs that a problem has no order. */

/* Whether an answer shows a value that nothing can have written. Linear. */
bool rm_reject_unwritten(const struct rm_problem *problem);

/*
 * Of one key. *impossible: its answers need more inserts than removes leave
 * room for (or the other way round), or two values, or a value and absence,
 * at one moment (the zones of Gibbons and Korach, SIAM J. Computing 26(4),
 * 1997, section 3, with values that an exchange ties together as one). False
 * proves nothing. O(n log n). 0 or -ENOMEM.
 */
int rm_reject(const struct rm_problem *problem, bool *impossible);

/*
 * Whether the problem has an order: a quick proof that it has none, a short
 * search, more proofs, then the whole search within the limits. `visited`
 * (may be NULL) is raised by the states that were visited.
 */
enum rm_search_end rm_has_order(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes,
        uint64_t *visited);

/*
 * The fewest operations that still cannot be.
 *
 * Every step keeps the proof: if what is left has no order, neither has the
 * whole. First the history is cut at the earliest return at which it fails;
 * what still runs there need not have taken effect. Then operations that
 * change nothing are left out; then writes, but with a stand-in that may
 * write or remove any number of times while they ran; of several keys whole
 * keys, where no length counts them.
 */

/* Any number of writes, or of removes, within a time. */
struct rm_stand_in {
	uint64_t from, to;
	bool used;
};

/* Zero-initialise. */
struct rm_minimise {
	const struct rm_problem *whole;
	struct rm_problem_op
	        *ops;   /* whole->count; changed by the cut in time */
	bool *keep;     /* per operation */
	bool *keep_key; /* per key */
	struct rm_stand_in writes, removes;
	uint64_t other;   /* a value that nobody uses */
	size_t offending; /* SIZE_MAX: not found */
	struct rm_problem part;
	struct rm_search *search;
	size_t memory_bytes;
	uint64_t work; /* operations to look at, still; a state looks at one of
	                  each lane */
};

/* Copies the problem's operations; all are kept. 0 or -ENOMEM. */
int rm_minimise_begin(struct rm_minimise *cut, const struct rm_problem *whole,
        struct rm_search *search, size_t memory_bytes, uint64_t work);

void rm_minimise_clear(struct rm_minimise *cut);

/* Decides what is kept; RM_GAVE_UP also where the work is used up. */
enum rm_search_end rm_minimise_decide(struct rm_minimise *cut);

/* Finds the earliest return at which the problem has no order: changes ops
   and keep, sets offending (not where the work did not suffice). 0 or
   -ENOMEM. */
int rm_minimise_in_time(struct rm_minimise *cut);

/* Leaves out what can be left out, except `offending`. 0 or -ENOMEM. */
int rm_minimise_leave_out(struct rm_minimise *cut);

/* Fills smallest, offending, instead, left_out and why of `judgement` for a
   problem of `order` that has no order: that of the key numbered `key`, or of
   all keys (SIZE_MAX). 0 or -ENOMEM. */
int rm_counterexample_find(const struct rm_order *order, size_t key,
        const struct rm_problem *problem, struct rm_search *search,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement);

/* Adds an event of the order's history to another one; of a scan, which
   yielded `pairs`, only those of the keys to keep. 0 or -ENOMEM. */
int rm_counterexample_add(const struct rm_order *order,
        const struct rm_history_event *event,
        const struct rm_problem_pair *pairs, const bool *keep_key,
        struct rm_history *to);

/* Copies the names of all keys and values that `to` has. 0 or -ENOMEM. */
int rm_counterexample_name(
        struct rm_history *to, const struct rm_history *from);

/* Copies the header (not events, entries, names) of a history. */
void rm_counterexample_header(
        struct rm_history *to, const struct rm_history *from);

/* Lengths: between which numbers each must be, and why one is not. */

/* One length that returned. */
struct rm_length {
	uint64_t invoked, returned;
	uint32_t event;
	uint64_t present; /* keys surely there during the whole call */
	uint64_t absent;  /* keys surely not there during the whole call */
};

/* Zero-initialise; what the functions below work in. The caller frees it. */
struct rm_length_scratch {
	struct rm_span *turns;
	uint64_t *sure;
	size_t turn_room, sure_room;
};

/*
 * Counts one key's operations (as rm_order_key_problem() gives them) into
 * every length: present or absent where an operation that returned before the
 * call shows it, and nothing that may change it could take effect since.
 * 0 or -ENOMEM.
 */
int rm_length_count(const struct rm_problem *problem,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t count);

/*
 * Leaves the lengths to which one of guarantee "none" is held, in their order:
 * those that no write of the history overlaps, and those above all that was
 * ever put in, since no sum of counters is so. 0 or -ENOMEM.
 */
int rm_length_leave_quiet(const struct rm_history *history,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t *count);

/*
 * Fills smallest, offending, left_out, instead and why of `judgement` for a
 * length that is out of its bounds: the operations, up to its return, on keys
 * that are surely there, one more than it answered; or, where it answered too
 * many, on those (64 at most) that may be there. `problem` and `scratch` are
 * for its use. 0 or -ENOMEM.
 */
int rm_length_why(const struct rm_order *order, const struct rm_length *length,
        struct rm_problem *problem, struct rm_length_scratch *scratch,
        struct rm_history_judgement *judgement);

#endif /* RM_HISTORY_JUDGING_H */
