// SPDX-License-Identifier: Apache-2.0

package history

import (
	"strconv"

	cmap "github.com/orcaman/concurrent-map/v2"
)

type found struct{ entries cmap.ConcurrentMap[string, uint64] }

func newFound() *found          { return &found{cmap.New[uint64]()} }
func text(key uint64) string    { return strconv.FormatUint(key, 10) }

func (m *found) lookup(key uint64) (uint64, bool) { return m.entries.Get(text(key)) }
func (m *found) exchange(key, value uint64) (old uint64, present bool) {
	m.entries.Upsert(text(key), value, func(exists bool, held, value uint64) uint64 {
		old, present = held, exists
		return value
	})
	return old, present
}
func (m *found) take(key uint64) (uint64, bool) { return m.entries.Pop(text(key)) }
