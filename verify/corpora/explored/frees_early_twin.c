/* SPDX-License-Identifier: Apache-2.0 */
/* frees_early_twin.c - frees_early.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID frees_early_twin
#include "verify/corpora/explored/frees_early.c"
