// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sort"
	"strings"
)

// maker makes an empty table for `size` keys. If size is 0, the table starts small and grows.
type maker func(str bool, size int) table

// tables has the makers of each map of maps.tsv, indexed by the length of values.
var tables = map[string]map[int]maker{
	"go_map_mutex": {8: mutexWordOf, 24: mutexLongOf[[3]uint64],
		64: mutexLongOf[[8]uint64], 256: mutexLongOf[[32]uint64],
		1024: mutexLongOf[[128]uint64]},
	"go_map_rw": {8: rwWordOf, 24: rwLongOf[[3]uint64],
		64: rwLongOf[[8]uint64], 256: rwLongOf[[32]uint64],
		1024: rwLongOf[[128]uint64]},
	"go_null":        {8: nullOf},
	"go_shard_rw_32": {8: shardsOf[[1]uint64](32), 24: shardsOf[[3]uint64](32)},
	"go_shard_rw_64": {8: shardsOf[[1]uint64](64), 24: shardsOf[[3]uint64](64)},
	"go_snapshot_pointer": {8: snapshotPointerOf[[1]uint64],
		24: snapshotPointerOf[[3]uint64]},
	"go_snapshot_syncmap": {8: snapshotSyncMapOf[[1]uint64],
		24: snapshotSyncMapOf[[3]uint64]},
	"go_snapshot_value": {8: snapshotValueOf[[1]uint64],
		24: snapshotValueOf[[3]uint64]},
	"go_sync_map": {8: syncWordOf, 24: syncLongOf[[3]uint64], // takes no size
		64: syncLongOf[[8]uint64], 256: syncLongOf[[32]uint64],
		1024: syncLongOf[[128]uint64]},
}

// Go's maps by the names of their C ports. If port and original are two arms of one cell, both have
// the name of the port (workloads/port-speed.conf).
var originalOfPort = map[string]string{"gomap_rw": "go_map_rw", "syncmap": "go_sync_map"}

func ids() (all []string) {
	for id := range tables {
		all = append(all, id)
	}
	sort.Strings(all)
	return all
}

// keyBytes returns the length of the keys of a shape with string keys, or 0 for other keys and
// invalid shapes.
func keyBytes(shape string) int {
	key, _, _ := strings.Cut(shape, "x")
	return map[string]int{"str16": 16, "str32": 32, "str64": 64}[key]
}

// valueBytes returns the length of the values of a shape, or 0 if the shape is invalid.
func valueBytes(shape string) int {
	_, value, _ := strings.Cut(shape, "x")
	return map[string]int{"8": 8, "24": 24, "64": 64, "256": 256, "1024": 1024}[value]
}

// newTable returns nil for an unknown map or shape.
func newTable(id, shape string, size int) table {
	if port, ok := originalOfPort[id]; ok {
		id = port
	}
	if of, ok := mapsOfOneShape[id]; ok && of.shape == shape {
		return of.make(size)
	}
	of, str := tables[id][valueBytes(shape)], keyBytes(shape) > 0
	if of == nil || !str && !strings.HasPrefix(shape, "u64x") {
		return nil
	}
	return of(str, size)
}

// hasNoEntries returns true if a table has nothing to verify.
func hasNoEntries(t table) bool {
	switch t.(type) {
	case nil, *nullU64, *nullStr:
		return true
	}
	return false
}
