// SPDX-License-Identifier: Apache-2.0

//go:build xsync

package main

import "github.com/puzpuzpuz/xsync/v4"

// xsyncOf is xsync's Map: buckets of one cache line with pointers to entries that never change. A
// lookup writes nothing and takes no lock; a write locks its bucket and allocates an entry. It
// hashes keys itself, so they are not hashed twice.

func init() { tables["go_xsync"] = map[int]maker{8: xsyncWordOf} }

func xsyncWordOf(str bool, size int) table {
	if str {
		return &xsyncStr{xsync.NewMap[string, uint64](xsync.WithPresize(size))}
	}
	return &xsyncU64{xsync.NewMap[uint64, uint64](xsync.WithPresize(size))}
}

type xsyncU64 struct{ m *xsync.Map[uint64, uint64] }

func (m *xsyncU64) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := m.m.Load(scatter(rank))
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *xsyncU64) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.m.Load(scatter(rank))
}

func (m *xsyncU64) upsert(w *worker, rank, value uint64, old *uint64) bool {
	replaced, wasThere := m.m.LoadAndStore(scatter(rank), value)
	if wasThere && old != nil {
		*old = replaced
	}
	return wasThere
}

func (m *xsyncU64) remove(w *worker, rank uint64, old *uint64) bool {
	replaced, wasThere := m.m.LoadAndDelete(scatter(rank))
	if wasThere && old != nil {
		*old = replaced
	}
	return wasThere
}

func (m *xsyncU64) returnsOld() bool { return true }

type xsyncStr struct{ m *xsync.Map[string, uint64] }

func (m *xsyncStr) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := m.m.Load(w.view(rank))
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *xsyncStr) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.m.Load(w.view(rank))
}

func (m *xsyncStr) upsert(w *worker, rank, value uint64, old *uint64) bool {
	replaced, wasThere := m.m.LoadAndStore(w.storedKey(rank), value)
	if wasThere && old != nil {
		*old = replaced
	}
	return wasThere
}

func (m *xsyncStr) remove(w *worker, rank uint64, old *uint64) bool {
	replaced, wasThere := m.m.LoadAndDelete(w.view(rank))
	if wasThere && old != nil {
		*old = replaced
	}
	return wasThere
}

func (m *xsyncStr) returnsOld() bool { return true }
