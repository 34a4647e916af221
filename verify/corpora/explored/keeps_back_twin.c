/* SPDX-License-Identifier: Apache-2.0 */
/* keeps_back_twin.c - keeps_back.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID keeps_back_twin
#include "verify/corpora/explored/keeps_back.c"
