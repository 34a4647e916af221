/* SPDX-License-Identifier: Apache-2.0 */
/*
 * abi.h - the functions that instrumented code calls; nobody else does.
 *
 * Not here, so that a map which needs one is named by the lint and not
 * simulated wrongly: accesses of C++ objects and of vectors over 16 bytes.
 */
#ifndef RM_SIM_ABI_H
#define RM_SIM_ABI_H

#include <stddef.h>
#include <stdint.h>

void __tsan_init(void);
void __tsan_func_entry(void *call);
void __tsan_func_exit(void);
void __tsan_read_range(void *address, size_t bytes);
void __tsan_write_range(void *address, size_t bytes);

#define RM_SIM_DECLARE_PLAIN(bytes)                       \
	void __tsan_read##bytes(void *address);           \
	void __tsan_write##bytes(void *address);          \
	void __tsan_unaligned_read##bytes(void *address); \
	void __tsan_unaligned_write##bytes(void *address);

RM_SIM_DECLARE_PLAIN(1)
RM_SIM_DECLARE_PLAIN(2)
RM_SIM_DECLARE_PLAIN(4)
RM_SIM_DECLARE_PLAIN(8)
RM_SIM_DECLARE_PLAIN(16)

typedef uint8_t rm_sim_u8;
typedef uint16_t rm_sim_u16;
typedef uint32_t rm_sim_u32;
typedef uint64_t rm_sim_u64;
__extension__ typedef unsigned __int128 rm_sim_u128;

#define RM_SIM_NAME(bits, name) __tsan_atomic##bits##_##name

#define RM_SIM_DECLARE_CHANGE(bits, name)                                    \
	rm_sim_u##bits RM_SIM_NAME(bits, name)(volatile rm_sim_u##bits * at, \
	        rm_sim_u##bits value, int order);

#define RM_SIM_DECLARE_COMPARE(bits, name)                               \
	int RM_SIM_NAME(bits, compare_exchange_##name)(                  \
	        volatile rm_sim_u##bits * at, rm_sim_u##bits * expected, \
	        rm_sim_u##bits desired, int order, int failure);

/* `order` is C11's; the model is sequentially consistent. */
#define RM_SIM_DECLARE_ATOMIC(bits)                                            \
	rm_sim_u##bits __tsan_atomic##bits##_load(                             \
	        const volatile rm_sim_u##bits *at, int order);                 \
	void __tsan_atomic##bits##_store(                                      \
	        volatile rm_sim_u##bits *at, rm_sim_u##bits value, int order); \
	RM_SIM_DECLARE_CHANGE(bits, exchange)                                  \
	RM_SIM_DECLARE_CHANGE(bits, fetch_add)                                 \
	RM_SIM_DECLARE_CHANGE(bits, fetch_sub)                                 \
	RM_SIM_DECLARE_CHANGE(bits, fetch_and)                                 \
	RM_SIM_DECLARE_CHANGE(bits, fetch_or)                                  \
	RM_SIM_DECLARE_CHANGE(bits, fetch_xor)                                 \
	RM_SIM_DECLARE_CHANGE(bits, fetch_nand)                                \
	RM_SIM_DECLARE_COMPARE(bits, strong)                                   \
	RM_SIM_DECLARE_COMPARE(bits, weak)                                     \
	rm_sim_u##bits __tsan_atomic##bits##_compare_exchange_val(             \
	        volatile rm_sim_u##bits *at, rm_sim_u##bits expected,          \
	        rm_sim_u##bits desired, int order, int failure);

RM_SIM_DECLARE_ATOMIC(8)
RM_SIM_DECLARE_ATOMIC(16)
RM_SIM_DECLARE_ATOMIC(32)
RM_SIM_DECLARE_ATOMIC(64)
RM_SIM_DECLARE_ATOMIC(128)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

#endif /* RM_SIM_ABI_H */
