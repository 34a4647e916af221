/* SPDX-License-Identifier: Apache-2.0 */
/* tombstone_revived_twin.c - tombstone_revived.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID tombstone_revived_twin
#include "verify/corpora/planted/tombstone_revived.c"
