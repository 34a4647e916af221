/* SPDX-License-Identifier: Apache-2.0 */
/* cuckoo_buckets_in_turn_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    cuckoo_buckets_in_turn_twin
#include "verify/corpora/unseen/cuckoo_buckets_in_turn.c"
