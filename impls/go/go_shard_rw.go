// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"unsafe"
)

// Each shard is a map under an RWMutex. There are 32 shards as in article S4 (4.2), or 64 as in S2
// (4.3). The FNV-1a hash of the key and a mask select the shard.

// shard is padded to 64 bytes, as the articles advise.
type shard[K key, V long] struct {
	mu sync.RWMutex
	m  longs[K, V]
	_  [64 - unsafe.Sizeof(sync.RWMutex{}) - unsafe.Sizeof(uintptr(0))]byte
}

type shards[K key, V long] struct {
	all  []shard[K, V]
	mask uint64
}

func newShards[K key, V long](count, size int) shards[K, V] {
	m := shards[K, V]{make([]shard[K, V], count), uint64(count - 1)}
	for i := range m.all {
		m.all[i].m = make(longs[K, V], size/count)
	}
	return m
}

const (
	fnvStart = 14695981039346656037
	fnvPrime = 1099511628211
)

func fnvWord(word uint64) uint64 {
	hash := uint64(fnvStart)
	for i := 0; i < 64; i += 8 {
		hash = (hash ^ word>>i&0xff) * fnvPrime
	}
	return hash
}

func fnvText(text string) uint64 {
	hash := uint64(fnvStart)
	for i := 0; i < len(text); i++ {
		hash = (hash ^ uint64(text[i])) * fnvPrime
	}
	return hash
}

func (m *shards[K, V]) of(key K) *shard[K, V] {
	hash := uint64(0)
	switch key := any(key).(type) {
	case uint64:
		hash = fnvWord(key)
	case string:
		hash = fnvText(key)
	}
	return &m.all[hash&m.mask]
}

func (m *shards[K, V]) lookup(w *worker, rank uint64) (uint64, bool) {
	key := viewOf[K](w, rank)
	s := m.of(key)
	s.mu.RLock()
	value, ok := s.m[key]
	s.mu.RUnlock()
	return checkLookup(w, rank, &value, ok)
}

func (m *shards[K, V]) upsert(w *worker, rank, word uint64, old *uint64) bool {
	key, value := storedKeyOf[K](w, rank), longOf[V](word)
	s := m.of(key)
	s.mu.Lock()
	wasThere := s.m.replace(w, rank, key, &value, old)
	s.mu.Unlock()
	return wasThere
}

func (m *shards[K, V]) remove(w *worker, rank uint64, old *uint64) bool {
	key := viewOf[K](w, rank)
	s := m.of(key)
	s.mu.Lock()
	wasThere := s.m.removeKey(w, rank, key, old)
	s.mu.Unlock()
	return wasThere
}

func (m *shards[K, V]) returnsOld() bool { return true }

type shardsU64[V long] struct{ shards[uint64, V] }

func (m *shardsU64[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := scatter(rank)
		s := &m.all[fnvWord(key)&m.mask]
		s.mu.RLock()
		value, ok := s.m[key]
		s.mu.RUnlock()
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

type shardsStr[V long] struct{ shards[string, V] }

func (m *shardsStr[V]) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := w.view(rank)
		s := &m.all[fnvText(key)&m.mask]
		s.mu.RLock()
		value, ok := s.m[key]
		s.mu.RUnlock()
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

func shardsOf[V long](count int) maker {
	return func(str bool, size int) table {
		if str {
			return &shardsStr[V]{newShards[string, V](count, size)}
		}
		return &shardsU64[V]{newShards[uint64, V](count, size)}
	}
}
