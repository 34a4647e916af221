/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernels.h - small programs whose cache misses are known beforehand.
 *
 * A counter is believed when it sees what must happen in them: an open device
 * or an opened event proves nothing, guests show both and count 0.
 */
#ifndef RM_KERNELS_H
#define RM_KERNELS_H

#include "runner/counters/backend.h"

#include <stddef.h>
#include <stdint.h>

enum rm_kernel {
	RM_KERNEL_HALF,   /* chase through half the L1d: it stays there */
	RM_KERNEL_FOUR,   /* chase through 4 x L1d: each step misses it */
	RM_KERNEL_PAGES,  /* one line per page, more pages than TLB entries */
	RM_KERNEL_SHARED, /* two threads hand one line to and fro */
	RM_KERNELS
};

/* Where kernels run. */
struct rm_kernel_place {
	unsigned cpus[2]; /* different cores of one last-level cache */
	unsigned cores;   /* 1: there is no second core, no SHARED */
	size_t l1d_bytes; /* of cpus[0] */
};

/* "half", ...; and how a message describes it. Static. */
const char *rm_kernel_name(enum rm_kernel kernel);
const char *rm_kernel_text(enum rm_kernel kernel);

/*
 * Chooses CPUs of this process's affinity mask, and reads the L1d's size.
 * Returns 0, or -errno and an error (-ENOENT: unknown L1d).
 */
int rm_kernel_place(struct rm_kernel_place *place, struct rm_error *error);

/*
 * Opens a session, runs the kernel in its window on bound threads, and gives
 * the session's result. At most 0.5 s.
 *
 * session  request and perf_ops are used; threads and cpus are set here
 * steps    out: steps of all threads together (loads; for SHARED handovers,
 *          fewer where the threads did not run at the same time)
 *
 * Returns 0, -errno with an error: also where the session cannot be opened.
 */
int rm_kernel_count(enum rm_kernel kernel, const struct rm_kernel_place *place,
        const struct rm_session_request *session, json_t **result,
        uint64_t *steps, struct rm_error *error);

#endif /* RM_KERNELS_H */
