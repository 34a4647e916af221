/* SPDX-License-Identifier: Apache-2.0 */
/* kvdk_108_twin.c - kvdk_108.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID kvdk_108_twin
#include "verify/corpora/bugs/kvdk_108.c"
