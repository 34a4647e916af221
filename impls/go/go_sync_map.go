// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// syncU64 is a sync.Map as programs use it: keys and values are interfaces. So a store boxes both,
// and a lookup hashes through the key's type. Up to Go 1.23 it consists of two maps and a mutex;
// since 1.24 it is a hash trie.

type syncU64 struct{ m sync.Map }

func syncWordOf(str bool, size int) table {
	if str {
		return &syncStr{}
	}
	return &syncU64{}
}

func (m *syncU64) batch(w *worker) {
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
		wrong |= rankMismatch(value.(uint64), rank)
	}
	w.wrong |= wrong
}

func (m *syncU64) lookup(w *worker, rank uint64) (uint64, bool) {
	return unbox(m.m.Load(scatter(rank)))
}

func (m *syncU64) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return store(w, &m.m, scatter(rank), value, old)
}

func (m *syncU64) remove(w *worker, rank uint64, old *uint64) bool {
	return loadAndDelete(&m.m, scatter(rank), old)
}

func (m *syncU64) returnsOld() bool { return storeReturnsOld }

type syncStr struct{ m sync.Map }

func (m *syncStr) batch(w *worker) {
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
		wrong |= rankMismatch(value.(uint64), rank)
	}
	w.wrong |= wrong
}

func (m *syncStr) lookup(w *worker, rank uint64) (uint64, bool) {
	return unbox(m.m.Load(w.view(rank)))
}

func (m *syncStr) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return store(w, &m.m, w.storedKey(rank), value, old)
}

func (m *syncStr) remove(w *worker, rank uint64, old *uint64) bool {
	return loadAndDelete(&m.m, w.view(rank), old)
}

func (m *syncStr) returnsOld() bool { return storeReturnsOld }

func unbox(value any, ok bool) (uint64, bool) {
	if !ok {
		return 0, false
	}
	return value.(uint64), true
}

// loadAndDelete is the operation that Delete calls.
func loadAndDelete(m *sync.Map, key any, old *uint64) bool {
	value, wasThere := m.LoadAndDelete(key)
	if wasThere && old != nil {
		*old = value.(uint64)
	}
	return wasThere
}

// syncLong has long values. A store boxes a copy, and a lookup copies the boxed value.

type syncLong[V long] struct{ m sync.Map }

func syncLongOf[V long](str bool, size int) table {
	if str {
		return &syncStrLong[V]{}
	}
	return &syncU64Long[V]{}
}

func (m *syncLong[V]) get(w *worker, rank uint64, key any) (uint64, bool) {
	value, ok := m.m.Load(key)
	if !ok {
		return 0, false
	}
	held := value.(V)
	return checkWord(w, rank, &held), true
}

func (m *syncLong[V]) put(w *worker, rank uint64, key any, word uint64, old *uint64) bool {
	var value V
	lengthen(wordsOf(&value), word)
	return storeLong(w, rank, &m.m, key, value, old)
}

func (m *syncLong[V]) drop(w *worker, rank uint64, key any, old *uint64) bool {
	value, wasThere := m.m.LoadAndDelete(key)
	if wasThere && old != nil {
		held := value.(V)
		*old = checkWord(w, rank, &held)
	}
	return wasThere
}

func (m *syncLong[V]) returnsOld() bool { return storeReturnsOld }

type syncU64Long[V long] struct{ syncLong[V] }

func (m *syncU64Long[V]) batch(w *worker) {
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
		held := value.(V)
		wrong |= longMismatch(wordsOf(&held), rank)
	}
	w.wrong |= wrong
}

func (m *syncU64Long[V]) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.get(w, rank, scatter(rank))
}

func (m *syncU64Long[V]) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return m.put(w, rank, scatter(rank), value, old)
}

func (m *syncU64Long[V]) remove(w *worker, rank uint64, old *uint64) bool {
	return m.drop(w, rank, scatter(rank), old)
}

type syncStrLong[V long] struct{ syncLong[V] }

func (m *syncStrLong[V]) batch(w *worker) {
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
		held := value.(V)
		wrong |= longMismatch(wordsOf(&held), rank)
	}
	w.wrong |= wrong
}

func (m *syncStrLong[V]) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.get(w, rank, w.view(rank))
}

func (m *syncStrLong[V]) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return m.put(w, rank, w.storedKey(rank), value, old)
}

func (m *syncStrLong[V]) remove(w *worker, rank uint64, old *uint64) bool {
	return m.drop(w, rank, w.view(rank), old)
}
