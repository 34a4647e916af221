/* SPDX-License-Identifier: Apache-2.0 */
/* clht_8_twin.c - clht_8.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID clht_8_twin
#include "verify/corpora/bugs/clht_8.c"
