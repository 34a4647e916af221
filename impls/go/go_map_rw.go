// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// rwU64 is a map under sync.RWMutex, as in most Go programs. Its keys have a concrete type, so
// lookups use mapaccess2_fast64 and mapaccess2_faststr.

type rwU64 struct {
	mu sync.RWMutex
	m  words
}

func rwWordOf(str bool, size int) table {
	if str {
		return &rwStr{m: make(texts, size)}
	}
	return &rwU64{m: make(words, size)}
}

func (m *rwU64) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		m.mu.RLock()
		value, ok := m.m[scatter(rank)]
		m.mu.RUnlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *rwU64) lookup(w *worker, rank uint64) (uint64, bool) {
	m.mu.RLock()
	value, ok := m.m[scatter(rank)]
	m.mu.RUnlock()
	return value, ok
}

func (m *rwU64) upsert(w *worker, rank, value uint64, old *uint64) bool {
	key := scatter(rank)
	m.mu.Lock()
	wasThere := m.m.replace(key, value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwU64) remove(w *worker, rank uint64, old *uint64) bool {
	key := scatter(rank)
	m.mu.Lock()
	wasThere := m.m.removeKey(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwU64) returnsOld() bool { return true }

type rwStr struct {
	mu sync.RWMutex
	m  texts
}

func (m *rwStr) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := w.view(rank)
		m.mu.RLock()
		value, ok := m.m[key]
		m.mu.RUnlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *rwStr) lookup(w *worker, rank uint64) (uint64, bool) {
	key := w.view(rank)
	m.mu.RLock()
	value, ok := m.m[key]
	m.mu.RUnlock()
	return value, ok
}

func (m *rwStr) upsert(w *worker, rank, value uint64, old *uint64) bool {
	key := w.storedKey(rank)
	m.mu.Lock()
	wasThere := m.m.replace(key, value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwStr) remove(w *worker, rank uint64, old *uint64) bool {
	key := w.view(rank)
	m.mu.Lock()
	wasThere := m.m.removeKey(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwStr) returnsOld() bool { return true }

// rwLong has long values; its keys are 64-bit words or strings.

type rwLong[K comparable, V long] struct {
	mu sync.RWMutex
	m  longs[K, V]
}

func rwLongOf[V long](str bool, size int) table {
	if str {
		return &rwStrLong[V]{rwLong[string, V]{m: make(longs[string, V], size)}}
	}
	return &rwU64Long[V]{rwLong[uint64, V]{m: make(longs[uint64, V], size)}}
}

func (m *rwLong[K, V]) get(w *worker, rank uint64, key K) (uint64, bool) {
	m.mu.RLock()
	value, ok := m.m[key]
	m.mu.RUnlock()
	if !ok {
		return 0, false
	}
	return checkWord(w, rank, &value), true
}

func (m *rwLong[K, V]) put(w *worker, rank uint64, key K, word uint64, old *uint64) bool {
	var value V
	lengthen(wordsOf(&value), word)
	m.mu.Lock()
	wasThere := m.m.replace(w, rank, key, &value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwLong[K, V]) drop(w *worker, rank uint64, key K, old *uint64) bool {
	m.mu.Lock()
	wasThere := m.m.removeKey(w, rank, key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwLong[K, V]) returnsOld() bool { return true }

type rwU64Long[V long] struct{ rwLong[uint64, V] }

func (m *rwU64Long[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := scatter(rank)
		m.mu.RLock()
		value, ok := m.m[key]
		m.mu.RUnlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= longMismatch(wordsOf(&value), rank)
	}
	w.wrong |= wrong
}

func (m *rwU64Long[V]) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.get(w, rank, scatter(rank))
}

func (m *rwU64Long[V]) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return m.put(w, rank, scatter(rank), value, old)
}

func (m *rwU64Long[V]) remove(w *worker, rank uint64, old *uint64) bool {
	return m.drop(w, rank, scatter(rank), old)
}

type rwStrLong[V long] struct{ rwLong[string, V] }

func (m *rwStrLong[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := w.view(rank)
		m.mu.RLock()
		value, ok := m.m[key]
		m.mu.RUnlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= longMismatch(wordsOf(&value), rank)
	}
	w.wrong |= wrong
}

func (m *rwStrLong[V]) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.get(w, rank, w.view(rank))
}

func (m *rwStrLong[V]) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return m.put(w, rank, w.storedKey(rank), value, old)
}

func (m *rwStrLong[V]) remove(w *worker, rank uint64, old *uint64) bool {
	return m.drop(w, rank, w.view(rank), old)
}
