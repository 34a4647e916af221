/* SPDX-License-Identifier: Apache-2.0 */
/* cpython_121388_twin.c - cpython_121388.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID cpython_121388_twin
#include "verify/corpora/bugs/cpython_121388.c"
