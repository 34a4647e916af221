// SPDX-License-Identifier: Apache-2.0

package main

import "sync"

// A map under sync.Mutex.

type mutexU64 struct {
	mu sync.Mutex
	m  words
}

func (m *mutexU64) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.base + w.drawn[i].rank
		m.mu.Lock()
		value, ok := m.m[scatter(rank)]
		m.mu.Unlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= different(value, rank)
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
	wasThere := m.m.takeOut(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexU64) tells() bool { return true }

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
		rank := w.base + w.drawn[i].rank
		key := w.view(rank)
		m.mu.Lock()
		value, ok := m.m[key]
		m.mu.Unlock()
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= different(value, rank)
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
	key := w.own(rank)
	m.mu.Lock()
	wasThere := m.m.replace(key, value, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexStr) remove(w *worker, rank uint64, old *uint64) bool {
	key := w.view(rank)
	m.mu.Lock()
	wasThere := m.m.takeOut(key, old)
	m.mu.Unlock()
	return wasThere
}

func (m *mutexStr) tells() bool { return true }
