/* SPDX-License-Identifier: Apache-2.0 */
/* dashmap_195_twin.c - dashmap_195.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID dashmap_195_twin
#include "verify/corpora/bugs/dashmap_195.c"
