/* SPDX-License-Identifier: Apache-2.0 */
/* mover_starves_twin.c - mover_starves.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID mover_starves_twin
#include "verify/corpora/planted/mover_starves.c"
