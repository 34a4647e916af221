/* SPDX-License-Identifier: Apache-2.0 */
/* generation_wraps_twin.c - generation_wraps.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID generation_wraps_twin
#include "verify/corpora/planted/generation_wraps.c"
