/* SPDX-License-Identifier: Apache-2.0 */
/* slabhash_27_twin.c - slabhash_27.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID slabhash_27_twin
#include "verify/corpora/bugs/slabhash_27.c"
