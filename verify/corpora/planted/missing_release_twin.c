/* SPDX-License-Identifier: Apache-2.0 */
/* missing_release_twin.c - missing_release.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID missing_release_twin
#include "verify/corpora/planted/missing_release.c"
