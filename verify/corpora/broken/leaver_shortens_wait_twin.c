/* SPDX-License-Identifier: Apache-2.0 */
/* leaver_shortens_wait_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    leaver_shortens_wait_twin
#include "verify/corpora/broken/leaver_shortens_wait.c"
