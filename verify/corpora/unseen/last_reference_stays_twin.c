/* SPDX-License-Identifier: Apache-2.0 */
/* last_reference_stays_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    last_reference_stays_twin
#include "verify/corpora/unseen/last_reference_stays.c"
