/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touch.c - reports every access of simulated code to the model.
 *
 * Implements the functions to which compilers insert calls with
 * -fsanitize=thread, so the compilers determine names and types (gcc 12:
 * gcc/tsan.cc; clang 14: ThreadSanitizer.cpp). Plain accesses are reported
 * before they happen. Atomic accesses are executed in this file. Accesses to
 * C++ objects and to vectors over 16 bytes are not implemented, so
 * simulatable.sh rejects maps that need them.
 *
 * Cores take turns on one host thread, and switch only within touch(), so the
 * code between two calls is atomic. The model is sequentially consistent, so
 * C11 memory orders have no effect, but full fences cost time.
 *
 * memcpy() and similar functions call the host's library and count its accesses
 * in its order, 16 bytes at a time.
 */
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/space.h"
#include "runner/sim/guest/world.h"

#include <string.h>

/* Only compiled code calls these functions, so they have no prototypes. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define SITE __builtin_return_address(0)

__extension__ typedef unsigned __int128 uint128_t;

#define RM_SIM_NAME(bits, name) __tsan_atomic##bits##_##name

static void one_line(struct rm_sim_core *core, uint64_t offset, unsigned bytes,
        enum rm_sim_kind kind, const void *site)
{
	uint32_t line = (uint32_t)(offset / RM_SIM_LINE_BYTES);

	while (!rm_sim_access_slow(
	        core, line, rm_sim_bytes(offset, bytes), kind, site))
		rm_sim_world_yield();
}

/* Not inlined, so that touch() can call it as its last action and a hit saves
   no register. */
__attribute__((noinline)) static void touch_slow(uintptr_t address,
        size_t bytes, enum rm_sim_kind kind, const void *site)
{
	struct rm_sim_core *core = rm_sim_running;

	while (bytes && core) {
		size_t room = RM_SIM_LINE_BYTES - address % RM_SIM_LINE_BYTES;
		size_t part = bytes < room ? bytes : room;
		uint64_t offset = rm_sim_space_offset(address);

		if (offset == RM_SIM_NOWHERE)
			rm_sim_world->foreign++;
		else
			one_line(core, offset, (unsigned)part, kind, site);
		address += part;
		bytes -= part;
	}
}

/* Reports one access of 1 .. 64 bytes before the program executes it. `kind` is
   a constant. Returns when the program may execute it. */
__attribute__((always_inline)) static inline void touch(uintptr_t address,
        unsigned bytes, enum rm_sim_kind kind, const void *site)
{
	struct rm_sim_core *core = rm_sim_running;
	uint64_t offset = address - RM_SIM_BASE;

	/* a tail call, so that a hit saves no register */
	if (__builtin_expect(
	            core && offset < RM_SIM_MAPPED_BYTES &&
	                    offset % RM_SIM_LINE_BYTES + bytes <=
	                            RM_SIM_LINE_BYTES &&
	                    rm_sim_hit(core,
	                            (uint32_t)(offset / RM_SIM_LINE_BYTES),
	                            rm_sim_bytes(offset, bytes), kind),
	            1))
		return;
	touch_slow(address, bytes, kind, site);
}

/* The constructor of each object calls this, before main(). */
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

#define RM_SIM_PLAIN_ONE(name, bytes, kind)                   \
	void __tsan_##name##bytes(void *address)              \
	{                                                     \
		touch((uintptr_t)address, bytes, kind, SITE); \
	}

#define RM_SIM_PLAIN(bytes)                                  \
	RM_SIM_PLAIN_ONE(read, bytes, RM_SIM_LOAD)           \
	RM_SIM_PLAIN_ONE(write, bytes, RM_SIM_STORE)         \
	RM_SIM_PLAIN_ONE(unaligned_read, bytes, RM_SIM_LOAD) \
	RM_SIM_PLAIN_ONE(unaligned_write, bytes, RM_SIM_STORE)

RM_SIM_PLAIN(1)
RM_SIM_PLAIN(2)
RM_SIM_PLAIN(4)
RM_SIM_PLAIN(8)
RM_SIM_PLAIN(16)

/* Reports an inlined copy of a struct. */
void __tsan_read_range(void *address, size_t bytes)
{
	touch_slow((uintptr_t)address, bytes, RM_SIM_LOAD, SITE);
}

void __tsan_write_range(void *address, size_t bytes)
{
	touch_slow((uintptr_t)address, bytes, RM_SIM_STORE, SITE);
}

/* On the described machines, a full fence drains the core's store buffer. Other
   fences cost nothing. */
static void fence(int order)
{
	struct rm_sim_core *core = rm_sim_running;

	if (core && order == __ATOMIC_SEQ_CST)
		rm_sim_spend(core,
		        rm_sim_world->options.mach->cost[RM_SIM_COST_FENCE]
		                .value);
}

/* Defines a read-modify-write function. The expression computes the new value
   from `old`. */
#define RM_SIM_CHANGE(bits, name, changed)                                     \
	uint##bits##_t RM_SIM_NAME(bits, name)(                                \
	        volatile uint##bits##_t * at, uint##bits##_t value, int order) \
	{                                                                      \
		uint##bits##_t old;                                            \
                                                                               \
		(void)order;                                                   \
		touch((uintptr_t)at, (bits) / 8, RM_SIM_RMW, SITE);            \
		old = *at;                                                     \
		*at = (uint##bits##_t)(changed);                               \
		return old;                                                    \
	}

#define RM_SIM_COMPARE(bits, name)                                       \
	int RM_SIM_NAME(bits, compare_exchange_##name)(                  \
	        volatile uint##bits##_t * at, uint##bits##_t * expected, \
	        uint##bits##_t desired, int order, int failure)          \
	{                                                                \
		uint##bits##_t old =                                     \
		        compare_##bits(at, *expected, desired, SITE);    \
		int same = old == *expected;                             \
                                                                         \
		(void)order;                                             \
		(void)failure;                                           \
		if (!same)                                               \
			*expected = old;                                 \
		return same;                                             \
	}

#define RM_SIM_ATOMIC(bits)                                                   \
	uint##bits##_t __tsan_atomic##bits##_load(                            \
	        const volatile uint##bits##_t *at, int order)                 \
	{                                                                     \
		(void)order;                                                  \
		touch((uintptr_t)at, (bits) / 8, RM_SIM_ATOMIC_LOAD, SITE);   \
		return *at;                                                   \
	}                                                                     \
	void __tsan_atomic##bits##_store(                                     \
	        volatile uint##bits##_t *at, uint##bits##_t value, int order) \
	{                                                                     \
		touch((uintptr_t)at, (bits) / 8, RM_SIM_ATOMIC_STORE, SITE);  \
		fence(order);                                                 \
		*at = value;                                                  \
	}                                                                     \
	__attribute__((always_inline)) static inline uint##bits##_t           \
	        compare_##bits(volatile uint##bits##_t *at,                   \
	                uint##bits##_t expected, uint##bits##_t desired,      \
	                const void *site)                                     \
	{                                                                     \
		uint##bits##_t old;                                           \
                                                                              \
		touch((uintptr_t)at, (bits) / 8, RM_SIM_RMW, site);           \
		old = *at;                                                    \
		if (old == expected)                                          \
			*at = desired;                                        \
		return old;                                                   \
	}                                                                     \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(            \
	        volatile uint##bits##_t *at, uint##bits##_t expected,         \
	        uint##bits##_t desired, int order, int failure)               \
	{                                                                     \
		(void)order;                                                  \
		(void)failure;                                                \
		return compare_##bits(at, expected, desired, SITE);           \
	}                                                                     \
	RM_SIM_CHANGE(bits, exchange, value)                                  \
	RM_SIM_CHANGE(bits, fetch_add, old + value)                           \
	RM_SIM_CHANGE(bits, fetch_sub, old - value)                           \
	RM_SIM_CHANGE(bits, fetch_and, old &(value))                          \
	RM_SIM_CHANGE(bits, fetch_or, old | (value))                          \
	RM_SIM_CHANGE(bits, fetch_xor, old ^ (value))                         \
	RM_SIM_CHANGE(bits, fetch_nand, ~(old & (value)))                     \
	RM_SIM_COMPARE(bits, strong)                                          \
	RM_SIM_COMPARE(bits, weak)

RM_SIM_ATOMIC(8)
RM_SIM_ATOMIC(16)
RM_SIM_ATOMIC(32)
RM_SIM_ATOMIC(64)
RM_SIM_ATOMIC(128)

void __tsan_atomic_thread_fence(int order)
{
	fence(order);
}

void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

enum { STEP = 16 };

/* Reports 16 bytes at a time, since the host's library uses vector accesses. */
static void touch_all(
        const void *at, size_t bytes, enum rm_sim_kind kind, const void *site)
{
	uintptr_t address = (uintptr_t)at;

	for (; bytes > STEP; bytes -= STEP, address += STEP)
		touch_slow(address, STEP, kind, site);
	touch_slow(address, bytes, kind, site);
}

static void touch_copy(
        const void *to, const void *from, size_t bytes, const void *site)
{
	for (size_t done = 0; done < bytes; done += STEP) {
		size_t part = bytes - done < STEP ? bytes - done : STEP;

		touch_slow((uintptr_t)from + done, part, RM_SIM_LOAD, site);
		touch_slow((uintptr_t)to + done, part, RM_SIM_STORE, site);
	}
}

void *rm_sim_memcpy(void *to, const void *from, size_t bytes)
{
	touch_copy(to, from, bytes, SITE);
	return memcpy(to, from, bytes);
}

void *rm_sim_memmove(void *to, const void *from, size_t bytes)
{
	touch_copy(to, from, bytes, SITE);
	return memmove(to, from, bytes);
}

void *rm_sim_memset(void *to, int value, size_t bytes)
{
	touch_all(to, bytes, RM_SIM_STORE, SITE);
	return memset(to, value, bytes);
}

/* Counts the accesses up to the first 16 bytes that differ. */
int rm_sim_memcmp(const void *a, const void *b, size_t bytes)
{
	for (size_t done = 0; done < bytes; done += STEP) {
		size_t part = bytes - done < STEP ? bytes - done : STEP;
		const char *left = (const char *)a + done;
		const char *right = (const char *)b + done;
		int difference;

		touch_all(left, part, RM_SIM_LOAD, SITE);
		touch_all(right, part, RM_SIM_LOAD, SITE);
		difference = memcmp(left, right, part);
		if (difference)
			return difference;
	}
	return 0;
}

void rm_sim_touch(const void *at, size_t bytes, bool write, const void *site)
{
	touch_slow(
	        (uintptr_t)at, bytes, write ? RM_SIM_STORE : RM_SIM_LOAD, site);
}

/* clang calls this for a memcmp() whose sign is not used. */
int rm_sim_bcmp(const void *a, const void *b, size_t bytes)
{
	return rm_sim_memcmp(a, b, bytes);
}
