/* SPDX-License-Identifier: Apache-2.0 */
/* stock_mutex.c - stock under one mutex: check and take in one critical
   section. Each request takes that lock, even if it is refused. */
#include "impls/support/guard_go_mutex.h"

enum { STOCK_CHECKS_UNLOCKED = 0, STOCK_CHECKS_LOCKED = 1 };
#include "impls/technique/stock.h"

const struct rm_impl rm_impl_stock_mutex = {
	.id = "stock_mutex",
	.label = "stock, port of Mutex, waits in the kernel",
	.sync = "go-mutex",
	.source = "stock deduction: impls/technique/stock.h",
	.system = "M13",
	TECHNIQUE("blocking", stock_ops, stock_loops),
};
