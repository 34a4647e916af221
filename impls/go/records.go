// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// Maps that support only one shape, each made for one claim.
var mapsOfOneShape = map[string]struct {
	shape string
	make  func(size int) table
}{
	"go_map_rw_boxed":      {"str16x24", func(n int) table { return &boxed{in: newLockedPointers(1, n)} }},
	"go_shard_rw_64_boxed": {"str16x24", func(n int) table { return &boxed{in: newLockedPointers(64, n)} }},
	"go_sync_map_boxed":    {"str16x24", func(int) table { return &boxed{in: &syncPointers{}} }},
	"go_map_rw_pointers":   {"u64x8", func(n int) table { return newPointed(n, false) }},
	"go_map_rw_pooled":     {"u64x8", func(n int) table { return newPointed(n, true) }},
	"go_map_bare":          {"u64x8", func(n int) table { return &bare{make(words, n)} }},
	"go_map_generic":       {"u64x8", func(n int) table { return &generic{bare{make(words, n)}} }},
	"go_array":             {"u64x8", newArray},
}

// counted is a table that has its own statistics.
type counted interface{ stats(add addStat) }

// runDrawn runs a batch with calls through the interface, for tables whose claims are not about the
// lookup.
func runDrawn(m table, w *worker) {
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, wasThere := m.lookup(w, rank)
		if !wasThere {
			w.missed(i)
			continue
		}
		w.wrong |= rankMismatch(value, rank)
	}
}

const timedAllocations = 61 // one allocation in this many is timed

type pointer = *[3]uint64

// pointerMap stores the pointers of boxed. put returns the old pointer.
type pointerMap interface {
	get(key string) (value pointer, ok bool)
	put(key string, value pointer) (replaced pointer, wasThere bool)
	take(key string) (replaced pointer, wasThere bool)
}

// boxed maps have pointers to values, and each store allocates one (article S2, 4.3).
type boxed struct {
	in    pointerMap
	timed [4096]struct{ count, ns uint64 } // timed allocations in the window, by member
}

func (m *boxed) batch(w *worker) { runDrawn(m, w) }

func (m *boxed) lookup(w *worker, rank uint64) (uint64, bool) {
	value, ok := m.in.get(w.view(rank))
	return checkLookup(w, rank, value, ok)
}

func (m *boxed) upsert(w *worker, rank, word uint64, old *uint64) bool {
	start := uint64(0)
	if w.sequence%timedAllocations == 0 && w.measured {
		start = now()
	}
	value := new([3]uint64)
	if start > 0 {
		m.timed[w.slot].ns += now() - start
		m.timed[w.slot].count++
	}
	lengthen(value[:], word)
	replaced, wasThere := m.in.put(w.storedKey(rank), value)
	if !m.returnsOld() {
		return w.presumed
	}
	if wasThere {
		keepOld(old, checkWord(w, rank, replaced))
	}
	return wasThere
}

func (m *boxed) remove(w *worker, rank uint64, old *uint64) bool {
	replaced, wasThere := m.in.take(w.view(rank))
	if wasThere {
		keepOld(old, checkWord(w, rank, replaced))
	}
	return wasThere
}

// returnsOld is false for a sync.Map, whose Store does not return the old value.
func (m *boxed) returnsOld() bool {
	_, locked := m.in.(lockedPointers)
	return locked
}

// stats reports the allocations. The time of each includes two readings of the clock.
func (m *boxed) stats(add addStat) {
	count, ns := uint64(0), uint64(0)
	for i := range m.timed {
		count += m.timed[i].count
		ns += m.timed[i].ns
	}
	add("allocations_timed", "1", float64(count))
	add("allocations_timed_ns", "ns", float64(ns))
}

// lockedPointers is a list of maps, each under an RWMutex.
type lockedPointers []struct {
	mu sync.RWMutex
	m  map[string]pointer
	_  [32]byte
}

func newLockedPointers(shards, size int) lockedPointers {
	m := make(lockedPointers, shards)
	for i := range m {
		m[i].m = make(map[string]pointer, size/shards)
	}
	return m
}

func (m lockedPointers) of(key string) int {
	if len(m) == 1 {
		return 0
	}
	return int(fnvText(key) % uint64(len(m)))
}

func (m lockedPointers) get(key string) (pointer, bool) {
	shard := &m[m.of(key)]
	shard.mu.RLock()
	value, ok := shard.m[key]
	shard.mu.RUnlock()
	return value, ok
}

func (m lockedPointers) put(key string, value pointer) (pointer, bool) {
	shard := &m[m.of(key)]
	shard.mu.Lock()
	replaced, wasThere := shard.m[key]
	shard.m[key] = value
	shard.mu.Unlock()
	return replaced, wasThere
}

func (m lockedPointers) take(key string) (pointer, bool) {
	shard := &m[m.of(key)]
	shard.mu.Lock()
	replaced, wasThere := shard.m[key]
	delete(shard.m, key)
	shard.mu.Unlock()
	return replaced, wasThere
}

type syncPointers struct{ m sync.Map }

func (m *syncPointers) get(key string) (pointer, bool) {
	value, ok := m.m.Load(key)
	at, _ := value.(pointer)
	return at, ok
}

func (m *syncPointers) put(key string, value pointer) (pointer, bool) {
	m.m.Store(key, value)
	return nil, false
}

func (m *syncPointers) take(key string) (pointer, bool) {
	value, ok := m.m.LoadAndDelete(key)
	at, _ := value.(pointer)
	return at, ok
}

// pointed is a map of pointers to records under an RWMutex, as in impls/gomap/gomap_pointers.h: an
// update exchanges a field in place under the read lock. Records come from pool unless that is nil.
type pointed struct {
	mu   sync.RWMutex
	m    map[uint64]*field
	pool *sync.Pool
}

type field struct{ word uint64 }

func newPointed(size int, pools bool) *pointed {
	m := &pointed{m: make(map[uint64]*field, size)}
	if pools {
		m.pool = &sync.Pool{New: func() any { return &field{} }}
	}
	return m
}

func (m *pointed) batch(w *worker) { runDrawn(m, w) }

func (m *pointed) lookup(w *worker, rank uint64) (value uint64, ok bool) {
	m.mu.RLock()
	at, ok := m.m[scatter(rank)]
	if ok {
		value = atomic.LoadUint64(&at.word)
	}
	m.mu.RUnlock()
	return value, ok
}

func (m *pointed) upsert(w *worker, rank, value uint64, old *uint64) bool {
	key := scatter(rank)
	m.mu.RLock()
	at, wasThere := m.m[key]
	if wasThere {
		keepOld(old, atomic.SwapUint64(&at.word, value))
	}
	m.mu.RUnlock()
	if wasThere {
		return true
	}
	m.mu.Lock()
	if at, wasThere = m.m[key]; !wasThere {
		if m.pool != nil {
			at = m.pool.Get().(*field)
		} else {
			at = &field{}
		}
		m.m[key] = at
	}
	keepOld(old, atomic.SwapUint64(&at.word, value))
	m.mu.Unlock()
	return wasThere
}

func keepOld(old *uint64, value uint64) {
	if old != nil {
		*old = value
	}
}

func (m *pointed) remove(w *worker, rank uint64, old *uint64) bool {
	key := scatter(rank)
	m.mu.Lock()
	at, wasThere := m.m[key]
	if wasThere {
		delete(m.m, key)
		keepOld(old, at.word)
	}
	m.mu.Unlock()
	if wasThere && m.pool != nil {
		m.pool.Put(at)
	}
	return wasThere
}

func (m *pointed) returnsOld() bool { return true }

// bare is Go's native map without a lock, for one goroutine.
type bare struct{ m words }

func (m *bare) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		value, ok := m.m[scatter(rank)]
		if !ok {
			w.missed(i)
			continue
		}
		wrong |= rankMismatch(value, rank)
	}
	w.wrong |= wrong
}

func (m *bare) lookup(w *worker, rank uint64) (uint64, bool) {
	value, ok := m.m[scatter(rank)]
	return value, ok
}

func (m *bare) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return m.m.replace(scatter(rank), value, old)
}

func (m *bare) remove(w *worker, rank uint64, old *uint64) bool {
	return m.m.removeKey(scatter(rank), old)
}

func (m *bare) returnsOld() bool { return true }

// generic inserts by the function that the compiler calls if there is no specialised function for
// the type of the key (article S3, 3.3).
type generic struct{ bare }

//go:linkname mapassign runtime.mapassign
//go:noescape
func mapassign(mapType, m, key unsafe.Pointer) (value unsafe.Pointer)

func (m *generic) upsert(w *worker, rank, value uint64, old *uint64) bool {
	key, before, of := scatter(rank), len(m.m), any(m.m)
	if old != nil {
		*old = m.m[key]
	}
	parts := (*[2]unsafe.Pointer)(unsafe.Pointer(&of)) // words of an interface: type and map
	*(*uint64)(mapassign(parts[0], parts[1], unsafe.Pointer(&key))) = value
	return len(m.m) == before
}

// array is an ideal map. A lookup computes the hash of a map and loads one value, at the rank. The
// load depends on the hash but does not use its bits, so no keys collide.
type array struct {
	values []uint64
	hasher hasher
	mask   uint64 // always 0
}

type hasher func(key unsafe.Pointer, seed uintptr) uintptr

func newArray(n int) table {
	of := any(words(nil))
	mapType := *(*unsafe.Pointer)(unsafe.Pointer(&of))
	return &array{make([]uint64, 0, n), *(*hasher)(unsafe.Add(mapType, hasherAt)), 0}
}

// hasherAt is the offset of the hash function in the type of a map. Before it are the 48 bytes of
// every type, and pointers to the types of key, element, and bucket or group.
const hasherAt = 72

// hash hides its argument from the compiler, which would put it on the heap.
func (m *array) hash(key *uint64) uint64 {
	address := uintptr(unsafe.Pointer(key))
	return uint64(m.hasher(*(*unsafe.Pointer)(unsafe.Pointer(&address)), 1))
}

const noValue = ^uint64(0)

func (m *array) batch(w *worker) {
	wrong, values := uint64(0), m.values
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		key := scatter(rank)
		if at := uint32(key) + uint32(m.hash(&key)&m.mask); int(at) >= len(values) || values[at] == noValue {
			w.missed(i)
		} else {
			wrong |= rankMismatch(values[at], rank)
		}
	}
	w.wrong |= wrong
}

func (m *array) lookup(w *worker, rank uint64) (uint64, bool) {
	if rank >= uint64(len(m.values)) || m.values[rank] == noValue {
		return 0, false
	}
	return m.values[rank], true
}

func (m *array) upsert(w *worker, rank, value uint64, old *uint64) bool {
	for rank >= uint64(len(m.values)) {
		m.values = append(m.values, noValue)
	}
	replaced := m.values[rank]
	m.values[rank] = value
	keepOld(old, replaced)
	return replaced != noValue
}

func (m *array) remove(w *worker, rank uint64, old *uint64) bool {
	replaced, wasThere := m.lookup(w, rank)
	if wasThere {
		m.values[rank] = noValue
		keepOld(old, replaced)
	}
	return wasThere
}

func (m *array) returnsOld() bool { return true }
