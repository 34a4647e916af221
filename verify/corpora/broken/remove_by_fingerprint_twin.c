/* SPDX-License-Identifier: Apache-2.0 */
/* remove_by_fingerprint_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    remove_by_fingerprint_twin
#include "verify/corpora/broken/remove_by_fingerprint.c"
