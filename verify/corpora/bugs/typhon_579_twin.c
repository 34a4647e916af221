/* SPDX-License-Identifier: Apache-2.0 */
/* typhon_579_twin.c - typhon_579.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID typhon_579_twin
#include "verify/corpora/bugs/typhon_579.c"
