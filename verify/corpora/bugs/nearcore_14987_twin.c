/* SPDX-License-Identifier: Apache-2.0 */
/* nearcore_14987_twin.c - nearcore_14987.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID nearcore_14987_twin
#include "verify/corpora/bugs/nearcore_14987.c"
