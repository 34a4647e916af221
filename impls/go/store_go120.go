// SPDX-License-Identifier: Apache-2.0

//go:build go1.20

package main

import "sync"

const storeTells = true

// store swaps: from Go 1.20 on that is what Store calls.
func store(w *worker, m *sync.Map, key any, value uint64, old *uint64) bool {
	was, wasThere := m.Swap(key, value)
	if wasThere && old != nil {
		*old = was.(uint64)
	}
	return wasThere
}

func storeLong[V long](w *worker, rank uint64, m *sync.Map, key any, value V, old *uint64) bool {
	was, wasThere := m.Swap(key, value)
	if wasThere && old != nil {
		held := was.(V)
		*old = tell(w, rank, &held)
	}
	return wasThere
}
