/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the 64-bit fast path of Go's map, with all of Go's checks. */
#define GOMAP_KEYS "impls/gomap/gomap_keys_u64.h"
enum { CHECKED = 1 };
#include "tests/unit/gomap/gomap_fast64_test.h"
