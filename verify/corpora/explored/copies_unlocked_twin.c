/* SPDX-License-Identifier: Apache-2.0 */
/* copies_unlocked_twin.c - copies_unlocked.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID copies_unlocked_twin
#include "verify/corpora/explored/copies_unlocked.c"
