/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map.h - the interface that each map in impls/ implements.
 *
 * A map defines a constant `struct rm_map_ops` and a `struct rm_impl`. Tests
 * call the functions through pointers. RM_DRIVES() in runner/driver.h inlines
 * them into the measured loop. This header and the headers of the loop are
 * valid C11 and C++23.
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

/* For operations that are inlined into the measured loop. With
   -DRM_OUT_OF_LINE, each operation is compiled once, not once per loop and
   shape. Sanitizer builds use this, since they do not measure speed; compiling
   takes a third of the time. */
#ifdef RM_OUT_OF_LINE
#define RM_HOT static inline
#else
#define RM_HOT static inline __attribute__((always_inline))
#endif
/* For the slow path of a measured operation, which is called directly. */
#define RM_COLD __attribute__((noinline, cold))

enum { RM_CACHE_LINE = 64 };

/* Version of this interface. The runner rejects programs with a different
   version. */
enum { RM_CONTRACT = 1 };

/* Marks a point between two steps of an operation at which another thread may
   interfere. Empty in measured builds. With -DRM_PAUSES, a check sometimes
   waits at these points, so that rare interleavings become frequent. */
RM_C_BEGIN
void rm_pause(void); /* in verify/check/pause.c */
RM_C_END
#ifdef RM_PAUSES
#define RM_PAUSE() rm_pause()
#else
#define RM_PAUSE() ((void)0)
#endif

/* The longer of the two value lengths that an object file supports. It is 24
   bytes in the plain program, and RM_SIZED in programs for other sizes
   (docs/adr/0030), which are compiled with -DRM_SIZED=64, 256 or 1024.
   -DRM_SIZED=24 is for programs with long string keys. */
#ifdef RM_SIZED
#define RM_VALUE_LONG RM_SIZED
#else
#define RM_VALUE_LONG 24
#endif
enum { RM_VALUE_WORDS = RM_VALUE_LONG / 8 };

/* Kind of key and size of value. It is a compile-time constant in the measured
   loop, so that the compiler removes branches on it. */
struct rm_shape {
	bool str;             /* false: 64-bit keys; true: byte strings */
	unsigned value_bytes; /* 8 or RM_VALUE_LONG */
};

/* Prefix of the braces of a struct value, since C++ lacks compound literals. */
#ifdef __cplusplus
#define RM_LITERAL(type) type
#define RM_SHAPE_LITERAL rm_shape
#else
#define RM_LITERAL(type) (struct type)
#define RM_SHAPE_LITERAL (struct rm_shape)
#endif

/* Names of the shapes in the plain program. In programs for other sizes, X24
   means the long value. */
#define RM_U64X8    (RM_SHAPE_LITERAL{ false, 8 })
#define RM_U64X24   (RM_SHAPE_LITERAL{ false, RM_VALUE_LONG })
#define RM_STR16X8  (RM_SHAPE_LITERAL{ true, 8 })
#define RM_STR16X24 (RM_SHAPE_LITERAL{ true, RM_VALUE_LONG })

enum { RM_SHAPES = 4 };

/* Returns the index of a shape in rm_impl.drive, which is also its bit in
   rm_impl.shapes. */
static inline unsigned rm_shape_index(struct rm_shape shape)
{
	return (shape.str ? 2U : 0U) +
	       (shape.value_bytes == RM_VALUE_LONG ? 1U : 0U);
}

/* True if this object file supports values of this length. */
static inline bool rm_shape_built(struct rm_shape shape)
{
	return shape.value_bytes == 8 || shape.value_bytes == RM_VALUE_LONG;
}

/* One key. u64 shapes use only `word`. String shapes use only `bytes` and
   `length`. Any length is valid, including 0; measured loops use 16 bytes, or
   32 or 64 in cells with long keys. The caller owns `bytes`, which is valid
   only during the call. */
struct rm_key {
	uint64_t word;
	const char *bytes;
	size_t length;
};

/* A value. 8-byte shapes use word[0], long shapes use all words. */
struct rm_value {
	uint64_t word[RM_VALUE_WORDS];
};

/* Parameters for the allocation of a map. */
struct rm_sizing {
	size_t keys;    /* maximum number of resident keys */
	size_t threads; /* maximum number of joined threads, >= 1 */
	/* If the retired memory of a thread, or of all threads, exceeds this
	   limit, writers wait for a grace period. 0: the map's default. */
	size_t retired_limit_bytes;
	bool presize; /* false: the map starts small and grows */
	struct rm_shape shape;
	uint64_t seed; /* equal seeds give equal layouts */
	/* Arguments of the loop, as in struct rm_worker; NULL: its defaults. */
	const uint64_t *loop_args;
	/* Returns the time in ns for expiry, which never decreases. NULL: the
	   monotonic clock. Tests pass their own clock. Any thread may call
	   it. */
	uint64_t (*now_ns)(void);
	/* Speed of now_ns relative to the monotonic clock, so that 30 s of
	   expiry time can pass within a window; 0 means 1. At most 1000: a tick
	   of the coarse clock (10 ms) is then 10 s. Ignored if now_ns is
	   set. */
	uint64_t clock_rate;
};

/* Input of a bulk prefill: `count` distinct keys. The map reads them one at a
   time, in any order. */
struct rm_source {
	size_t count;
	/* Fills key and value of entry i, 0 <= i < count. The key's bytes are
	   valid until the next call. */
	void (*at)(const struct rm_source *source, size_t i, struct rm_key *key,
	        struct rm_value *value);
	const void *context;
};

/* Called by scan for each entry. If it returns false, the scan ends. */
typedef bool rm_scan_fn(
        void *context, struct rm_key key, const struct rm_value *value);
/* Called for each statistic, with a stable name, a unit ("1", "bytes", "ns")
   and a value. The value is NAN if this build does not count it
   (runner/stat.h). */
typedef void rm_stat_fn(
        void *context, const char *name, const char *unit, double value);
/* Computes a new value from the old one (NULL: the key is absent). Returns
   false to leave the value unchanged. */
typedef bool rm_update_fn(
        void *context, const struct rm_value *old, struct rm_value *value);

/* Operations of a map. `thread` is the handle from join(); only the thread that
   called join() may use it. lookup, upsert, remove, exchange and take return
   whether the key *was present* when the operation took effect. */
struct rm_map_ops {
	/* Returns an empty map, or NULL if memory runs out. */
	void *(*create)(const struct rm_sizing *sizing);
	/* Frees the map and all entries. Call it when no thread is joined. */
	void (*destroy)(void *map);
	/* Returns the handle of a slot, 0 <= slot < sizing.threads, or NULL if
	   memory runs out. The handle may be `map` itself. Called on the slot's
	   thread. */
	void *(*join)(void *map, size_t slot);
	/* Called when the thread holds no references. Objects that the thread
	   retired but could not free are passed to another thread. */
	void (*leave)(void *thread);
	/* Sets *value only if the key is present. Must not allocate. */
	bool (*lookup)(void *thread, struct rm_shape shape, struct rm_key key,
	        struct rm_value *value);
	/* Inserts the key, or replaces its value. NULL: use exchange. */
	bool (*upsert)(void *thread, struct rm_shape shape, struct rm_key key,
	        const struct rm_value *value);
	/* NULL: use take. */
	bool (*remove)(void *thread, struct rm_shape shape, struct rm_key key);
	/* Called after each batch, when the thread holds no reference. Must not
	   block, but may free memory. */
	void (*quiesce)(void *thread);

	/* The other members may be NULL. A workload or check that needs such a
	   member then skips the map, with a reason. */

	/* Called before and after code that may block. While a joined QSBR
	   thread waits at a barrier without park(), no grace period ends. */
	void (*park)(void *thread);
	void (*unpark)(void *thread);
	/* Fills an empty map in bulk on one thread, before other threads use
	   the map. Returns 0 or -ENOMEM. */
	int (*load)(void *thread, struct rm_shape shape,
	        const struct rm_source *source);
	/* Like upsert, but also stores the replaced value, if any. */
	bool (*exchange)(void *thread, struct rm_shape shape, struct rm_key key,
	        const struct rm_value *value, struct rm_value *old);
	/* Like remove, but also stores the removed value, if any. */
	bool (*take)(void *thread, struct rm_shape shape, struct rm_key key,
	        struct rm_value *old);
	/* If the key is present, stores its value and returns true. Otherwise
	   inserts `value` and returns false. */
	bool (*insert_if_absent)(void *thread, struct rm_shape shape,
	        struct rm_key key, const struct rm_value *value,
	        struct rm_value *present);
	/* If the value is `expected`, replaces it by `value` and returns true.
	   Otherwise returns false. */
	bool (*compare_swap)(void *thread, struct rm_shape shape,
	        struct rm_key key, const struct rm_value *expected,
	        const struct rm_value *value);
	/* If the key's value is `expected`, removes the key and returns true.
	   Otherwise returns false. */
	bool (*compare_remove)(void *thread, struct rm_shape shape,
	        struct rm_key key, const struct rm_value *expected);
	/* Atomic read-modify-write through a callback. Returns whether the key
	   was present. */
	bool (*update)(void *thread, struct rm_shape shape, struct rm_key key,
	        rm_update_fn *fn, void *context);
	/* Visits all entries. rm_impl.guarantees describes the guarantee. */
	void (*scan)(void *thread, struct rm_shape shape, rm_scan_fn *fn,
	        void *context);
	/* Returns the number of entries. It is exact if no thread writes. */
	size_t (*length)(void *thread);
	void (*clear)(void *thread);
	/* Emits every statistic since create(). Any thread may call it, even
	   while other threads use the map. */
	void (*stats)(void *map, rm_stat_fn *emit, void *context);
	/* Checks all invariants. Called while no other thread uses the map. If
	   an invariant is broken, stores its name in `why` (`size` bytes) and
	   returns false. */
	bool (*check)(void *map, char *why, size_t size);
	/* Prints the internal state to a file descriptor. */
	void (*dump)(void *map, int fd);
	/* Looks up `count` keys, 1 to 64. For each present keys[i], sets
	   values[i] and bit i of the result. Each look-up takes effect during
	   the call, in any order. Must not allocate. */
	uint64_t (*lookup_many)(void *thread, struct rm_shape shape,
	        const struct rm_key *keys, unsigned count,
	        struct rm_value *values);
};

/* A map that has exchange and take needs no upsert and remove. Then the timed
   code is the code that the checks of exchange and take verify. The conditions
   are for clang-analyzer only, since they would change what gcc inlines. */
RM_HOT bool rm_map_upsert(const struct rm_map_ops *ops, void *thread,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
#ifdef __clang_analyzer__
	if (!ops->upsert && !ops->exchange)
		__builtin_unreachable();
#endif
	return ops->upsert ? ops->upsert(thread, shape, key, value)
	                   : ops->exchange(thread, shape, key, value, NULL);
}

RM_HOT bool rm_map_remove(const struct rm_map_ops *ops, void *thread,
        struct rm_shape shape, struct rm_key key)
{
#ifdef __clang_analyzer__
	if (!ops->remove && !ops->take)
		__builtin_unreachable();
#endif
	return ops->remove ? ops->remove(thread, shape, key)
	                   : ops->take(thread, shape, key, NULL);
}

/* Bits of rm_impl.caps. */
enum rm_cap {
	RM_CAP_SINGLE_WRITER = 1 << 0, /* at most one thread may write */
	RM_CAP_BACKGROUND = 1 << 1,    /* has background threads */
	RM_CAP_NO_STATE = 1 << 2,      /* stores nothing, like null_map */
	RM_CAP_UNSAFE = 1 << 3,        /* needs one thread, or no writes */
	RM_CAP_UNSAFE_INSERT = 1 << 4, /* like RM_CAP_UNSAFE, but in-place
	                                * updates are also safe */
	RM_CAP_SLOW_WRITES = 1 << 5,   /* a write costs O(keys) */
	/* A lookup may return an outdated value for a bounded time. A thread
	   sees all writes after it was parked. */
	RM_CAP_STALE = 1 << 6,
	RM_CAP_FIXED_SIZE = 1 << 7, /* its size is fixed at creation */
	/* return values of concurrent writes may be wrong */
	RM_CAP_INEXACT_RETURNS = 1 << 8,
	RM_CAP_SHORT_KEYS = 1 << 9, /* a key has at most 65,535 bytes */
};

/* Requirements of look-ups on their caller, besides join and leave. */
enum rm_duty {
	RM_DUTY_NONE,
	RM_DUTY_GUARD,    /* the map's loop enters a read-side section */
	RM_DUTY_ANNOUNCE, /* quiesce() regularly, park() before blocking */
};

/* Bits of rm_impl.shapes: 1 << rm_shape_index(shape). A program for other sizes
   supports only shapes with long values or keys, which the plain program
   lacks. */
#ifndef RM_SIZED
enum { RM_ALL_SHAPES = 0xf, RM_U64_SHAPES = 0x3 };
#elif RM_SIZED == 24
enum { RM_ALL_SHAPES = 0xc, RM_U64_SHAPES = 0 };
#else
enum { RM_ALL_SHAPES = 0xa, RM_U64_SHAPES = 0x2 };
#endif

struct rm_worker; /* defined in runner/worker.h */

/* A measured loop of one technique or map that does not look up and write keys.
   It runs one thread's share until rm_stopped() or worker->iterations_limit,
   counts worker->counts.iterations, and sets worker->counts.wrong after a wrong
   result. ops->stats emits its other counts, and ops->check verifies that they
   are consistent. */
struct rm_own_loop {
	const char *name; /* one of the names in runner/protocol/loops.c */
	void (*run)(struct rm_worker *worker);
};

/* Description of a map. Each file in impls/ defines one. Its id is the file's
   base name. */
struct rm_impl {
	const char *id;     /* base name of the file; id in results */
	const char *label;  /* for tables, at most 60 characters */
	const char *family; /* lock | sync | shard | rcu | free | bound |
	                       technique */
	const char *sync;   /* "none", "rwlock", "rcu-qsbr", "epoch", ... */
	enum rm_duty duty;
	const char *source; /* origin of the algorithm */
	const char *system; /* number in the study ("M3"), or NULL */
	unsigned shapes;    /* bits of shapes that drive[] supports */
	unsigned caps;      /* bits of enum rm_cap */
	/* Guarantee of scan and length: "point-in-time" | "once-if-present" (a
	   scan visits each entry that is present during the whole scan, and no
	   key twice; a length may miss concurrent writes) | "none" */
	const char *guarantees;
	/* Progress of the weakest operation on a key, if memory suffices:
	   "blocking" | "starvation-free" (blocking, but no operation waits
	   forever while others complete) | "lock-free" | "wait-free" */
	const char *progress;
	const char *dispatch; /* NULL ("none") | "callback" | "plt" */
	const struct rm_map_ops *ops;
	/* Measured loops, indexed by rm_shape_index(); NULL: the map does not
	   support the shape. */
	void (*drive[RM_SHAPES])(struct rm_worker *worker);
	/* The loops of the map or technique, terminated by { NULL, NULL }; or
	   NULL. An rm_impl with such loops but without drive is a technique;
	   its key operations may be NULL. */
	const struct rm_own_loop *loops;
	/* Open and close resources that a thread needs for its own loops, such
	   as connections, in worker->held. Both are NULL if there are none.
	   open() runs before the warm-up, and close() runs after the window.
	   Counts that they change are discarded, except counts.wrong. open()
	   returns false if memory runs out. */
	bool (*open)(struct rm_worker *worker);
	void (*close)(struct rm_worker *worker);
	/* In a map with an injected bug, the check or statistic that detects
	   the bug; otherwise NULL. Such a map must be selected by its full id;
	   "all" or a glob do not select it. */
	const char *misuse;
	/* Returns the library's version as a static string, from the loaded
	   library if it has a function for this, otherwise from its headers. Or
	   NULL. */
	const char *(*version)(void);
	/* Length of the longest value, 8 to 1024 bytes, in programs for other
	   sizes of keys and values (docs/adr/0030); 0: there are no such
	   programs. */
	unsigned value_most;
	/* Location of values over 24 bytes: "inline" (next to the key, so that
	   a look-up reaches both at once) or "by pointer" (in a separate
	   object). NULL: the map has no such values. */
	const char *value_place;
	/* The map uses volatile accesses for ordering, as in the headers of
	   Concurrency Kit. In C11 these are data races, so "explore all" skips
	   the map. */
	bool volatile_order;
};

#endif /* RM_MAP_H */
