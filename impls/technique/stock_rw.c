/* SPDX-License-Identifier: Apache-2.0 */
/* stock_rw.c - stock under an RWMutex: check, then check again to take. A
   refusal takes the read lock only. A sale needs the write lock, to which a
   read lock cannot be upgraded, so the caller must check again. */
#include "impls/support/guard_go_rw.h"

enum { STOCK_CHECKS_UNLOCKED = 1, STOCK_CHECKS_LOCKED = 1 };
#include "impls/technique/stock.h"

const struct rm_impl rm_impl_stock_rw = {
	.id = "stock_rw",
	.label = "stock, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "stock deduction: impls/technique/stock.h",
	.system = "M13",
	TECHNIQUE("blocking", stock_ops, stock_loops),
};
