/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the 64-bit fast path of Go's map, without its redundant checks. */
#define GOMAP_KEYS "impls/gomap/gomap_keys_u64_unchecked.h"
enum { CHECKED = 0 };
#include "tests/unit/gomap/gomap_fast64_test.h"
