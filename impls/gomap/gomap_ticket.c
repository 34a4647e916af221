/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_ticket.c - Go's map under a ticket lock: fair, without sleeping.
 *
 * Each call, even a lookup, takes a ticket and waits for its turn. All waiting
 * threads read the line that each unlock writes. Waits spin for a bounded time,
 * then yield.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_ticket.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_ticket = {
	.id = "gomap_ticket",
	.label = "C port of Go's map + ticket lock, spins",
	.sync = "ticket",
	.source = "Go runtime, map before 1.24; Mellor-Crummey and Scott 1991",
	.system = "M2",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
};
