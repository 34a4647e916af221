/* SPDX-License-Identifier: Apache-2.0 */
/* reads_unwritten_twin.c - reads_unwritten.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID reads_unwritten_twin
#include "verify/corpora/explored/reads_unwritten.c"
