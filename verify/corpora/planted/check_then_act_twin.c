/* SPDX-License-Identifier: Apache-2.0 */
/* check_then_act_twin.c - check_then_act.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID check_then_act_twin
#include "verify/corpora/planted/check_then_act.c"
