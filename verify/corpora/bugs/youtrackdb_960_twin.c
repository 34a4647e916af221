/* SPDX-License-Identifier: Apache-2.0 */
/* youtrackdb_960_twin.c - youtrackdb_960.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID youtrackdb_960_twin
#include "verify/corpora/bugs/youtrackdb_960.c"
