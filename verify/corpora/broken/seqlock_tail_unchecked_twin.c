/* SPDX-License-Identifier: Apache-2.0 */
/* seqlock_tail_unchecked_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    seqlock_tail_unchecked_twin
#include "verify/corpora/broken/seqlock_tail_unchecked.c"
