/* SPDX-License-Identifier: Apache-2.0 */
/* loser_never_freed_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    loser_never_freed_twin
#include "verify/corpora/broken/loser_never_freed.c"
