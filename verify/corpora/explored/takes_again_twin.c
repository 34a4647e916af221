/* SPDX-License-Identifier: Apache-2.0 */
/* takes_again_twin.c - takes_again.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID takes_again_twin
#include "verify/corpora/explored/takes_again.c"
