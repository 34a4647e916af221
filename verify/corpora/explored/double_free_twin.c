/* SPDX-License-Identifier: Apache-2.0 */
/* double_free_twin.c - double_free.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID double_free_twin
#include "verify/corpora/explored/double_free.c"
