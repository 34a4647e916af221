/* SPDX-License-Identifier: Apache-2.0 */
/*
 * abi.c - what the compiler calls where it was told -fsanitize=thread.
 *
 * The names and types are the compilers' (gcc 12: gcc/tsan.cc; clang 14:
 * ThreadSanitizer.cpp): plain accesses are announced before they happen,
 * atomic ones (abi_atomic.c) are done here.
 */
#include "runner/sim/guest/abi.h"
#include "runner/sim/guest/touch.h"

#define SITE __builtin_return_address(0)

/* Of each object's constructor, before main(). */
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

#define RM_SIM_PLAIN(bytes)                                                  \
	void __tsan_read##bytes(void *address)                               \
	{                                                                    \
		rm_sim_touch((uintptr_t)address, bytes, RM_SIM_LOAD, SITE);  \
	}                                                                    \
	void __tsan_write##bytes(void *address)                              \
	{                                                                    \
		rm_sim_touch((uintptr_t)address, bytes, RM_SIM_STORE, SITE); \
	}                                                                    \
	void __tsan_unaligned_read##bytes(void *address)                     \
	{                                                                    \
		rm_sim_touch((uintptr_t)address, bytes, RM_SIM_LOAD, SITE);  \
	}                                                                    \
	void __tsan_unaligned_write##bytes(void *address)                    \
	{                                                                    \
		rm_sim_touch((uintptr_t)address, bytes, RM_SIM_STORE, SITE); \
	}

RM_SIM_PLAIN(1)
RM_SIM_PLAIN(2)
RM_SIM_PLAIN(4)
RM_SIM_PLAIN(8)
RM_SIM_PLAIN(16)

/* An inlined copy of a struct. */
void __tsan_read_range(void *address, size_t bytes)
{
	rm_sim_touch_slow((uintptr_t)address, bytes, RM_SIM_LOAD, SITE);
}

void __tsan_write_range(void *address, size_t bytes)
{
	rm_sim_touch_slow((uintptr_t)address, bytes, RM_SIM_STORE, SITE);
}
