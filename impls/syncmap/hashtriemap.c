/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashtriemap.c - the hash trie of Go 1.24's sync.Map, with a lock per node.
 *
 * A lookup descends about log16(keys) nodes of sixteen slots and writes nothing
 * shared. A write locks the one node whose slot it changes and allocates an
 * entry (see impls/syncmap/hashtriemap.h). Compared with the classic sync.Map,
 * it has neither a miss path nor copying.
 *
 * Go's HashTrieMap[any, any] hashes and compares a key through the type of its
 * interface, and stores a value as an interface that points to a box. Here key
 * and value have fixed types and are stored in the entry. So this map also
 * saves a box compared with syncmap, and syncmap_inline (values of 8 bytes) is
 * a better comparison.
 *
 * No test compares this map with Go's step by step. Tests check its invariants
 * and, with a chosen hash, the form of the trie; it passes the differential and
 * concurrent checks of all maps.
 */
#include "impls/syncmap/hashtriemap.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = {
	.create = hashtrie_create,
	.destroy = hashtrie_destroy,
	.join = hashtrie_join,
	.leave = hashtrie_leave,
	.lookup = hashtrie_lookup,
	.remove = hashtrie_remove,
	.quiesce = hashtrie_quiesce,
	.park = hashtrie_park,
	.unpark = hashtrie_unpark,
	.exchange = hashtrie_exchange,
	.take = hashtrie_take,
	.insert_if_absent = hashtrie_insert_if_absent,
	.compare_swap = hashtrie_compare_swap,
	.compare_remove = hashtrie_compare_remove,
	.scan = hashtrie_scan,
	.length = hashtrie_length,
	.clear = hashtrie_clear,
	.stats = hashtrie_stats,
	.check = hashtrie_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_hashtriemap = {
	.id = "hashtriemap",
	.label = "C port, Go 1.24 sync.Map: typed entries, no interface boxes",
	.family = "sync",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.24, internal/sync/hashtriemap.go: the design, typed",
	.guarantees = "once-if-present",
	.progress = "blocking",
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed after an epoch",
};
