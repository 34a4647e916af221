/* SPDX-License-Identifier: Apache-2.0 */
/* behind_block_twin.c - behind_block.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID behind_block_twin
#include "verify/corpora/explored/behind_block.c"
