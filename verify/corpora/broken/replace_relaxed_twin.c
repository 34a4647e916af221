/* SPDX-License-Identifier: Apache-2.0 */
/* replace_relaxed_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    replace_relaxed_twin
#include "verify/corpora/broken/replace_relaxed.c"
