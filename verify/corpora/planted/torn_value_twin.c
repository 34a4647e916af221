/* SPDX-License-Identifier: Apache-2.0 */
/* torn_value_twin.c - torn_value.c with its bug corrected. */
#define PLANTED_TWIN
#define PLANTED_ID torn_value_twin
#include "verify/corpora/planted/torn_value.c"
