/* SPDX-License-Identifier: Apache-2.0 */
/* removed_stays_twin.c - removed_stays.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID removed_stays_twin
#include "verify/corpora/planted/removed_stays.c"
