// SPDX-License-Identifier: Apache-2.0

//go:build orcaman

package main

import cmap "github.com/orcaman/concurrent-map/v2"

// orcaman's concurrent-map is 32 maps, each under a sync.RWMutex. Its keys are strings, and their
// FNV-1 hash chooses the shard. For other keys the program passes a function, which is here the
// FNV-1a of go_shard_rw_32. The constructor takes no size. A lookup writes its shard's lock twice.

func init() { tables["go_orcaman"] = map[int]maker{8: orcamanWordOf} }

func orcamanWordOf(str bool, size int) table {
	if str {
		return &orcamanStr{cmap.New[uint64]()}
	}
	sharding := func(key uint64) uint32 { return uint32(fnvWord(key)) }
	return &orcamanU64{cmap.NewWithCustomShardingFunction[uint64, uint64](sharding)}
}

type orcamanU64 struct {
	m cmap.ConcurrentMap[uint64, uint64]
}

func (m *orcamanU64) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := m.m.Get(scatter(rank))
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *orcamanU64) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.m.Get(scatter(rank))
}

func (m *orcamanU64) upsert(w *worker, rank, value uint64, old *uint64) bool {
	wasThere := false
	m.m.Upsert(scatter(rank), value, func(found bool, held, value uint64) uint64 {
		wasThere = found
		if found && old != nil {
			*old = held
		}
		return value
	})
	return wasThere
}

func (m *orcamanU64) remove(w *worker, rank uint64, old *uint64) bool {
	replaced, wasThere := m.m.Pop(scatter(rank))
	if wasThere && old != nil {
		*old = replaced
	}
	return wasThere
}

func (m *orcamanU64) returnsOld() bool { return true }

type orcamanStr struct {
	m cmap.ConcurrentMap[string, uint64]
}

func (m *orcamanStr) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := m.m.Get(w.view(rank))
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *orcamanStr) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.m.Get(w.view(rank))
}

func (m *orcamanStr) upsert(w *worker, rank, value uint64, old *uint64) bool {
	wasThere := false
	m.m.Upsert(w.storedKey(rank), value, func(found bool, held, value uint64) uint64 {
		wasThere = found
		if found && old != nil {
			*old = held
		}
		return value
	})
	return wasThere
}

func (m *orcamanStr) remove(w *worker, rank uint64, old *uint64) bool {
	replaced, wasThere := m.m.Pop(w.view(rank))
	if wasThere && old != nil {
		*old = replaced
	}
	return wasThere
}

func (m *orcamanStr) returnsOld() bool { return true }
