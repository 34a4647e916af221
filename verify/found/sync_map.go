// SPDX-License-Identifier: Apache-2.0

package history

import "sync"

type found struct{ entries sync.Map }

func newFound() *found { return &found{} }

func number(value any, present bool) (uint64, bool) {
	n, _ := value.(uint64)
	return n, present
}

func (m *found) lookup(key uint64) (uint64, bool)          { return number(m.entries.Load(key)) }
func (m *found) exchange(key, value uint64) (uint64, bool) { return number(m.entries.Swap(key, value)) }
func (m *found) take(key uint64) (uint64, bool)            { return number(m.entries.LoadAndDelete(key)) }
