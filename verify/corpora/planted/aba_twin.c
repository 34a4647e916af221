/* SPDX-License-Identifier: Apache-2.0 */
/* aba_twin.c - aba.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID aba_twin
#include "verify/corpora/planted/aba.c"
