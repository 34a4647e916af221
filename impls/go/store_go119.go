// SPDX-License-Identifier: Apache-2.0

//go:build !go1.20

package main

import "sync"

// storeReturnsOld is false: Go 1.19's Store does not return the old value, and there is no
// Swap.
const storeReturnsOld = false

func store(w *worker, m *sync.Map, key any, value uint64, old *uint64) bool {
	m.Store(key, value)
	return w.presumed
}

func storeLong[V long](w *worker, rank uint64, m *sync.Map, key any, value V, old *uint64) bool {
	m.Store(key, value)
	return w.presumed
}
