/* SPDX-License-Identifier: Apache-2.0 */
/* dashmap_167_twin.c - dashmap_167.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID dashmap_167_twin
#include "verify/corpora/bugs/dashmap_167.c"
