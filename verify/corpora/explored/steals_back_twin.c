/* SPDX-License-Identifier: Apache-2.0 */
/* steals_back_twin.c - steals_back.c without its bug. */
#define RIGHT 1
#define ID    steals_back_twin
#include "verify/corpora/explored/steals_back.c"
