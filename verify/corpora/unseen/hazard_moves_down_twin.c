/* SPDX-License-Identifier: Apache-2.0 */
/* hazard_moves_down_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    hazard_moves_down_twin
#include "verify/corpora/unseen/hazard_moves_down.c"
