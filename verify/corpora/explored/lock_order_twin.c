/* SPDX-License-Identifier: Apache-2.0 */
/* lock_order_twin.c - lock_order.c without its bug. */
#define PLANTED_TWIN
#define PLANTED_ID lock_order_twin
#include "verify/corpora/explored/lock_order.c"
