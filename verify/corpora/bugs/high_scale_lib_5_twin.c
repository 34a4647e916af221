/* SPDX-License-Identifier: Apache-2.0 */
/* high_scale_lib_5_twin.c - high_scale_lib_5.c with its bug corrected. */
#define BUG_TWIN
#define BUG_ID high_scale_lib_5_twin
#include "verify/corpora/bugs/high_scale_lib_5.c"
