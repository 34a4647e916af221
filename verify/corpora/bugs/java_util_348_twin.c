/* SPDX-License-Identifier: Apache-2.0 */
/* java_util_348_twin.c - java_util_348.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID java_util_348_twin
#include "verify/corpora/bugs/java_util_348.c"
