// SPDX-License-Identifier: Apache-2.0

package history

import "github.com/puzpuzpuz/xsync/v4"

type found struct{ entries *xsync.Map[uint64, uint64] }

func newFound() *found { return &found{xsync.NewMap[uint64, uint64]()} }

func (m *found) lookup(key uint64) (uint64, bool) { return m.entries.Load(key) }
func (m *found) exchange(key, value uint64) (uint64, bool) {
	old, present := m.entries.LoadAndStore(key, value)
	if !present {
		old = 0 // it returns the new value
	}
	return old, present
}
func (m *found) take(key uint64) (uint64, bool) { return m.entries.LoadAndDelete(key) }
