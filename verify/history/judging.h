/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judging.h - the parts of judging, each based on the previous ones: problems,
 * histories split into problems, the search for an order, and explanations.
 * Inside verify/history only.
 */
#ifndef RM_HISTORY_JUDGING_H
#define RM_HISTORY_JUDGING_H

#include "verify/history/internal.h"

/*
 * A problem: the operations on one key, or on all keys of a small history, in
 * the form that the search needs. The operations are sorted by thread, and each
 * value is linked to the operations that write it and to those that need it.
 */

#define RM_PROBLEM_NO_SLOT UINT32_MAX

struct rm_problem_slot {
	uint64_t value;
	uint32_t key;
	uint32_t writers; /* possible writers, including the initial state */
	uint32_t needed;  /* completed operations that returned it */
};

struct rm_problem_op {
	uint64_t invoked, returned, value, expected, result;
	uint32_t key; /* number of the key, below problem.keys */
	uint32_t thread;
	uint32_t needs, makes;      /* slots of values, or RM_PROBLEM_NO_SLOT */
	uint32_t event;             /* index of the event in the history */
	uint32_t first_pair, pairs; /* for scans, index in problem.pairs */
	uint8_t kind, unknown;
	bool there;
	bool harmless; /* its kind or result proves that it changed nothing */
	bool optional; /* it never returned, so it need not take effect */
	bool repeat;   /* represents any number of omitted writes */
};

struct rm_problem_pair {
	uint64_t value;
	uint32_t key, slot;
};

/* The contents of a key. */
struct rm_problem_cell {
	uint64_t value;
	uint32_t slot; /* slot of the value, or RM_PROBLEM_NO_SLOT */
	bool there;
};

/* Operations first .. end - 1 are those of one thread, in their order. */
struct rm_problem_lane {
	uint32_t first, end;
};

/* Zero-initialise. Reused for each key, to save allocations. */
struct rm_problem {
	struct rm_problem_op *ops;
	struct rm_problem_pair *pairs;
	struct rm_problem_lane *lanes;
	struct rm_problem_cell *start; /* `keys` cells */
	struct rm_problem_slot *slots;
	/* hash table by key and value: slot plus 1; 0: empty */
	uint32_t *table;
	size_t count, pair_count, lane_count, keys, slot_count;
	size_t room, pair_room, lane_room, key_room, slot_room;
	size_t table_size, table_room;
	/* the problem contains appends, which also create values */
	bool appends;
};

/* All int functions return 0 or -ENOMEM. */

/* Begins a problem of `keys` absent keys. The caller may set problem->start[k]
   for each key k < keys before it calls the function that finishes the
   problem. */
int rm_problem_begin(struct rm_problem *problem, size_t keys);

/*
 * Adds an operation. Operations of one thread follow each other, in their
 * order; an operation of another thread than the previous one begins a new
 * lane. needs, makes, harmless and first_pair are ignored. `pairs` has
 * op->pairs entries sorted by key, whose slots are ignored.
 */
int rm_problem_add(struct rm_problem *problem, const struct rm_problem_op *op,
        const struct rm_problem_pair *pairs);

/* Links values to their writers and readers, and sets `harmless`. */
int rm_problem_finish(struct rm_problem *problem);

void rm_problem_clear(struct rm_problem *problem);

size_t rm_problem_bytes(const struct rm_problem *problem);

enum rm_problem_effect { RM_ILLEGAL, RM_SAME, RM_CHANGED };

/*
 * Decides whether a key with contents `cell` can have given this result, and
 * the contents afterwards (*after, set if RM_CHANGED). Not for length and scan.
 */
enum rm_problem_effect rm_problem_step(const struct rm_problem_op *op,
        const struct rm_problem_cell *cell, struct rm_problem_cell *after);

/* True if the operation returns `there` and this result is known. */
static inline bool rm_problem_is_known(const struct rm_problem_op *op)
{
	return !op->optional && !op->repeat &&
	       !(op->unknown & RM_HISTORY_UNKNOWN_THERE);
}

/* Returns (state * factor + value) modulo 2^61 - 1: the effect of append
   (history.h). */
uint64_t rm_problem_append(uint64_t state, uint64_t factor, uint64_t value);

/*
 * A history prepared for judging: checked for consistency, sorted by thread,
 * its keys numbered from 0, and split by key.
 */

/* One event in the part of the history for one key. */
struct rm_order_ref {
	uint32_t event;
	/* scans: 1 + the index in order.pairs of the entry for this key; 0: the
	 * scan left out the key */
	uint32_t pair;
};

/* Zero-initialise. */
struct rm_order {
	const struct rm_history *history;
	uint32_t *by_thread; /* events by thread, then by `invoked` */
	uint32_t *key_of;    /* for each event the number of its key */
	uint64_t *keys;      /* for each number its key */
	size_t key_count;
	/* history.pairs with numbered keys; those of a scan are sorted by these
	   numbers */
	struct rm_problem_pair *pairs;
	struct rm_problem_cell *start;   /* content of each key at the start */
	size_t wholes[RM_HISTORY_KINDS]; /* operations of each kind */
	size_t bad;     /* the inconsistent event; SIZE_MAX: none */
	uint32_t twice; /* a scan that yielded a key twice; UINT32_MAX: none */
	uint32_t twice_key;
	/* Set by rm_order_split(): the part of key k is refs[first[k]] to
	   refs[first[k + 1] - 1], by thread, then by `invoked`. */
	struct rm_order_ref *refs;
	size_t *first;
	uint32_t *table; /* hash table of keys */
	size_t table_size;
};

/* Builds the order from `history`, which must exist as long as the order.
   Returns 0; -EINVAL with `error` if it is not a history (rm_history_judge());
   or -ENOMEM. */
int rm_order_make(struct rm_order *order, const struct rm_history *history,
        struct rm_error *error);

/* Splits by key; scans and clears are in every key's part. Returns 0, or
   -ENOMEM if memory is exhausted or `limit_bytes` would be exceeded. */
int rm_order_split(struct rm_order *order, size_t limit_bytes);

size_t rm_order_bytes(const struct rm_order *order);

/*
 * Converts an event for the search, with key number `key` (0 if it is the only
 * one of a problem).
 */
struct rm_problem_op rm_order_op(
        const struct rm_order *order, struct rm_order_ref ref, uint32_t key);

/*
 * Converts one key's part, or the whole history, to `problem`. Operations that
 * never returned and change nothing are left out. In one key's part a scan
 * becomes a lookup, or is left out if it has no guarantee. Returns 0 or
 * -ENOMEM.
 */
int rm_order_key_problem(
        const struct rm_order *order, size_t key, struct rm_problem *problem);
int rm_order_whole_problem(
        const struct rm_order *order, struct rm_problem *problem);

void rm_order_clear(struct rm_order *order);

/*
 * The search for an order of operations that a map can have executed.
 *
 * Wing and Gong's search, reduced by these rules, none of which loses an order:
 * - An operation that changes nothing and is possible now is taken now: in any
 *   order of the remaining operations it can be moved to the front.
 * - A value that only one operation writes cannot come back. So it is not
 *   replaced while a completed operation that returned it has not been taken.
 * - A state (each thread's position, the keys' contents) is explored only once
 *   (Lowe). The contents of several keys are stored as a 128-bit hash; those of
 *   one key, and the positions, exactly.
 */

/* The set of states that a search has visited: each thread's position and the
   keys' contents. Zero-initialise. */
struct rm_memo {
	/* `count` entries of entry_bytes each, and one more for the state to
	   look up */
	unsigned char *entries;
	uint32_t *table; /* entry plus 1; 0: none */
	size_t entry_bytes, count, table_size;
	/* size of entries in bytes; number of slots */
	size_t entries_room, table_room;
	size_t limit_bytes;
};

/* Begins an empty set of states of `entry_bytes` bytes, limited to limit_bytes.
   Returns 0 or -ENOMEM. */
int rm_memo_begin(struct rm_memo *memo, size_t entry_bytes, size_t limit_bytes);

/* Returns the entry for the state to look up; the caller fills it. */
unsigned char *rm_memo_entry(struct rm_memo *memo);

/* Adds this state. Returns 1 if it is new, 0 if it was already present, or
   -ENOMEM if memory is exhausted or the limit is reached. */
int rm_memo_add(struct rm_memo *memo);

size_t rm_memo_bytes(const struct rm_memo *memo);

void rm_memo_clear(struct rm_memo *memo);

enum rm_search_end { RM_POSSIBLE, RM_IMPOSSIBLE, RM_GAVE_UP };

struct rm_search_frame; /* one taken operation, see search.c */

/* Zero-initialise; reused from problem to problem. */
struct rm_search {
	const struct rm_problem *problem;
	struct rm_memo memo;
	struct rm_problem_cell *cells; /* current contents of the keys */
	uint32_t *at;                  /* for each lane its next operation */
	/* for each slot, the number of results that are not explained yet */
	uint32_t *needed;
	struct rm_search_frame *frames;
	/* copies of the cells before each clear */
	struct rm_problem_cell *saved;
	size_t cell_room, at_room, needed_room, frame_room, saved_room;
	size_t depth, saved_count;
	size_t present;   /* keys that are present */
	size_t left;      /* completed operations not yet taken */
	uint64_t sums[2]; /* hash of the cells, if there are several */
	unsigned counter_bytes;
	uint64_t states, states_limit;
	size_t memory_limit;
};

/*
 * Decides whether the problem has an order. Returns RM_GAVE_UP if this needs
 * more than `states` states or more than `memory_bytes`. Sets search->states.
 */
enum rm_search_end rm_search_run(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes);

size_t rm_search_bytes(const struct rm_search *search);

void rm_search_clear(struct rm_search *search);

/* Quick proofs. */

/* True if a result shows a value that no operation can have written. Takes
   linear time. */
bool rm_prove_unwritten(const struct rm_problem *problem);

/*
 * For one key. *impossible: set if the results need more inserts than the
 * removes permit (or the reverse), or if they need two values, or a value and
 * absence, at one moment (the zones of Gibbons and Korach, SIAM J. Computing
 * 26(4), 1997, section 3; values linked by an exchange are treated as one). If
 * it is false, an order may or may not exist. Takes O(n log n) time. Returns 0
 * or -ENOMEM.
 */
int rm_prove_impossible(const struct rm_problem *problem, bool *impossible);

/*
 * Decides whether the problem has an order: a quick proof that it has none, a
 * short search, more proofs, then the full search within the limits. Adds the
 * visited states to `visited` (may be NULL).
 */
enum rm_search_end rm_decide_order(struct rm_search *search,
        const struct rm_problem *problem, uint64_t states, size_t memory_bytes,
        uint64_t *visited);

/*
 * Minimising finds few operations that are still impossible.
 *
 * Every step preserves the proof: if the rest is impossible, so is the whole.
 * First the history is cut at the earliest return at which it fails; operations
 * that are running at that time need not have taken effect. Then operations
 * that change nothing are removed. Then writes are replaced by a stand-in that
 * may write or remove any number of times during their intervals. If there are
 * several keys, whole keys are removed, unless they affect the result of a
 * length.
 */

/* Represents any number of writes, or of removes, within an interval. */
struct rm_stand_in {
	uint64_t from, to;
	bool used;
};

/* Zero-initialise. */
struct rm_minimise {
	const struct rm_problem *whole;
	struct rm_problem_op
	        *ops;   /* whole->count items; changed by the cut in time */
	bool *keep;     /* for each operation, whether it is kept */
	bool *keep_key; /* for each key, whether it is kept */
	struct rm_stand_in writes, removes;
	uint64_t other;   /* slot of a value that no operation uses */
	size_t offending; /* an operation; SIZE_MAX: not found */
	struct rm_problem part;
	struct rm_search *search;
	size_t memory_bytes;
	/* remaining work, in visits of operations; each state visits one per
	   lane */
	uint64_t work;
};

/* Copies the problem's operations and keeps them all. Returns 0 or -ENOMEM. */
int rm_minimise_begin(struct rm_minimise *cut, const struct rm_problem *whole,
        struct rm_search *search, size_t memory_bytes, uint64_t work);

void rm_minimise_clear(struct rm_minimise *cut);

/* Decides whether the kept part has an order. Also returns RM_GAVE_UP if the
   work limit is reached. */
enum rm_search_end rm_minimise_decide(struct rm_minimise *cut);

/* Finds the earliest return at which the problem has no order: changes ops and
   keep, and sets offending, unless the work limit is reached first. Returns 0
   or -ENOMEM. */
int rm_minimise_cut_time(struct rm_minimise *cut);

/* Removes as many operations as possible, except `offending`. Returns 0 or
   -ENOMEM. */
int rm_minimise_remove_ops(struct rm_minimise *cut);

/* Sets smallest, offending, instead, left_out and why of `judgement` for a
   problem that has no order, which covers key number `key` or all keys
   (SIZE_MAX) of `order`. Returns 0 or -ENOMEM. */
int rm_counterexample_find(const struct rm_order *order, size_t key,
        const struct rm_problem *problem, struct rm_search *search,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement);

/* Adds an event of the order's history to another history. If the event is a
   scan, which visited `pairs`, only the pairs of kept keys are added. Returns 0
   or -ENOMEM. */
int rm_counterexample_add(const struct rm_order *order,
        const struct rm_history_event *event,
        const struct rm_problem_pair *pairs, const bool *keep_key,
        struct rm_history *to);

/* Copies the names of all keys and values that `to` uses. Returns 0 or
 * -ENOMEM. */
int rm_counterexample_name(
        struct rm_history *to, const struct rm_history *from);

void rm_counterexample_header(
        struct rm_history *to, const struct rm_history *from);

/* Bounds of each length, and an explanation of a length outside its bounds. */

/* One length that returned. */
struct rm_length {
	uint64_t invoked, returned;
	uint32_t event;
	uint64_t present; /* keys certainly present during the whole call */
	uint64_t absent;  /* keys certainly absent during the whole call */
};

/* Scratch memory for the functions below. Zero-initialise it. The caller frees
   it. */
struct rm_length_scratch {
	struct rm_span *turns;
	uint64_t *sure;
	size_t turn_room, sure_room;
};

/*
 * Adds one key (its operations are from rm_order_key_problem()) to the bounds
 * of every length: as present or absent, if an operation that returned before
 * the call shows this state and no later operation could have changed it.
 * Returns 0 or -ENOMEM.
 */
int rm_length_count(const struct rm_problem *problem,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t count);

/*
 * Keeps only the lengths that the two weaker guarantees restrict, in their
 * order. These are lengths that no write overlaps, and lengths that exceed the
 * number of all entries ever inserted, which is impossible for a sum of
 * counters. Returns 0 or -ENOMEM.
 */
int rm_length_filter_quiet(const struct rm_history *history,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t *count);

/*
 * Sets smallest, offending, left_out, instead and why of `judgement` for a
 * length outside of its bounds. If it is too low, shows the operations up to
 * its return on one more key than the returned number; all these keys are
 * certainly present. If it is too high, shows the operations on up to 64 keys
 * that may be present. `problem` and `scratch` are work space. Returns 0 or
 * -ENOMEM.
 */
int rm_length_explain(const struct rm_order *order,
        const struct rm_length *length, struct rm_problem *problem,
        struct rm_length_scratch *scratch,
        struct rm_history_judgement *judgement);

#endif /* RM_HISTORY_JUDGING_H */
