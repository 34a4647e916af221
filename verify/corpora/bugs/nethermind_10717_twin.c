/* SPDX-License-Identifier: Apache-2.0 */
/* nethermind_10717_twin.c - nethermind_10717.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID nethermind_10717_twin
#include "verify/corpora/bugs/nethermind_10717.c"
