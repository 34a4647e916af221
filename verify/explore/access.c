/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.c - intercepts every memory access of an explored map.
 *
 * The compiler inserts these calls for -fsanitize=thread, as it does for
 * runner/sim/guest/touch.c. Each access that another lane could see is a step.
 * It is checked against the heap and the clocks, and then performed: a plain
 * access by the program, an atomic one here. Atomic accesses are performed only
 * by load, store, change and compare below, or by the memory model if memory is
 * not sequentially consistent (memory.h).
 */
#include "runner/sim/guest/guest.h"
#include "verify/explore/clocks.h"
#include "verify/explore/heap.h"
#include "verify/explore/memory.h"

#include <string.h>

/* Only the compiler calls these functions, so prototypes would not help. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define SITE __builtin_return_address(0)

/* An odd multiplier that mixes bits (the prime of FNV-1a). */
#define FOOTPRINT UINT64_C(0x100000001b3)

/* True if a memory model is active. Without a model, this costs only the test
 * of one word. */
#define WEAK __builtin_expect(rm_explore.model != NULL, 0)

#define ACCESS(at, order, site)             \
	(&(const struct rm_explore_atomic){ \
	        (uintptr_t)(at), sizeof(*(at)), (order), (site) })

typedef rm_explore_value uint128_t;

#define SAW(value)                                                 \
	do                                                         \
		if (rm_explore.trace)                              \
			rm_explore_note_value(                     \
			        (uint64_t)(value), sizeof(value)); \
	while (0)

#define RM_EXPLORE_NAME(bits, name) __tsan_atomic##bits##_##name

/* Inlined with constant sizes, since these few instructions are most of the
   work of a schedule. */
#define HOT static inline __attribute__((always_inline))

/* True if the address is on the running lane's own stack. */
HOT bool is_own_stack(uintptr_t address)
{
	return address - rm_explore.running->stack < RM_SIM_STACK_BYTES / 2;
}

/* Handles an access that is not to a new block. Reports an access outside of
   the heap's blocks. If the address is in a global instead, or in a kept block,
   saves its value, which is restored after the schedule. */
static __attribute__((noinline)) void check_place(
        uintptr_t address, unsigned bytes, bool write, const void *site)
{
	uint64_t offset = address - rm_explore_heap;

	if (offset < RM_EXPLORE_HEAP_BYTES &&
	        !rm_explore_in_block(offset, bytes))
		rm_explore_heap_fault(address, bytes, write, site);
	if (write && (offset >= RM_EXPLORE_HEAP_BYTES ||
	                     offset < rm_explore_kept_bytes))
		rm_explore_clocks_keep((const void *)address, bytes);
}

HOT void check_heap(
        uintptr_t address, unsigned bytes, bool write, const void *site)
{
	uint64_t offset = address - rm_explore_heap;

	if (__builtin_expect(offset >= RM_EXPLORE_HEAP_BYTES ||
	                             !rm_explore_in_granule(offset, bytes) ||
	                             (write && offset < rm_explore_kept_bytes),
	            0))
		check_place(address, bytes, write, site);
}

/* Takes the step of an access to 1 .. 8 bytes. True if other lanes can see
   it. */
HOT bool arrive(uintptr_t address, unsigned bytes, bool write, bool atomic,
        const void *site)
{
	if (rm_explore.alone) {
		rm_explore_alone_step(site);
		if (__builtin_expect(rm_explore.hashes, 0))
			rm_explore.footprint =
			        (rm_explore.footprint ^ address) * FOOTPRINT;
		check_heap(address, bytes, write, site);
		return false;
	}
	if (!atomic && address - rm_explore_heap >= RM_EXPLORE_HEAP_BYTES &&
	        is_own_stack(address))
		return false;
	rm_explore.at = address;
	rm_explore_step();
	if (__builtin_expect(rm_explore.trace != NULL, 0))
		rm_explore_note(
		        (enum rm_explore_kind)(write + 2 * atomic), site);
	/* The access is checked after the step, since another lane may have
	   freed the block. */
	check_heap(address, bytes, write, site);
	return true;
}

/* Processes an access to 1 .. 8 bytes, just before it is performed. True if
   other lanes can see it. */
HOT bool touch(uintptr_t address, unsigned bytes, bool write, bool atomic,
        const void *site)
{
	if (!arrive(address, bytes, write, atomic, site))
		return false;
	rm_explore_accessed(address, bytes, write, atomic, site);
	if (WEAK && !atomic)
		rm_explore_weak_plain(address, bytes, write);
	if (__builtin_expect(rm_explore.trace != NULL, 0) && !atomic)
		rm_explore_note_place(address, bytes);
	return true;
}

HOT void mark_initialised(uintptr_t address, unsigned bytes)
{
	uint64_t offset = address - rm_explore_heap;

	if (offset < RM_EXPLORE_HEAP_BYTES)
		rm_explore_mark_written(offset, bytes);
}

/* Checks a read whose value is used. A copy is not checked: it may include
   uninitialised bytes, such as the padding of a struct. */
HOT void check_initialised(uintptr_t address, unsigned bytes, const void *site)
{
	uint64_t offset = address - rm_explore_heap;

	if (offset < RM_EXPLORE_HEAP_BYTES &&
	        rm_explore_is_fresh(offset, bytes))
		rm_explore_heap_unwritten(address, bytes, site);
}

/* Processes a longer access, 8 bytes a step, since other lanes may run in
   between. The program performs all of it after the last step. */
static void touch_all(
        uintptr_t address, size_t bytes, bool write, const void *site)
{
	const bool parts = bytes > 8 - address % 8;

	while (bytes) {
		unsigned part = 8 - address % 8;

		if (part > bytes)
			part = (unsigned)bytes;
		touch(address, part, write, false, site);
		if (write)
			mark_initialised(address, part);
		if (write && part < bytes && rm_explore.trace)
			rm_explore_note_part();
		address += part;
		bytes -= part;
	}
	if (parts)
		rm_explore_mark_opaque();
}

/* Called by the constructor of each object file, before main(). */
void __tsan_init(void)
{
}

void __tsan_func_entry(void *call)
{
	(void)call;
}

void __tsan_func_exit(void)
{
}

HOT void touch_plain(
        uintptr_t address, unsigned bytes, bool write, const void *site)
{
	touch(address, bytes, write, false, site);
	if (write)
		mark_initialised(address, bytes);
	else
		check_initialised(address, bytes, site);
}

void rm_sim_touch(const void *at, size_t bytes, bool write, const void *site)
{
	touch_plain((uintptr_t)at, (unsigned)bytes, write, site);
	/* the caller in strings.c has already checked the bytes */
	rm_explore_mark_opaque();
}

#define RM_EXPLORE_PLAIN(name, bytes, write)                         \
	void __tsan_##name##bytes(void *address)                     \
	{                                                            \
		touch_plain((uintptr_t)address, bytes, write, SITE); \
	}                                                            \
	void __tsan_unaligned_##name##bytes(void *address)           \
	{                                                            \
		touch_plain((uintptr_t)address, bytes, write, SITE); \
	}

RM_EXPLORE_PLAIN(read, 1, false)
RM_EXPLORE_PLAIN(read, 2, false)
RM_EXPLORE_PLAIN(read, 4, false)
RM_EXPLORE_PLAIN(read, 8, false)
RM_EXPLORE_PLAIN(write, 1, true)
RM_EXPLORE_PLAIN(write, 2, true)
RM_EXPLORE_PLAIN(write, 4, true)
RM_EXPLORE_PLAIN(write, 8, true)

/* A vector access. C's memory model does not cover it, so its halves are
   separate steps. The program performs it after the second one. */
#define RM_EXPLORE_RANGE(name, type, bytes, write)                 \
	void __tsan_##name(void *address type)                     \
	{                                                          \
		touch_all((uintptr_t)address, bytes, write, SITE); \
	}

/* A constructor or destructor sets the table of virtual functions; a call
   reads it. */
void __tsan_vptr_update(void **at, void *table)
{
	(void)table;
	touch_plain((uintptr_t)at, sizeof(*at), true, SITE);
}

void __tsan_vptr_read(void **at)
{
	touch_plain((uintptr_t)at, sizeof(*at), false, SITE);
}

RM_EXPLORE_RANGE(read16, , 16, false)
RM_EXPLORE_RANGE(write16, , 16, true)
RM_EXPLORE_RANGE(unaligned_read16, , 16, false)
RM_EXPLORE_RANGE(unaligned_write16, , 16, true)

void __tsan_read_range(void *address, size_t bytes)
{
	touch_all((uintptr_t)address, bytes, false, SITE);
}

void __tsan_write_range(void *address, size_t bytes)
{
	touch_all((uintptr_t)address, bytes, true, SITE);
}

/* `reads` is false for a store, which does not use the old value. False if no
   other lane can see the access, which then needs no order. */
HOT bool touch_atomic(uintptr_t address, unsigned bytes, bool reads, bool write,
        const void *site)
{
	const unsigned word = bytes < 8 ? bytes : 8;
	const bool visible = touch(address, word, write, true, site);

	if (bytes > 8)
		check_heap(address + 8, 8, write, site);
	if (bytes > 8 && visible)
		rm_explore_accessed(address + 8, 8, write, true, site);
	for (unsigned at = 0; at < bytes; at += word) {
		if (reads)
			check_initialised(address + at, word, site);
		if (write)
			mark_initialised(address + at, word);
	}
	return visible;
}

/* Takes the step of a compare-exchange, whose result is not known yet. True if
   other lanes can see it. */
HOT bool arrive_to_compare(uintptr_t address, unsigned bytes, const void *site)
{
	const unsigned word = bytes < 8 ? bytes : 8;

	if (!rm_explore.alone &&
	        rm_explore.schedule->pace[rm_explore.running->id].compares)
		rm_explore_count_compare();

	const bool visible = arrive(address, word, true, true, site);

	if (bytes > 8)
		check_heap(address + 8, 8, true, site);
	for (unsigned at = 0; at < bytes; at += word)
		check_initialised(address + at, word, site);
	return visible;
}

/* Marks 1 .. 16 bytes as initialised. */
static inline void mark_all(uintptr_t address, unsigned bytes)
{
	const unsigned word = bytes < 8 ? bytes : 8;

	for (unsigned at = 0; at < bytes; at += word)
		mark_initialised(address + at, word);
}

/* `changes` is true if the comparison succeeded; otherwise the access is only a
 * load. */
static inline void touch_compared(
        uintptr_t address, unsigned bytes, bool changes, const void *site)
{
	rm_explore_accessed(address, bytes, changes, true, site);
	if (changes)
		mark_all(address, bytes);
	if (rm_explore.trace)
		rm_explore_note_compared(changes);
}

static inline void order_change(const struct rm_explore_atomic *access)
{
	if (WEAK)
		rm_explore_weak_change(access);
	else
		rm_explore_changed(access->at, access->bytes, access->order);
}

#define RM_EXPLORE_CHANGE(bits, name, changed)                                 \
	uint##bits##_t RM_EXPLORE_NAME(bits, name)(                            \
	        volatile uint##bits##_t * at, uint##bits##_t value, int order) \
	{                                                                      \
		uint##bits##_t old;                                            \
                                                                               \
		if (touch_atomic((uintptr_t)at, (bits) / 8, true, true, SITE)) \
			order_change(ACCESS(at, order, SITE));                 \
		old = *at;                                                     \
		*at = (uint##bits##_t)(changed);                               \
		SAW(*at);                                                      \
		return old;                                                    \
	}

#define RM_EXPLORE_COMPARE(bits, name)                                   \
	int RM_EXPLORE_NAME(bits, compare_exchange_##name)(              \
	        volatile uint##bits##_t * at, uint##bits##_t * expected, \
	        uint##bits##_t desired, int order, int failure)          \
	{                                                                \
		uint##bits##_t old = compare_##bits(                     \
		        at, *expected, desired, order, failure, SITE);   \
		int done = old == *expected;                             \
                                                                         \
		if (!done)                                               \
			*expected = old;                                 \
		return done;                                             \
	}

#define RM_EXPLORE_ATOMIC(bits)                                                \
	uint##bits##_t RM_EXPLORE_NAME(bits, load)(                            \
	        const volatile uint##bits##_t *at, int order)                  \
	{                                                                      \
		uint##bits##_t value;                                          \
                                                                               \
		if (!touch_atomic(                                             \
		            (uintptr_t)at, (bits) / 8, true, false, SITE))     \
			return *at;                                            \
		if (WEAK) {                                                    \
			value = (uint##bits##_t)rm_explore_weak_load(          \
			        ACCESS(at, order, SITE));                      \
		} else {                                                       \
			rm_explore_loaded((uintptr_t)at, sizeof(*at), order);  \
			value = *at;                                           \
		}                                                              \
		SAW(value);                                                    \
		return value;                                                  \
	}                                                                      \
	void RM_EXPLORE_NAME(bits, store)(                                     \
	        volatile uint##bits##_t * at, uint##bits##_t value, int order) \
	{                                                                      \
		if (touch_atomic(                                              \
		            (uintptr_t)at, (bits) / 8, false, true, SITE)) {   \
			SAW(value);                                            \
			if (WEAK) {                                            \
				rm_explore_weak_store(                         \
				        ACCESS(at, order, SITE), value);       \
				return;                                        \
			}                                                      \
			rm_explore_stored((uintptr_t)at, sizeof(*at), order);  \
		}                                                              \
		*at = value;                                                   \
	}                                                                      \
	static uint##bits##_t compare_alone_##bits(                            \
	        volatile uint##bits##_t *at, uint##bits##_t expected,          \
	        uint##bits##_t desired)                                        \
	{                                                                      \
		uint##bits##_t old = *at;                                      \
                                                                               \
		if (old != expected)                                           \
			return old;                                            \
		mark_all((uintptr_t)at, sizeof(*at));                          \
		*at = desired;                                                 \
		return old;                                                    \
	}                                                                      \
	static uint##bits##_t compare_weak_##bits(volatile uint##bits##_t *at, \
	        uint##bits##_t expected, uint##bits##_t desired, int order,    \
	        int failure, const void *site)                                 \
	{                                                                      \
		rm_explore_value seen;                                         \
                                                                               \
		touch_compared((uintptr_t)at, (bits) / 8, false, site);        \
		if (rm_explore_weak_fails(                                     \
		            ACCESS(at, failure, site), expected, &seen))       \
			return (uint##bits##_t)seen;                           \
		touch_compared((uintptr_t)at, (bits) / 8, true, site);         \
		rm_explore_weak_change(ACCESS(at, order, site));               \
		*at = desired;                                                 \
		return expected;                                               \
	}                                                                      \
	static uint##bits##_t compare_##bits(volatile uint##bits##_t *at,      \
	        uint##bits##_t expected, uint##bits##_t desired, int order,    \
	        int failure, const void *site)                                 \
	{                                                                      \
		uint##bits##_t old;                                            \
                                                                               \
		if (!arrive_to_compare((uintptr_t)at, (bits) / 8, site))       \
			return compare_alone_##bits(at, expected, desired);    \
		old = WEAK ? compare_weak_##bits(at, expected, desired, order, \
		                     failure, site)                            \
		           : *at;                                              \
		SAW(old == expected ? desired : old);                          \
		if (WEAK)                                                      \
			return old;                                            \
		touch_compared(                                                \
		        (uintptr_t)at, (bits) / 8, old == expected, site);     \
		if (old == expected) {                                         \
			rm_explore_changed((uintptr_t)at, sizeof(*at), order); \
			*at = desired;                                         \
		} else {                                                       \
			rm_explore_loaded(                                     \
			        (uintptr_t)at, sizeof(*at), failure);          \
		}                                                              \
		return old;                                                    \
	}                                                                      \
	uint##bits##_t RM_EXPLORE_NAME(bits, compare_exchange_val)(            \
	        volatile uint##bits##_t * at, uint##bits##_t expected,         \
	        uint##bits##_t desired, int order, int failure)                \
	{                                                                      \
		return compare_##bits(                                         \
		        at, expected, desired, order, failure, SITE);          \
	}                                                                      \
	RM_EXPLORE_CHANGE(bits, exchange, value)                               \
	RM_EXPLORE_CHANGE(bits, fetch_add, old + value)                        \
	RM_EXPLORE_CHANGE(bits, fetch_sub, old - value)                        \
	RM_EXPLORE_CHANGE(bits, fetch_and, old &(value))                       \
	RM_EXPLORE_CHANGE(bits, fetch_or, old | (value))                       \
	RM_EXPLORE_CHANGE(bits, fetch_xor, old ^ (value))                      \
	RM_EXPLORE_CHANGE(bits, fetch_nand, ~(old & (value)))                  \
	RM_EXPLORE_COMPARE(bits, strong)                                       \
	RM_EXPLORE_COMPARE(bits, weak)

RM_EXPLORE_ATOMIC(8)
RM_EXPLORE_ATOMIC(16)
RM_EXPLORE_ATOMIC(32)
RM_EXPLORE_ATOMIC(64)
RM_EXPLORE_ATOMIC(128)

void __tsan_atomic_thread_fence(int order)
{
	if (WEAK)
		rm_explore_weak_fence(order, SITE);
	else
		rm_explore_fenced(order);
}

void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

/* Returns the number of bytes up to the next multiple of 8, at most `bytes`. */
static size_t word(uintptr_t address, size_t bytes)
{
	size_t part = 8 - address % 8;

	return part < bytes ? part : bytes;
}

/* Copies a word at a time; each read and each write is a step. A copy made
   while another lane writes may mix old and new words. */
void *rm_sim_memcpy(void *to, const void *from, size_t bytes)
{
	char *out = to;
	const char *in = from;

	while (bytes) {
		size_t part = word((uintptr_t)in, bytes);
		size_t room = word((uintptr_t)out, part);

		touch((uintptr_t)in, (unsigned)room, false, false, SITE);
		uint64_t held = 0;

		memcpy(&held, in, room);
		touch((uintptr_t)out, (unsigned)room, true, false, SITE);
		mark_initialised((uintptr_t)out, (unsigned)room);
		memcpy(out, &held, room);
		out += room;
		in += room;
		bytes -= room;
	}
	return to;
}

void *rm_sim_memmove(void *to, const void *from, size_t bytes)
{
	touch_all((uintptr_t)from, bytes, false, SITE);
	touch_all((uintptr_t)to, bytes, true, SITE);
	/* the copy reads each source word one step later */
	rm_explore_mark_opaque();
	return memmove(to, from, bytes);
}

void *rm_sim_memset(void *to, int value, size_t bytes)
{
	touch_all((uintptr_t)to, bytes, true, SITE);
	return memset(to, value, bytes);
}

int rm_sim_memcmp(const void *a, const void *b, size_t bytes)
{
	const char *left = a, *right = b;

	while (bytes) {
		size_t part =
		        word((uintptr_t)left, word((uintptr_t)right, bytes));
		int difference;

		touch((uintptr_t)left, (unsigned)part, false, false, SITE);
		touch((uintptr_t)right, (unsigned)part, false, false, SITE);
		check_initialised((uintptr_t)left, (unsigned)part, SITE);
		check_initialised((uintptr_t)right, (unsigned)part, SITE);
		difference = memcmp(left, right, part);
		if (difference)
			return difference;
		left += part;
		right += part;
		bytes -= part;
	}
	return 0;
}

/* If only equality is used, clang replaces memcmp() by bcmp(). */
int rm_sim_bcmp(const void *a, const void *b, size_t bytes)
{
	return rm_sim_memcmp(a, b, bytes);
}
