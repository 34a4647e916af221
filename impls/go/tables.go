// SPDX-License-Identifier: Apache-2.0

package main

import "sort"

// tables makes each map of maps.tsv, for 64-bit and for string keys; `size` is
// what it is made for, 0: it grows.
var tables = map[string]struct{ u64, str func(size int) table }{
	"go_map_mutex": {
		func(size int) table { return &mutexU64{m: make(words, size)} },
		func(size int) table { return &mutexStr{m: make(texts, size)} },
	},
	"go_map_rw": {
		func(size int) table { return &rwU64{m: make(words, size)} },
		func(size int) table { return &rwStr{m: make(texts, size)} },
	},
	"go_null": {
		func(int) table { return &nullU64{} },
		func(int) table { return &nullStr{} },
	},
	"go_sync_map": { // takes no size
		func(int) table { return &syncU64{} },
		func(int) table { return &syncStr{} },
	},
}

// The maps as the ports of them are called: what stands beside a port in two
// arms of one cell has the port's name (workloads/port-speed.conf).
var ofPort = map[string]string{"gomap_rw": "go_map_rw", "syncmap": "go_sync_map"}

func ids() (all []string) {
	for id := range tables {
		all = append(all, id)
	}
	sort.Strings(all)
	return all
}

// keyBytes of a shape with string keys; 0: it has none, or is no shape.
func keyBytes(shape string) int {
	return map[string]int{"str16x8": 16, "str32x8": 32, "str64x8": 64}[shape]
}

// newTable is nil where there is no such map or shape.
func newTable(id, shape string, size int) table {
	if port, ok := ofPort[id]; ok {
		id = port
	}
	of, ok := tables[id]
	switch {
	case ok && shape == "u64x8":
		return of.u64(size)
	case ok && keyBytes(shape) > 0:
		return of.str(size)
	}
	return nil
}

// holdsNothing: there is nothing to verify.
func holdsNothing(t table) bool {
	switch t.(type) {
	case *nullU64, *nullStr:
		return true
	}
	return false
}
