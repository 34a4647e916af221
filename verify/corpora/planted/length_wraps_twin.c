/* SPDX-License-Identifier: Apache-2.0 */
/* length_wraps_twin.c - length_wraps.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID length_wraps_twin
#include "verify/corpora/planted/length_wraps.c"
