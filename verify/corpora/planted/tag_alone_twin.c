/* SPDX-License-Identifier: Apache-2.0 */
/* tag_alone_twin.c - tag_alone.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID tag_alone_twin
#include "verify/corpora/planted/tag_alone.c"
