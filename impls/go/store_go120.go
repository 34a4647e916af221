// SPDX-License-Identifier: Apache-2.0

//go:build go1.20

package main

import "sync"

const storeReturnsOld = true

// store calls Swap, as Store does since Go 1.20.
func store(w *worker, m *sync.Map, key any, value uint64, old *uint64) bool {
	replaced, wasThere := m.Swap(key, value)
	if wasThere && old != nil {
		*old = replaced.(uint64)
	}
	return wasThere
}

func storeLong[V long](w *worker, rank uint64, m *sync.Map, key any, value V, old *uint64) bool {
	replaced, wasThere := m.Swap(key, value)
	if wasThere && old != nil {
		held := replaced.(V)
		*old = checkWord(w, rank, &held)
	}
	return wasThere
}
