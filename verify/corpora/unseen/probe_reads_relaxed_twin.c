/* SPDX-License-Identifier: Apache-2.0 */
/* probe_reads_relaxed_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    probe_reads_relaxed_twin
#include "verify/corpora/unseen/probe_reads_relaxed.c"
