/* SPDX-License-Identifier: Apache-2.0 */
/* bug_impl.h - included at the end of each model: defines its table of
 * operations and its description. A file defines macros for operations whose
 * names differ from create, destroy, lookup, exchange and take, and for
 * optional operations. The shape is u64x8; if BUG_WIDE is defined, also
 * u64x24. */
#ifndef BUG_CREATE
#define BUG_CREATE create
#endif
#ifndef BUG_DESTROY
#define BUG_DESTROY destroy
#endif
#ifndef BUG_JOIN
#define BUG_JOIN map_itself
#endif
#ifndef BUG_LOOKUP
#define BUG_LOOKUP lookup
#endif
#ifndef BUG_EXCHANGE
#define BUG_EXCHANGE exchange
#endif
#ifndef BUG_TAKE
#define BUG_TAKE take
#endif
#ifndef BUG_INSERT
#define BUG_INSERT NULL
#endif
#ifndef BUG_COMPARE_SWAP
#define BUG_COMPARE_SWAP NULL
#endif
#ifndef BUG_SCAN
#define BUG_SCAN NULL
#endif
#ifndef BUG_LENGTH
#define BUG_LENGTH NULL
#endif
#ifndef BUG_CLEAR
#define BUG_CLEAR NULL
#endif
#ifndef BUG_CHECK
#define BUG_CHECK NULL
#endif
#ifndef BUG_SYNC
#define BUG_SYNC "mutex"
#endif
#ifndef BUG_GUARANTEES
#define BUG_GUARANTEES "none"
#endif

static const struct rm_map_ops bug_ops = {
	.create = BUG_CREATE,
	.destroy = BUG_DESTROY,
	.join = BUG_JOIN,
	.leave = nothing,
	.lookup = BUG_LOOKUP,
	.quiesce = nothing,
	.exchange = BUG_EXCHANGE,
	.take = BUG_TAKE,
	.insert_if_absent = BUG_INSERT,
	.compare_swap = BUG_COMPARE_SWAP,
	.scan = BUG_SCAN,
	.length = BUG_LENGTH,
	.clear = BUG_CLEAR,
	.check = BUG_CHECK,
};

#ifdef BUG_WIDE
RM_DRIVES_U64(bug_ops)
#define BUG_SHAPES RM_U64_SHAPES
#define BUG_DRIVES RM_U64_DRIVES
#else
RM_DRIVE(bug_ops, u64x8, RM_U64X8)
#define BUG_SHAPES 0x1
#define BUG_DRIVES                            \
	{                                     \
		drive_u64x8, NULL, NULL, NULL \
	}
#endif

#define BUG_TEXT_(id)   #id
#define BUG_TEXT(id)    BUG_TEXT_(id)
#define BUG_SYMBOL_(id) rm_impl_##id
#define BUG_SYMBOL(id)  BUG_SYMBOL_(id)

const struct rm_impl BUG_SYMBOL(BUG_ID) = {
	.id = BUG_TEXT(BUG_ID),
	.label = BUG_TEXT(BUG_ID),
	.family = "lock",
	.sync = BUG_SYNC,
	.source = "a model of a published bug, or its correction: "
	          "verify/corpora/bugs",
	.shapes = BUG_SHAPES,
	.guarantees = BUG_GUARANTEES,
	.progress = "blocking",
	.ops = &bug_ops,
	.drive = BUG_DRIVES,
};
