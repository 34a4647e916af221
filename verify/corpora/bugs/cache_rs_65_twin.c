/* SPDX-License-Identifier: Apache-2.0 */
/* cache_rs_65_twin.c - cache_rs_65.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID cache_rs_65_twin
#include "verify/corpora/bugs/cache_rs_65.c"
