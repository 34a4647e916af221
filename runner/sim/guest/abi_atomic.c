/* SPDX-License-Identifier: Apache-2.0 */
/*
 * abi_atomic.c - atomic operations of instrumented code.
 *
 * Cores take turns on one host thread, and only where rm_sim_touch() says so:
 * what follows it here is atomic as plain code. The model is sequentially
 * consistent, so the order is not looked at but for full fences, which cost.
 */
#include "runner/sim/guest/abi.h"
#include "runner/sim/guest/touch.h"

#define SITE __builtin_return_address(0)

/* On the machines that are described a full fence drains the core's stores;
   all others cost nothing there. */
static void fence(int order)
{
	struct rm_sim_core *core = rm_sim_running;

	if (core && order == __ATOMIC_SEQ_CST)
		rm_sim_spend(core, rm_sim_machine(rm_sim_world->model)
		                           ->cost[RM_SIM_COST_FENCE]
		                           .value);
}

/* A read-modify-write; the expression makes the new value from `old`. */
#define RM_SIM_CHANGE(bits, name, changed)                                     \
	rm_sim_u##bits RM_SIM_NAME(bits, name)(                                \
	        volatile rm_sim_u##bits * at, rm_sim_u##bits value, int order) \
	{                                                                      \
		rm_sim_u##bits old;                                            \
                                                                               \
		(void)order;                                                   \
		rm_sim_touch((uintptr_t)at, (bits) / 8, RM_SIM_RMW, SITE);     \
		old = *at;                                                     \
		*at = (rm_sim_u##bits)(changed);                               \
		return old;                                                    \
	}

#define RM_SIM_COMPARE(bits, name)                                       \
	int RM_SIM_NAME(bits, compare_exchange_##name)(                  \
	        volatile rm_sim_u##bits * at, rm_sim_u##bits * expected, \
	        rm_sim_u##bits desired, int order, int failure)          \
	{                                                                \
		rm_sim_u##bits old =                                     \
		        compare_##bits(at, *expected, desired, SITE);    \
		int same = old == *expected;                             \
                                                                         \
		(void)order;                                             \
		(void)failure;                                           \
		if (!same)                                               \
			*expected = old;                                 \
		return same;                                             \
	}

#define RM_SIM_ATOMIC(bits)                                                    \
	rm_sim_u##bits __tsan_atomic##bits##_load(                             \
	        const volatile rm_sim_u##bits *at, int order)                  \
	{                                                                      \
		(void)order;                                                   \
		rm_sim_touch(                                                  \
		        (uintptr_t)at, (bits) / 8, RM_SIM_ATOMIC_LOAD, SITE);  \
		return *at;                                                    \
	}                                                                      \
	void __tsan_atomic##bits##_store(                                      \
	        volatile rm_sim_u##bits *at, rm_sim_u##bits value, int order)  \
	{                                                                      \
		rm_sim_touch(                                                  \
		        (uintptr_t)at, (bits) / 8, RM_SIM_ATOMIC_STORE, SITE); \
		fence(order);                                                  \
		*at = value;                                                   \
	}                                                                      \
	__attribute__((always_inline)) static inline rm_sim_u##bits            \
	        compare_##bits(volatile rm_sim_u##bits *at,                    \
	                rm_sim_u##bits expected, rm_sim_u##bits desired,       \
	                const void *site)                                      \
	{                                                                      \
		rm_sim_u##bits old;                                            \
                                                                               \
		rm_sim_touch((uintptr_t)at, (bits) / 8, RM_SIM_RMW, site);     \
		old = *at;                                                     \
		if (old == expected)                                           \
			*at = desired;                                         \
		return old;                                                    \
	}                                                                      \
	rm_sim_u##bits __tsan_atomic##bits##_compare_exchange_val(             \
	        volatile rm_sim_u##bits *at, rm_sim_u##bits expected,          \
	        rm_sim_u##bits desired, int order, int failure)                \
	{                                                                      \
		(void)order;                                                   \
		(void)failure;                                                 \
		return compare_##bits(at, expected, desired, SITE);            \
	}                                                                      \
	RM_SIM_CHANGE(bits, exchange, value)                                   \
	RM_SIM_CHANGE(bits, fetch_add, old + value)                            \
	RM_SIM_CHANGE(bits, fetch_sub, old - value)                            \
	RM_SIM_CHANGE(bits, fetch_and, old &(value))                           \
	RM_SIM_CHANGE(bits, fetch_or, old | (value))                           \
	RM_SIM_CHANGE(bits, fetch_xor, old ^ (value))                          \
	RM_SIM_CHANGE(bits, fetch_nand, ~(old & (value)))                      \
	RM_SIM_COMPARE(bits, strong)                                           \
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
