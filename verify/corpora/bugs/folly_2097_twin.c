/* SPDX-License-Identifier: Apache-2.0 */
/* folly_2097_twin.c - folly_2097.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID folly_2097_twin
#include "verify/corpora/bugs/folly_2097.c"
