// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// mutexU64 is a map under sync.Mutex.

type mutexU64 struct {
	mu sync.Mutex
	m  words
}

func mutexWordOf(str bool, size int) table {
	if str {
		return &mutexStr{m: make(texts, size)}
	}
	return &mutexU64{m: make(words, size)}
}

func (m *mutexU64) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		m.mu.Lock()
		value, ok := m.m[scatter(rank)]
		m.mu.Unlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *mutexU64) lookup(w *worker, rank uint64) (uint64, bool) {
	m.mu.Lock()
	value, ok := m.m[scatter(rank)]
	m.mu.Unlock()
	return value, ok
}

func (m *mutexU64) upsert(w *worker, rank, value uint64, old *uint64) bool {
	key := scatter(rank)
	m.mu.Lock()
	wasThere := m.m.replace(key, value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexU64) remove(w *worker, rank uint64, old *uint64) bool {
	key := scatter(rank)
	m.mu.Lock()
	wasThere := m.m.removeKey(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexU64) returnsOld() bool { return true }

type mutexStr struct {
	mu sync.Mutex
	m  texts
}

func (m *mutexStr) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := w.view(rank)
		m.mu.Lock()
		value, ok := m.m[key]
		m.mu.Unlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *mutexStr) lookup(w *worker, rank uint64) (uint64, bool) {
	key := w.view(rank)
	m.mu.Lock()
	value, ok := m.m[key]
	m.mu.Unlock()
	return value, ok
}

func (m *mutexStr) upsert(w *worker, rank, value uint64, old *uint64) bool {
	key := w.storedKey(rank)
	m.mu.Lock()
	wasThere := m.m.replace(key, value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexStr) remove(w *worker, rank uint64, old *uint64) bool {
	key := w.view(rank)
	m.mu.Lock()
	wasThere := m.m.removeKey(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexStr) returnsOld() bool { return true }

// mutexLong has long values; its keys are 64-bit words or strings.

type mutexLong[K comparable, V long] struct {
	mu sync.Mutex
	m  longs[K, V]
}

func mutexLongOf[V long](str bool, size int) table {
	if str {
		return &mutexStrLong[V]{mutexLong[string, V]{m: make(longs[string, V], size)}}
	}
	return &mutexU64Long[V]{mutexLong[uint64, V]{m: make(longs[uint64, V], size)}}
}

func (m *mutexLong[K, V]) get(w *worker, rank uint64, key K) (uint64, bool) {
	m.mu.Lock()
	value, ok := m.m[key]
	m.mu.Unlock()
	if !ok {
		return 0, false
	}
	return checkWord(w, rank, &value), true
}

func (m *mutexLong[K, V]) put(w *worker, rank uint64, key K, word uint64, old *uint64) bool {
	var value V
	lengthen(wordsOf(&value), word)
	m.mu.Lock()
	wasThere := m.m.replace(w, rank, key, &value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexLong[K, V]) drop(w *worker, rank uint64, key K, old *uint64) bool {
	m.mu.Lock()
	wasThere := m.m.removeKey(w, rank, key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexLong[K, V]) returnsOld() bool { return true }

type mutexU64Long[V long] struct{ mutexLong[uint64, V] }

func (m *mutexU64Long[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := scatter(rank)
		m.mu.Lock()
		value, ok := m.m[key]
		m.mu.Unlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= longMismatch(wordsOf(&value), rank)
	}
	w.wrong |= wrong
}

func (m *mutexU64Long[V]) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.get(w, rank, scatter(rank))
}

func (m *mutexU64Long[V]) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return m.put(w, rank, scatter(rank), value, old)
}

func (m *mutexU64Long[V]) remove(w *worker, rank uint64, old *uint64) bool {
	return m.drop(w, rank, scatter(rank), old)
}

type mutexStrLong[V long] struct{ mutexLong[string, V] }

func (m *mutexStrLong[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := w.view(rank)
		m.mu.Lock()
		value, ok := m.m[key]
		m.mu.Unlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= longMismatch(wordsOf(&value), rank)
	}
	w.wrong |= wrong
}

func (m *mutexStrLong[V]) lookup(w *worker, rank uint64) (uint64, bool) {
	return m.get(w, rank, w.view(rank))
}

func (m *mutexStrLong[V]) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return m.put(w, rank, w.storedKey(rank), value, old)
}

func (m *mutexStrLong[V]) remove(w *worker, rank uint64, old *uint64) bool {
	return m.drop(w, rank, w.view(rank), old)
}
