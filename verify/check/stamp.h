/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.h - stamps of the begin and end of an operation, for histories. The
 * invariant time stamp counter orders events of all CPUs and is not a fence for
 * stores. So if a store is still in the store buffer when its operation
 * returns, the history shows an impossible order. A shared counter also orders
 * events, but its locked instruction drains the store buffer. Store buffering
 * then remains invisible, which the check's output reports. */
#ifndef RM_STAMP_H
#define RM_STAMP_H

#include "runner/map.h"

#include <stdatomic.h>

struct rm_stamps {
	/* All threads write the counter, so it has its own cache line. */
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t sequence;
	_Alignas(RM_CACHE_LINE) bool tsc; /* false: the shared counter */
	const char *why; /* why the TSC is not used; NULL if it is */
};

/* Chooses the counter. The TSC is used if the CPU declares it invariant, and
 * threads that run on two CPUs at the same time never see it go backwards. This
 * takes a few milliseconds. On a machine where they do not run together it
 * takes 0.2 s, and the shared counter is used. Call while no other thread
 * runs. */
void rm_stamps_choose(struct rm_stamps *stamps);

/* Returns true if the CPU promises a constant rate in all power states. */
bool rm_tsc_invariant(void);

/* The counter is read after all earlier loads and before all later
 * instructions. Earlier stores may still be buffered. */
#if defined(__x86_64__)
static inline uint64_t rm_tsc(void)
{
	unsigned aux;
	/* rdtscp waits for earlier loads, lfence delays what follows: Intel SDM
	 * vol. 2B, RDTSCP; AMD APM vol. 3 */
	uint64_t now = __builtin_ia32_rdtscp(&aux);

	__builtin_ia32_lfence();
	return now;
}
#else /* AArch64 */
static inline uint64_t rm_tsc(void)
{
	uint64_t now;

	/* isb: the counter may be read early (Arm ARM, D12.1.2) */
	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb"
	                 : "=r"(now)
	                 :
	                 : "memory");
	return now;
}
#endif

static inline uint64_t rm_stamp(struct rm_stamps *stamps)
{
	if (stamps->tsc)
		return rm_tsc();
	/* seq_cst: a total order of all stamps and of what is between them */
	return atomic_fetch_add_explicit(
	        &stamps->sequence, 1, memory_order_seq_cst);
}

#endif /* RM_STAMP_H */
