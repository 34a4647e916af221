/* SPDX-License-Identifier: Apache-2.0 */
/* stops_at_nul_twin.c - stops_at_nul.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID stops_at_nul_twin
#include "verify/corpora/planted/stops_at_nul.c"
