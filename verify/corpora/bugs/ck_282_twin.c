/* SPDX-License-Identifier: Apache-2.0 */
/* ck_282_twin.c - ck_282.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID ck_282_twin
#include "verify/corpora/bugs/ck_282.c"
