/* SPDX-License-Identifier: Apache-2.0 */
/* tsan_calls.h - declares, for tests, the functions that the compiler calls for
   memory accesses of maps. */
#ifndef RM_TESTS_TSAN_CALLS_H
#define RM_TESTS_TSAN_CALLS_H

#include <stdint.h>

uint32_t __tsan_atomic32_load(const volatile uint32_t *at, int order);
uint64_t __tsan_atomic64_load(const volatile uint64_t *at, int order);
void __tsan_atomic32_store(volatile uint32_t *at, uint32_t value, int order);
void __tsan_atomic64_store(volatile uint64_t *at, uint64_t value, int order);
uint64_t __tsan_atomic64_fetch_add(
        volatile uint64_t *at, uint64_t value, int order);
int __tsan_atomic64_compare_exchange_strong(volatile uint64_t *at,
        uint64_t *expected, uint64_t value, int order, int failure);
__extension__ typedef unsigned __int128 tsan_uint128;
tsan_uint128 __tsan_atomic128_load(const volatile tsan_uint128 *at, int order);
int __tsan_atomic128_compare_exchange_strong(volatile tsan_uint128 *at,
        tsan_uint128 *expected, tsan_uint128 value, int order, int failure);
void __tsan_atomic_thread_fence(int order);
void __tsan_write4(void *address);
void __tsan_write8(void *address);
void __tsan_read8(void *address);

#endif /* RM_TESTS_TSAN_CALLS_H */
