// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"sync/atomic"
)

// These maps copy on write, as in articles S0 (4.2) and S1 (4.4). A lookup loads the current map
// and writes nothing shared. Writes run one at a time: each clones the current map, changes the
// clone and publishes it. The three maps differ in the holder of the current map.

// holder holds the current map.
type holder[K key, V long] interface {
	load() longs[K, V]
	store(longs[K, V])
}

// copied is a table whose writes take O(keys) time (SLOW_WRITES in maps.tsv). One call fills it,
// and its verification ends early.
type copied interface {
	// fill inserts the first n ranks by one copy.
	fill(w *worker, n uint64)
}

// snapshot is the common part of these maps.
type snapshot[K key, V long] struct {
	at holder[K, V]
	mu sync.Mutex // taken by writers
}

func (m *snapshot[K, V]) begin(at holder[K, V], size int) {
	m.at = at
	at.store(make(longs[K, V], size))
}

func newSnapshot[K key, V long, M interface {
	table
	holder[K, V]
	begin(holder[K, V], int)
}](m M, size int) table {
	m.begin(m, size)
	return m
}

func (m *snapshot[K, V]) clone() longs[K, V] {
	now := m.at.load()
	next := make(longs[K, V], len(now))
	for key, value := range now {
		next[key] = value
	}
	return next
}

func (m *snapshot[K, V]) upsert(w *worker, rank, word uint64, old *uint64) bool {
	key, value := storedKeyOf[K](w, rank), longOf[V](word)
	m.mu.Lock()
	next := m.clone()
	wasThere := next.replace(w, rank, key, &value, old)
	m.at.store(next)
	m.mu.Unlock()
	return wasThere
}

func (m *snapshot[K, V]) remove(w *worker, rank uint64, old *uint64) bool {
	key := viewOf[K](w, rank)
	m.mu.Lock()
	_, wasThere := m.at.load()[key]
	if wasThere {
		next := m.clone()
		next.removeKey(w, rank, key, old)
		m.at.store(next)
	}
	m.mu.Unlock()
	return wasThere
}

func (m *snapshot[K, V]) fill(w *worker, n uint64) {
	next := make(longs[K, V], n)
	for rank := uint64(0); rank < n; rank++ {
		next[storedKeyOf[K](w, rank)] = longOf[V](valueOf(rank, 0, 0))
	}
	m.at.store(next)
}

func (m *snapshot[K, V]) returnsOld() bool { return true }

// snapshotValue publishes by atomic.Value.

type snapshotValue[K key, V long] struct {
	snapshot[K, V]
	now atomic.Value
}

func (m *snapshotValue[K, V]) load() longs[K, V]      { return m.now.Load().(longs[K, V]) }
func (m *snapshotValue[K, V]) store(next longs[K, V]) { m.now.Store(next) }

func (m *snapshotValue[K, V]) lookup(w *worker, rank uint64) (uint64, bool) {
	value, ok := m.now.Load().(longs[K, V])[viewOf[K](w, rank)]
	return checkLookup(w, rank, &value, ok)
}

type snapshotValueU64[V long] struct{ snapshotValue[uint64, V] }

func (m *snapshotValueU64[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := m.now.Load().(longs[uint64, V])[scatter(rank)]
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value[0], rank)
		if len(value) > 1 {
			wrong |= copyMismatch(value, rank)
		}
	}
	w.wrong |= wrong
}

type snapshotValueStr[V long] struct{ snapshotValue[string, V] }

func (m *snapshotValueStr[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := m.now.Load().(longs[string, V])[w.view(rank)]
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value[0], rank)
		if len(value) > 1 {
			wrong |= copyMismatch(value, rank)
		}
	}
	w.wrong |= wrong
}

func snapshotValueOf[V long](str bool, size int) table {
	if str {
		return newSnapshot[string, V](&snapshotValueStr[V]{}, size)
	}
	return newSnapshot[uint64, V](&snapshotValueU64[V]{}, size)
}

// snapshotPointer publishes by atomic.Pointer.

type snapshotPointer[K key, V long] struct {
	snapshot[K, V]
	now atomic.Pointer[longs[K, V]]
}

func (m *snapshotPointer[K, V]) load() longs[K, V]      { return *m.now.Load() }
func (m *snapshotPointer[K, V]) store(next longs[K, V]) { m.now.Store(&next) }

func (m *snapshotPointer[K, V]) lookup(w *worker, rank uint64) (uint64, bool) {
	value, ok := (*m.now.Load())[viewOf[K](w, rank)]
	return checkLookup(w, rank, &value, ok)
}

type snapshotPointerU64[V long] struct{ snapshotPointer[uint64, V] }

func (m *snapshotPointerU64[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := (*m.now.Load())[scatter(rank)]
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value[0], rank)
		if len(value) > 1 {
			wrong |= copyMismatch(value, rank)
		}
	}
	w.wrong |= wrong
}

type snapshotPointerStr[V long] struct{ snapshotPointer[string, V] }

func (m *snapshotPointerStr[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := (*m.now.Load())[w.view(rank)]
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value[0], rank)
		if len(value) > 1 {
			wrong |= copyMismatch(value, rank)
		}
	}
	w.wrong |= wrong
}

func snapshotPointerOf[V long](str bool, size int) table {
	if str {
		return newSnapshot[string, V](&snapshotPointerStr[V]{}, size)
	}
	return newSnapshot[uint64, V](&snapshotPointerU64[V]{}, size)
}

// The current map is published through a sync.Map under one key, as printed in article S1 (1).

const snapshotKey = "snapshot"

type snapshotSyncMap[K key, V long] struct {
	snapshot[K, V]
	now sync.Map
}

func (m *snapshotSyncMap[K, V]) load() longs[K, V] {
	now, _ := m.now.Load(snapshotKey)
	return now.(longs[K, V])
}

func (m *snapshotSyncMap[K, V]) store(next longs[K, V]) { m.now.Store(snapshotKey, next) }

func (m *snapshotSyncMap[K, V]) lookup(w *worker, rank uint64) (uint64, bool) {
	now, _ := m.now.Load(snapshotKey)
	value, ok := now.(longs[K, V])[viewOf[K](w, rank)]
	return checkLookup(w, rank, &value, ok)
}

type snapshotSyncMapU64[V long] struct{ snapshotSyncMap[uint64, V] }

func (m *snapshotSyncMapU64[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		now, _ := m.now.Load(snapshotKey)
		value, ok := now.(longs[uint64, V])[scatter(rank)]
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value[0], rank)
		if len(value) > 1 {
			wrong |= copyMismatch(value, rank)
		}
	}
	w.wrong |= wrong
}

type snapshotSyncMapStr[V long] struct{ snapshotSyncMap[string, V] }

func (m *snapshotSyncMapStr[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		now, _ := m.now.Load(snapshotKey)
		value, ok := now.(longs[string, V])[w.view(rank)]
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value[0], rank)
		if len(value) > 1 {
			wrong |= copyMismatch(value, rank)
		}
	}
	w.wrong |= wrong
}

func snapshotSyncMapOf[V long](str bool, size int) table {
	if str {
		return newSnapshot[string, V](&snapshotSyncMapStr[V]{}, size)
	}
	return newSnapshot[uint64, V](&snapshotSyncMapU64[V]{}, size)
}
