/* SPDX-License-Identifier: Apache-2.0 */
/* stock_single_check.c - stock under an RWMutex, checked only once. Misuse: the
   result under the read lock may be outdated when the write lock is held.
   stock_rw checks again. */
#include "impls/support/guard_go_rw.h"

enum { STOCK_CHECKS_UNLOCKED = 1, STOCK_CHECKS_LOCKED = 0 };
#include "impls/technique/stock.h"

const struct rm_impl rm_impl_stock_single_check = {
	.id = "stock_single_check",
	.label = "stock, one look",
	.sync = "go-rwmutex",
	.source = "stock deduction: impls/technique/stock.h",
	.system = "M16",
	TECHNIQUE("blocking", stock_ops, stock_loops),
	.misuse = "check: oversold",
};
