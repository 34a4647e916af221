/* SPDX-License-Identifier: Apache-2.0 */
/* lost_update_twin.c - lost_update.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID lost_update_twin
#include "verify/corpora/planted/lost_update.c"
