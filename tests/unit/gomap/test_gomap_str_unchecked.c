/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the string fast path of Go's map, without its redundant checks. */
#define GOMAP_KEYS "impls/gomap/gomap_keys_str_unchecked.h"
enum { CHECKED = 0 };
#include "tests/unit/gomap/gomap_faststr_test.h"
