/* SPDX-License-Identifier: Apache-2.0 */
/* ck_212_twin.c - ck_212.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID ck_212_twin
#include "verify/corpora/bugs/ck_212.c"
