/* SPDX-License-Identifier: Apache-2.0 */
/* number_wraps_twin.c - number_wraps.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID number_wraps_twin
#include "verify/corpora/planted/number_wraps.c"
