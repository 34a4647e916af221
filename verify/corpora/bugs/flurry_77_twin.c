/* SPDX-License-Identifier: Apache-2.0 */
/* flurry_77_twin.c - flurry_77.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID flurry_77_twin
#include "verify/corpora/bugs/flurry_77.c"
