/* SPDX-License-Identifier: Apache-2.0 */
/* artemis_1851_twin.c - artemis_1851.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID artemis_1851_twin
#include "verify/corpora/bugs/artemis_1851.c"
