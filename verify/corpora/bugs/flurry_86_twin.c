/* SPDX-License-Identifier: Apache-2.0 */
/* flurry_86_twin.c - flurry_86.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID flurry_86_twin
#include "verify/corpora/bugs/flurry_86.c"
