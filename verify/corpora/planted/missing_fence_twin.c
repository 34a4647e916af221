/* SPDX-License-Identifier: Apache-2.0 */
/* missing_fence_twin.c - missing_fence.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID missing_fence_twin
#include "verify/corpora/planted/missing_fence.c"
