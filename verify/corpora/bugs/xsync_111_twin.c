/* SPDX-License-Identifier: Apache-2.0 */
/* xsync_111_twin.c - xsync_111.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID xsync_111_twin
#include "verify/corpora/bugs/xsync_111.c"
