/* SPDX-License-Identifier: Apache-2.0 */
/* folly_1280_twin.c - folly_1280.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID folly_1280_twin
#include "verify/corpora/bugs/folly_1280.c"
