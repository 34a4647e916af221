/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h - THE contract: all that a map in impls/ must know of the suite.
 *
 * A map fills in a constant `struct rm_map_ops` and a `struct rm_impl`; the
 * same functions are called through pointers by the tests and inlined into
 * the measured loop by RM_DRIVES() of runner/driver.h. This header and those
 * of the loop are both C11 and C++23.
 */
#ifndef RM_MAP_H
#define RM_MAP_H

#include "runner/event.h"
#include "runner/search.h"
#include "runner/stat.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * For the measured operations: the compiler may not leave a call. Sanitizers
 * judge the source, not the speed: with -DRM_CALLED each operation is compiled
 * once instead of once a loop and shape, in a third of the time.
 */
#ifdef RM_CALLED
#define RM_HOT static inline
#else
#define RM_HOT static inline __attribute__((always_inline))
#endif
/* For the slow path of a measured operation: a direct call, out of line. */
#define RM_COLD __attribute__((noinline, cold))

enum { RM_CACHE_LINE = 64 };

/* Version of this contract: the runner refuses programs of another one. */
enum { RM_CONTRACT = 1 };

/*
 * RM_PAUSE() marks a spot between two steps of an operation at which others
 * may come in between. Nothing in measured builds; with -DRM_PAUSES a check
 * waits there now and then, so that rare interleavings become frequent.
 */
RM_C_BEGIN
void rm_pause(void); /* verify/check/pause.c */
RM_C_END
#ifdef RM_PAUSES
#define RM_PAUSE() rm_pause()
#else
#define RM_PAUSE() ((void)0)
#endif

/*
 * The longer of the two lengths of values that an object knows: 24 bytes, or
 * that of a program for other sizes (docs/adr/0030), whose maps are compiled
 * with -DRM_SIZED=64, 256 or 1024. With -DRM_SIZED=24 string keys are long.
 */
#ifdef RM_SIZED
#define RM_VALUE_LONG RM_SIZED
#else
#define RM_VALUE_LONG 24
#endif
enum { RM_VALUE_WORDS = RM_VALUE_LONG / 8 };

/*
 * Key kind x value size. Operations get it as a constant: what depends on it
 * folds away in the measured loop.
 */
struct rm_shape {
	bool str;             /* false: 64-bit keys; true: byte strings */
	unsigned value_bytes; /* 8 or RM_VALUE_LONG */
};

/* Before the braces of a value of a struct: C++ has no compound literals. */
#ifdef __cplusplus
#define RM_LITERAL(type) type
#define RM_SHAPE_LITERAL rm_shape
#else
#define RM_LITERAL(type) (struct type)
#define RM_SHAPE_LITERAL (struct rm_shape)
#endif

/* Named for the usual lengths; in a program for others x24 is the long one. */
#define RM_U64X8    (RM_SHAPE_LITERAL{ false, 8 })
#define RM_U64X24   (RM_SHAPE_LITERAL{ false, RM_VALUE_LONG })
#define RM_STR16X8  (RM_SHAPE_LITERAL{ true, 8 })
#define RM_STR16X24 (RM_SHAPE_LITERAL{ true, RM_VALUE_LONG })

enum { RM_SHAPES = 4 };

/* Position of a shape in rm_impl.drive and bit number in rm_impl.shapes. */
static inline unsigned rm_shape_index(struct rm_shape shape)
{
	return (shape.str ? 2U : 0U) +
	       (shape.value_bytes == RM_VALUE_LONG ? 1U : 0U);
}

/* Whether this object knows values of that length. */
static inline bool rm_shape_built(struct rm_shape shape)
{
	return shape.value_bytes == 8 || shape.value_bytes == RM_VALUE_LONG;
}

/*
 * One key. u64 shapes read `word` only; string shapes read `bytes` and
 * `length` only (any length, 0 included; the measured loop uses 16, or 32
 * or 64 where a cell asks for long keys).
 * `bytes` belongs to the caller and is valid during the call only.
 */
struct rm_key {
	uint64_t word;
	const char *bytes;
	size_t length;
};

/* A value: word[0] for 8-byte shapes, all words for the long ones. */
struct rm_value {
	uint64_t word[RM_VALUE_WORDS];
};

/* What a map allocates for. */
struct rm_sizing {
	size_t keys;                /* most keys resident at one time */
	size_t threads;             /* most threads joined at one time, >= 1 */
	size_t retired_limit_bytes; /* above this, writers wait for a grace
				       period; 0: the map's own default */
	bool presize;               /* false: start small and grow */
	struct rm_shape shape;
	uint64_t seed; /* of the map's hash; equal seed, equal layout */
	/* The loop's numbers (struct rm_worker); NULL: the loop's defaults. */
	const uint64_t *loop_args;
	/* Time in ns for what expires; never runs backwards. NULL: the
	   monotonic clock. Tests give one of their own. Any thread. */
	uint64_t (*now_ns)(void);
	/* How many times as fast as the monotonic clock that time runs, so
	   that 30 s can pass in a window; 0 is 1. At most 1000: then a tick of
	   the coarse clock, 10 ms, is 10 s. Not of a clock that is given. */
	uint64_t clock_rate;
};

/* Bulk prefill: `count` distinct keys, read one by one in any order. */
struct rm_source {
	size_t count;
	/* Fills key and value of entry i, 0 <= i < count. The key's bytes are
	   valid until the next call. */
	void (*at)(const struct rm_source *source, size_t i, struct rm_key *key,
	        struct rm_value *value);
	const void *context;
};

/* Called per entry by scan; returning false ends the scan. */
typedef bool rm_scan_fn(
        void *context, struct rm_key key, const struct rm_value *value);
/* Called per statistic: a stable name, its unit ("1", "bytes", "ns"), and
   its value; NAN: not counted in this build (runner/stat.h). */
typedef void rm_stat_fn(
        void *context, const char *name, const char *unit, double value);
/* New value from old (NULL: the key is absent); false: leave unchanged. */
typedef bool rm_update_fn(
        void *context, const struct rm_value *old, struct rm_value *value);

/*
 * Operations on one map. `thread` is what join() returned and stays on that
 * thread. lookup, upsert, remove, exchange and take return whether the key
 * *was there* when the operation took effect.
 */
struct rm_map_ops {
	/* Returns an empty map, or NULL when memory ran out. */
	void *(*create)(const struct rm_sizing *sizing);
	/* Frees the map and all it holds. No thread is joined. */
	void (*destroy)(void *map);
	/* Returns slot's handle, 0 <= slot < sizing.threads (may be `map`
	   itself), or NULL when memory ran out. Called on that thread. */
	void *(*join)(void *map, size_t slot);
	/* The thread holds nothing any more; its limbo is handed over. */
	void (*leave)(void *thread);
	/* Stores the value only if the key is there. Allocates nothing. */
	bool (*lookup)(void *thread, struct rm_shape shape, struct rm_key key,
	        struct rm_value *value);
	/* Inserts or replaces. */
	bool (*upsert)(void *thread, struct rm_shape shape, struct rm_key key,
	        const struct rm_value *value);
	bool (*remove)(void *thread, struct rm_shape shape, struct rm_key key);
	/* After each batch: no reference is held. Must not block; may free. */
	void (*quiesce)(void *thread);

	/* From here on members may be NULL; a workload or check that needs one
	   then skips the map and says so. */

	/* Around anything that may block (a joined QSBR thread that waits at
	   a barrier stops everybody's grace periods). */
	void (*park)(void *thread);
	void (*unpark)(void *thread);
	/* Fills an empty map in bulk; one thread, before the others use the
	   map. Returns 0 or -ENOMEM. */
	int (*load)(void *thread, struct rm_shape shape,
	        const struct rm_source *source);
	/* upsert that also stores the value it replaced, if there was one. */
	bool (*exchange)(void *thread, struct rm_shape shape, struct rm_key key,
	        const struct rm_value *value, struct rm_value *old);
	/* remove that also stores the value it took out, if there was one. */
	bool (*take)(void *thread, struct rm_shape shape, struct rm_key key,
	        struct rm_value *old);
	/* Returns true and stores the present value where the key was there;
	   else inserts `value`. */
	bool (*insert_if_absent)(void *thread, struct rm_shape shape,
	        struct rm_key key, const struct rm_value *value,
	        struct rm_value *present);
	/* Replaces `expected` by `value`; returns whether it did. */
	bool (*compare_swap)(void *thread, struct rm_shape shape,
	        struct rm_key key, const struct rm_value *expected,
	        const struct rm_value *value);
	/* Takes the key out if its value is `expected`; returns whether it
	   did. */
	bool (*compare_remove)(void *thread, struct rm_shape shape,
	        struct rm_key key, const struct rm_value *expected);
	/* Atomic read-modify-write through a callback. Returns whether the
	   key was there. */
	bool (*update)(void *thread, struct rm_shape shape, struct rm_key key,
	        rm_update_fn *fn, void *context);
	/* Visits entries; what it guarantees is rm_impl.guarantees. */
	void (*scan)(void *thread, struct rm_shape shape, rm_scan_fn *fn,
	        void *context);
	/* Number of entries; exact when nobody writes. */
	size_t (*length)(void *thread);
	void (*clear)(void *thread);
	/* Emits every statistic since create(); any thread, also while others
	   run. */
	void (*stats)(void *map, rm_stat_fn *emit, void *context);
	/* Walks every invariant of a map nobody else uses. False: `why`, of
	   `size` bytes, names the broken one. */
	bool (*check)(void *map, char *why, size_t size);
	/* Writes the inner state for a person to the file descriptor. */
	void (*dump)(void *map, int fd);
};

/* Bits of rm_impl.caps. */
enum rm_cap {
	RM_CAP_SINGLE_WRITER = 1 << 0, /* at most one thread may write */
	RM_CAP_BACKGROUND = 1 << 1,    /* has threads of its own */
	RM_CAP_NO_STATE = 1 << 2,      /* holds nothing: null_map */
	RM_CAP_UNSAFE = 1 << 3,        /* safe with one thread or read-only */
	RM_CAP_UNSAFE_INSERT = 1 << 4, /* ... and with in-place updates */
	RM_CAP_SLOW_WRITES = 1 << 5,   /* a write costs O(keys) */
	/* a lookup may answer with what was so a bounded time ago; a thread
	   that was parked since then sees everything */
	RM_CAP_STALE = 1 << 6,
	RM_CAP_FIXED_SIZE = 1 << 7, /* made for its keys: never grows */
	/* a write that meets another one returns what it did not replace */
	RM_CAP_INEXACT_RETURNS = 1 << 8,
};

/* What a map's look-ups ask of their caller, beside joining and leaving. */
enum rm_duty {
	RM_DUTY_NONE,
	RM_DUTY_GUARD, /* a read-side section around each; its loop makes it */
	RM_DUTY_ANNOUNCE, /* quiesce() now and then, park() before it blocks */
};

/* Bits of rm_impl.shapes: 1 << rm_shape_index(shape). A program for other sizes
   has those that the plain one has not: long values, or long keys. */
#ifndef RM_SIZED
enum { RM_ALL_SHAPES = 0xf, RM_U64_SHAPES = 0x3 };
#elif RM_SIZED == 24
enum { RM_ALL_SHAPES = 0xc, RM_U64_SHAPES = 0 };
#else
enum { RM_ALL_SHAPES = 0xa, RM_U64_SHAPES = 0x2 };
#endif

struct rm_worker; /* runner/driver.h */

/*
 * A measured loop that a subject brings itself, because it is not made of
 * look-ups and writes by key. Runs one thread's share until rm_stopped() or
 * worker->iterations_limit, counts worker->counts.iterations, and sets
 * worker->counts.wrong where an answer is wrong. What else it counts comes
 * out of ops->stats; ops->check then says whether all adds up.
 */
struct rm_own_loop {
	const char *name; /* of runner/protocol/loops.c: "stock", "pair" */
	void (*run)(struct rm_worker *worker);
};

/* What the suite knows of a map. One per file in impls/, same id. */
struct rm_impl {
	const char *id;     /* the file's base name; the id in results */
	const char *label;  /* in tables, at most 60 characters */
	const char *family; /* lock | sync | shard | rcu | free | bound |
	                       technique */
	const char *sync;   /* "none", "rwlock", "rcu-qsbr", "epoch", ... */
	enum rm_duty duty;
	const char *source; /* where the algorithm is from */
	const char *system; /* "M3": number of the system studied, or "" */
	unsigned shapes;    /* bits: what drive[] offers */
	unsigned caps;      /* bits of enum rm_cap */
	/* of scan and length: "point-in-time" | "once-if-present" | "none" */
	const char *guarantees;
	/* of the weakest operation on a key, while memory is not short:
	   "blocking" | "lock-free" | "wait-free" */
	const char *progress;
	const char *dispatch; /* "none" | "callback" | "plt" */
	const struct rm_map_ops *ops;
	/* The measured loops, by rm_shape_index(); NULL: shape not offered. */
	void (*drive[RM_SHAPES])(struct rm_worker *worker);
	/* Loops of its own, ended by { NULL, NULL }; NULL: none. What has
	   these and no drive is a technique: ops of keys may be NULL. */
	const struct rm_own_loop *loops;
	/* Both NULL, or what each thread holds open for loops of its own, such
	   as connections: opened before the warm-up, closed after the window,
	   kept in worker->held. No loop runs meanwhile, and what they count is
	   dropped, but for counts.wrong. open() is false without memory. */
	bool (*open)(struct rm_worker *worker);
	void (*close)(struct rm_worker *worker);
	/* NULL, or this is a planted misuse: which check or statistic shows
	   it. Chosen by its full id only, never by "all" or a glob. */
	const char *misuse;
	/* NULL, or the library's version as it says itself, in a static text:
	   of the one that is loaded where it has a function for that, else of
	   its headers. */
	const char *(*version)(void);
	/* The longest values that it takes in programs for other sizes of keys
	   and values (docs/adr/0030): 8 to 1024 bytes; 0: it is in none. */
	unsigned value_most;
	/* Where values of more than 24 bytes are, and who frees them: "in line"
	   is with the key, where a look-up is when it has found it; "by
	   pointer" in an object of their own. NULL: there are none. */
	const char *value_place;
	/* It orders by volatile accesses, as the headers of Concurrency Kit
	   do: data races to C11, so "explore all" leaves it out. */
	bool volatile_order;
};

#endif /* RM_MAP_H */
