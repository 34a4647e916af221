/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_shard_twin.c - wrong_shard.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID wrong_shard_twin
#include "verify/corpora/planted/wrong_shard.c"
