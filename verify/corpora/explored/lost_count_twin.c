/* SPDX-License-Identifier: Apache-2.0 */
/* lost_count_twin.c - lost_count.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID lost_count_twin
#include "verify/corpora/explored/lost_count.c"
