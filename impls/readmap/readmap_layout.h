/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap_layout.h - readmap, a map whose bucket is one cache line: the line,
 * tables of lines, and the reasons why look-ups need no lock.
 *
 * A look-up writes no shared memory, waits for no thread, and reads one line,
 * hit or miss, unless more than three keys share a bucket. A write locks one
 * bucket. Tables grow, shrink and are compacted in small steps by writes.
 *
 *	word 0      meta     low 32 bits: a tag for each slot, flags, filter
 *	                     high 32 bits: version, which each removal and
 *	                     each move of the bucket increments
 *	word 1-3    keys     word 4  next line of the chain     word 5-7  values
 *
 * A tag has bit 7 set if its slot is live, and 7 bits of the key's hash. Each
 * slot uses other bits of the hash, so one xor compares all tags. The position
 * of an equal tag leads to key and value by constant distances. This takes
 * fewer instructions than a vector comparison of the keys, and is plain C, so
 * that sanitizers and `readmostly explore` test the measured code. Since live
 * slots are marked in meta, all keys and values are legal.
 *
 * Look-up                            Write of a bucket
 *	R1 table word      acquire	W1 lock the head       cas, acquire
 *	R2 meta            seq_cst	W2 key, value          release
 *	R3 key             acquire	W3 meta, unlocked      seq_cst
 *	R4 value           acquire
 *	R5 meta again      relaxed: if its version differs, start again
 *
 * Why an answer is right. A tenancy is the time from the W3 that makes a slot
 * live to the store of meta that clears it, which also increments the version.
 *
 * 1) Hit: R2 shows the slot live, so R3 and R4 read this tenancy or a later
 *    one. If one of them read a later one, then W2 synchronises with it, and W2
 *    comes after the increment of the version (W1 read it), so R5 differs. If
 *    R5 is equal, key and value are of one tenancy, and the slot was live all
 *    the time from R2 to R5. An update stores the value in place, and takes
 *    effect at the store.
 * 2) Miss: R2 shows that no slot is live with this key's tag. The key could be
 *    elsewhere only if CHAIN is set.
 * 3) Chain: a key has one slot and never moves within a table, so a key that is
 *    present during the whole walk is found. Each walk for a key begins with
 *    the key's bit of the head's filter. If an insert sets this bit, it takes
 *    effect at its W3, otherwise at the store of its line's meta.
 * 4) Moved: only the head is marked, after its whole chain was copied. A
 *    reader that passed the head before may finish in the chain. The chain no
 *    longer changes and has the content of the moment of the mark.
 * 5) A write ends with a seq_cst store, which R2 of other threads reads. So if
 *    two threads each write one key and then look up the key of the other, they
 *    do not both miss.
 *
 * A reader starts again only because a removal or a move completed, so look-ups
 * are lock-free. The version returns to an old value after 2^32 removals
 * from one line during one look-up; this is not handled.
 *
 * Define this constant before including this file:
 *
 *	READMAP_LOAD_EIGHTHS  keys per 8 lines above which a table doubles. A
 *			      key takes at most 1024 / LOAD_EIGHTHS bytes in
 *			      lines, and some in chains.
 */
#ifndef RM_READMAP_LAYOUT_H
#define RM_READMAP_LAYOUT_H

#include "impls/support/hash.h"
#include "impls/support/spin.h"
#include "runner/map.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
	READMAP_SLOTS = 3,
	READMAP_FIRST_LINES = 2, /* lines of a table that is not presized */
	READMAP_STRIPES = 16,    /* stripes of the key count */
	READMAP_MANY = 64,       /* most keys in a call of lookup_many() */
	READMAP_STEP = 16,       /* most buckets that one write moves */
	READMAP_POOL_SHARE = 64, /* a chunk has lines / 64 + 4 lines */
	READMAP_POOL_MORE = 4,
	READMAP_SPARSE = 8, /* the table shrinks below one key in 8 lines */
	/* kinds of retired objects */
	READMAP_TABLE = 0,
	READMAP_NODE = 1,
};

/* Bits of meta. */
#define READMAP_LIVE    UINT64_C(0x808080) /* bit 7 of each slot's tag */
#define READMAP_TAGS    UINT64_C(0xffffff)
#define READMAP_LOCK    (UINT64_C(1) << 24)
#define READMAP_MOVED   (UINT64_C(1) << 25) /* the keys are in the next table */
#define READMAP_CHAIN   (UINT64_C(1) << 26) /* other lines may have the key */
#define READMAP_FILTER  (UINT64_C(1) << 27) /* the lowest of 4 bits */
#define READMAP_VERSION (UINT64_C(1) << 32)

/* The first line of a bucket, or a further line of its chain. The meta of a
   further line has only tags and version. */
struct readmap_line {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t meta;
	_Atomic uint64_t key[READMAP_SLOTS];
	_Atomic(struct readmap_line *) next;
	_Atomic uint64_t value[READMAP_SLOTS];
};

/* Lines for chains. They stay in their chain as long as their table exists. */
struct readmap_chunk {
	struct readmap_chunk *older;
	void *block; /* address to pass to free() */
	uint64_t lines;
	_Atomic uint64_t used;
	_Alignas(RM_CACHE_LINE) struct readmap_line line[];
};

/* All-zero memory is an empty table, so creation does not write the table. */
struct readmap_table {
	void *block;    /* address to pass to free() */
	uint64_t lines; /* number of buckets, a power of two */
	uint64_t limit; /* above this number of keys, the lines are doubled */
	/* above this number of lines in chains, the table is compacted */
	_Atomic uint64_t crowded;
	_Atomic(struct readmap_table *) next; /* NULL if the table is not
	                                         moving */
	_Atomic(struct readmap_chunk *) chunk;
	_Atomic uint64_t chained; /* lines in chains */
	/* While the table moves: number of groups of buckets begun, and number
	   done. */
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t cursor;
	_Atomic uint64_t done;
	_Alignas(RM_CACHE_LINE) struct readmap_line line[];
};

struct readmap_stripe {
	_Alignas(2 * RM_CACHE_LINE) _Atomic int64_t keys;
};

struct readmap {
	/* Address of the first line | 58 - log2(lines). One load gives both. */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uintptr_t word;
	uint64_t seed;
	struct epoch *epoch;
	struct rm_shape shape;
	uint64_t floor; /* a table has at least this number of lines */
	_Alignas(2 * RM_CACHE_LINE) _Atomic bool resizing;
	_Atomic uint64_t lines_now, resizes; /* statistics */
	struct readmap_stripe stripe[READMAP_STRIPES];
};

/* The top bits of a hash choose the line. So line i becomes lines 2i and 2i + 1
   of a table of twice the size. So a scan in the order of hashes can continue
   in another table. */
RM_HOT struct readmap_line *readmap_home(uintptr_t word, uint64_t hash)
{
	const uint64_t below = RM_CACHE_LINE - 1;

	return (struct readmap_line *)((word & ~below) +
	                               (hash >> (word & below) & ~below));
}

RM_HOT struct readmap_table *readmap_table_of(uintptr_t word)
{
	return (struct readmap_table *)((word & ~(uintptr_t)(RM_CACHE_LINE -
	                                                     1)) -
	                                offsetof(struct readmap_table, line));
}

static inline uintptr_t readmap_word_of(const struct readmap_table *table)
{
	return (uintptr_t)table->line |
	       (58 - (unsigned)__builtin_ctzll(table->lines));
}

/* Returns the current table. Its keys may be moving to table->next. */
RM_HOT uintptr_t readmap_word(const struct readmap *map)
{
	/* acquire: R1, pairs with the release in readmap_publish() */
	return atomic_load_explicit(&map->word, memory_order_acquire);
}

/* Returns the table to which the table of `word` moves. The caller has acquired
   a head that is marked as moved. */
RM_HOT uintptr_t readmap_next_word(uintptr_t word)
{
	/* relaxed: the mover has acquired `next` in readmap_help(), and then
	   marked the head */
	return readmap_word_of(atomic_load_explicit(
	        &readmap_table_of(word)->next, memory_order_relaxed));
}

/* Returns the hash of a slot's key word (readmap_node.h). */
static inline uint64_t readmap_hash(const struct readmap *map, uint64_t word)
{
	if (map->shape.str)
		return word;
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, map->seed);
}

/* Returns the tags that a key would have in each slot. */
RM_HOT uint64_t readmap_tags(uint64_t hash)
{
	return (hash & READMAP_TAGS) | READMAP_LIVE;
}

/* Returns bit 7 of each live slot whose tag equals that of the key. 0x80 minus
   a difference of 7 bits has bit 7 set only if the difference is 0, and never
   borrows. */
RM_HOT uint32_t readmap_match(uint64_t meta, uint64_t hash)
{
	const uint32_t live = (uint32_t)READMAP_LIVE;
	const uint32_t differs =
	        (uint32_t)(meta ^ hash) & (uint32_t)READMAP_TAGS & ~live;

	return (live - differs) & (uint32_t)meta & live;
}

/* Returns the mask of a slot's tag. `bit` is the position of the tag's bit
   7. */
RM_HOT uint64_t readmap_slot_mask(unsigned bit)
{
	return UINT64_C(0xff) << (bit - 7);
}

/* Slot j has bit 8 j + 7. Its key begins at byte bit + 1 of the line, and its
   value 32 bytes later. */
RM_HOT _Atomic uint64_t *readmap_key(
        const struct readmap_line *line, unsigned bit)
{
	return (_Atomic uint64_t *)((uintptr_t)line + bit + 1);
}

RM_HOT _Atomic uint64_t *readmap_value(
        const struct readmap_line *line, unsigned bit)
{
	return (_Atomic uint64_t *)((uintptr_t)line + bit + 33);
}
_Static_assert(offsetof(struct readmap_line, key) == 8 &&
                       offsetof(struct readmap_line, value) == 40,
        "readmap_key() and readmap_value() use these places");

/* Returns the bit of the head's filter for a key that is not in the head. */
RM_HOT uint64_t readmap_filter(uint64_t hash)
{
	return READMAP_FILTER << (hash >> 24 & 3);
}

/* Allocates zeroed memory, aligned to a line, and sets *block to the address
   for free(). A large block from calloc() is not touched. Returns NULL if
   memory runs out. */
static inline void *readmap_allocate(size_t bytes, void **block)
{
	*block = calloc(1, bytes + RM_CACHE_LINE - 1);
	return (void *)(((uintptr_t)*block + RM_CACHE_LINE - 1) &
	                ~(uintptr_t)(RM_CACHE_LINE - 1));
}

static inline size_t readmap_table_bytes(const struct readmap_table *table)
{
	return sizeof(*table) + table->lines * sizeof(table->line[0]);
}

/* Returns NULL if memory runs out. */
static inline struct readmap_table *readmap_table_new(uint64_t lines)
{
	const struct readmap_table sized = { .lines = lines };
	void *block;
	struct readmap_table *table =
	        readmap_allocate(readmap_table_bytes(&sized), &block);

	if (!block)
		return NULL;
	table->block = block;
	table->lines = lines;
	table->limit = lines * READMAP_LOAD_EIGHTHS / 8;
	/* relaxed: published with the table */
	atomic_store_explicit(&table->crowded,
	        lines / READMAP_POOL_SHARE * 2 + READMAP_POOL_MORE,
	        memory_order_relaxed);
	return table;
}

static inline void readmap_table_free(struct readmap_table *table)
{
	/* relaxed: no other thread uses the table */
	struct readmap_chunk *chunk =
	        atomic_load_explicit(&table->chunk, memory_order_relaxed);

	while (chunk) {
		struct readmap_chunk *older = chunk->older;

		free(chunk->block);
		chunk = older;
	}
	free(table->block);
}

/* Adds a chunk, unless another thread has added one. A write cannot report "out
   of memory", so this aborts; the trial fails. */
static RM_COLD void readmap_add_chunk(
        struct readmap_table *table, struct readmap_chunk *newest)
{
	const uint64_t lines =
	        table->lines / READMAP_POOL_SHARE + READMAP_POOL_MORE;
	void *block;
	struct readmap_chunk *chunk = readmap_allocate(
	        sizeof(*chunk) + lines * sizeof(chunk->line[0]), &block);

	if (!block)
		abort();
	chunk->older = newest;
	chunk->block = block;
	chunk->lines = lines;
	/* release: publishes the chunk to the acquire in readmap_new_line().
	   relaxed if it fails: another thread has added a chunk */
	if (!atomic_compare_exchange_strong_explicit(&table->chunk, &newest,
	            chunk, memory_order_release, memory_order_relaxed))
		free(block);
}

/* Returns a zeroed line for a chain. */
static RM_COLD struct readmap_line *readmap_new_line(
        struct readmap_table *table)
{
	/* relaxed: a threshold */
	atomic_fetch_add_explicit(&table->chained, 1, memory_order_relaxed);
	for (;;) {
		/* acquire: pairs with the release in readmap_add_chunk() */
		struct readmap_chunk *chunk = atomic_load_explicit(
		        &table->chunk, memory_order_acquire);

		if (chunk) {
			/* relaxed: no other thread gets this number */
			const uint64_t i = atomic_fetch_add_explicit(
			        &chunk->used, 1, memory_order_relaxed);

			if (i < chunk->lines)
				return &chunk->line[i];
		}
		readmap_add_chunk(table, chunk);
	}
}

#endif /* RM_READMAP_LAYOUT_H */
