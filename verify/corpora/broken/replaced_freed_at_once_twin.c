/* SPDX-License-Identifier: Apache-2.0 */
/* replaced_freed_at_once_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    replaced_freed_at_once_twin
#include "verify/corpora/broken/replaced_freed_at_once.c"
