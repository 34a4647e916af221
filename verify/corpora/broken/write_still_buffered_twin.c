/* SPDX-License-Identifier: Apache-2.0 */
/* write_still_buffered_twin.c - the same map without the bug. */
#define RIGHT 1
#define ID    write_still_buffered_twin
#include "verify/corpora/broken/write_still_buffered.c"
