/* SPDX-License-Identifier: Apache-2.0 */
/* waits_inside_twin.c - waits_inside.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID waits_inside_twin
#include "verify/corpora/explored/waits_inside.c"
