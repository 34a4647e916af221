/* SPDX-License-Identifier: Apache-2.0 */
/* late_copy_revives_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    late_copy_revives_twin
#include "verify/corpora/unseen/late_copy_revives.c"
