/* SPDX-License-Identifier: Apache-2.0 */
/* epoch_stuck_twin.c - epoch_stuck.c without its bug. */
#define RIGHT 1
#define ID    epoch_stuck_twin
#include "verify/corpora/explored/epoch_stuck.c"
