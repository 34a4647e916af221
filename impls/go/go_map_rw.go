// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// A map under sync.RWMutex: what most Go programs do. Its keys have a type, so
// that look-ups go through mapaccess2_fast64 and mapaccess2_faststr.

type rwU64 struct {
	mu sync.RWMutex
	m  words
}

func (m *rwU64) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.base + w.drawn[i].rank
		m.mu.RLock()
		value, ok := m.m[scatter(rank)]
		m.mu.RUnlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= different(value, rank)
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
	wasThere := m.m.takeOut(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwU64) tells() bool { return true }

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
		rank := w.base + w.drawn[i].rank
		key := w.view(rank)
		m.mu.RLock()
		value, ok := m.m[key]
		m.mu.RUnlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= different(value, rank)
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
	key := w.own(rank)
	m.mu.Lock()
	wasThere := m.m.replace(key, value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwStr) remove(w *worker, rank uint64, old *uint64) bool {
	key := w.view(rank)
	m.mu.Lock()
	wasThere := m.m.takeOut(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *rwStr) tells() bool { return true }
