/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the string fast path of Go's map, with all of its checks. */
#define GOMAP_KEYS "impls/gomap/gomap_keys_str.h"
enum { CHECKED = 1 };
#include "tests/unit/gomap/gomap_faststr_test.h"
