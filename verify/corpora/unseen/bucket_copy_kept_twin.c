/* SPDX-License-Identifier: Apache-2.0 */
/* bucket_copy_kept_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    bucket_copy_kept_twin
#include "verify/corpora/unseen/bucket_copy_kept.c"
