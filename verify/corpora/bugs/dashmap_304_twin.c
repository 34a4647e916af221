/* SPDX-License-Identifier: Apache-2.0 */
/* dashmap_304_twin.c - dashmap_304.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID dashmap_304_twin
#include "verify/corpora/bugs/dashmap_304.c"
