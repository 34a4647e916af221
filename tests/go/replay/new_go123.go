// SPDX-License-Identifier: Apache-2.0

//go:build go1.23

package main

import "sync"

// doNew executes the operations that Go 1.20 and 1.23 added.
func doNew(m *sync.Map, s *step, key, value any) (got any, ok bool) {
	switch s.operation {
	case clearAll:
		m.Clear()
	case swap:
		got, ok = m.Swap(key, value)
	case compareAndSwap:
		ok = m.CompareAndSwap(key, s.expected, value)
	case compareAndDelete:
		ok = m.CompareAndDelete(key, s.expected)
	}
	return got, ok
}
