/* SPDX-License-Identifier: Apache-2.0 */
/* xsync_10_twin.c - xsync_10.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID xsync_10_twin
#include "verify/corpora/bugs/xsync_10.c"
