/* SPDX-License-Identifier: Apache-2.0 */
/* zero_is_absent_twin.c - zero_is_absent.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID zero_is_absent_twin
#include "verify/corpora/planted/zero_is_absent.c"
