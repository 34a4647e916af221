/* SPDX-License-Identifier: Apache-2.0 */
/* cornelk_21_twin.c - cornelk_21.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID cornelk_21_twin
#include "verify/corpora/bugs/cornelk_21.c"
