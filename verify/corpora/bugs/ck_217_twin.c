/* SPDX-License-Identifier: Apache-2.0 */
/* ck_217_twin.c - ck_217.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID ck_217_twin
#include "verify/corpora/bugs/ck_217.c"
