/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp.h - when an operation began and ended, for histories.
 *
 * The invariant time stamp counter orders events of all CPUs and is no fence
 * for stores: what the store buffer still holds when an operation returns is
 * visible as an order that cannot be. A shared counter orders as well, but
 * each stamp is a locked instruction, which empties that buffer: store
 * buffering cannot be seen then, and the check's output says so.
 */
#ifndef RM_STAMP_H
#define RM_STAMP_H

#include "runner/map.h"

#include <stdatomic.h>

struct rm_stamps {
	/* A word that all threads write: a line of its own. */
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t sequence;
	_Alignas(RM_CACHE_LINE) bool tsc; /* false: the shared counter */
	const char *why;                  /* not the TSC; NULL where it is */
};

/*
 * Chooses the counter: the CPU says that it is invariant, and no thread sees
 * it go backwards between any two CPUs of this process, while both run at the
 * same time (a few milliseconds; 0.2 s on a machine on which they do not, and
 * then the shared counter is chosen). Call while no other thread runs.
 */
void rm_stamps_choose(struct rm_stamps *stamps);

/* Whether the CPU promises one rate at all times and in all sleep states. */
bool rm_tsc_invariant(void);

/* Nothing of what follows has begun. After all that came before was read;
   its stores may wait. */
#if defined(__x86_64__)
static inline uint64_t rm_tsc(void)
{
	unsigned aux;
	/* rdtscp waits for earlier loads, lfence holds back what follows:
	   Intel SDM vol. 2B, RDTSCP; AMD APM vol. 3 the same */
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
	/* seq_cst: one order of all stamps, and of all that is between them */
	return atomic_fetch_add_explicit(
	        &stamps->sequence, 1, memory_order_seq_cst);
}

#endif /* RM_STAMP_H */
