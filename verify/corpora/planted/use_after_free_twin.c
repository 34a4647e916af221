/* SPDX-License-Identifier: Apache-2.0 */
/* use_after_free_twin.c - use_after_free.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID use_after_free_twin
#include "verify/corpora/planted/use_after_free.c"
