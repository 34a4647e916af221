/* SPDX-License-Identifier: Apache-2.0 */
/* xsync_112_twin.c - xsync_112.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID xsync_112_twin
#include "verify/corpora/bugs/xsync_112.c"
