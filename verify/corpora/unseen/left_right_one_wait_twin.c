/* SPDX-License-Identifier: Apache-2.0 */
/* left_right_one_wait_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    left_right_one_wait_twin
#include "verify/corpora/unseen/left_right_one_wait.c"
