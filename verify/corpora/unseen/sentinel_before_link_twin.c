/* SPDX-License-Identifier: Apache-2.0 */
/* sentinel_before_link_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    sentinel_before_link_twin
#include "verify/corpora/unseen/sentinel_before_link.c"
