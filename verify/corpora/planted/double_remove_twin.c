/* SPDX-License-Identifier: Apache-2.0 */
/* double_remove_twin.c - double_remove.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID double_remove_twin
#include "verify/corpora/planted/double_remove.c"
