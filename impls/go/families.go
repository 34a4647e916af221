// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"
)

const (
	familyCache  = 2 // number of the family whose keys turn over
	familyTimed  = 64
	familyAbsent = 1 << 36 // no key has this number or a higher one
)

var familyPrefixes = [3]string{"auth:", "metric:", "cache:"}

// families is impls/technique/families.h in Go: the keys of three modules, distinguished by a
// prefix, are in one sync.Map or in three (article S0, section 3.2).
type families struct {
	maps    []sync.Map
	keys    uint64 // number of keys of each family
	missing uint32 // share of lookups of absent keys, of 2^32
	_       [64]byte
	head    uint64 // number of the next "cache:" key; atomic
	_       [64]byte
	members []familyMember
}

type familyMember struct {
	text            [32]byte
	inserts, remove uint64
	timed, timedNs  uint64
	_               [128]byte
}

func newFamilies(maps int) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		f := &families{maps: make([]sync.Map, maps), keys: args[0], head: args[0],
			missing: uint32((1<<32 - 1) / args[1]),
			members: make([]familyMember, len(t.members))}
		for pass := 0; pass < 2; pass++ { // all keys are stored before any lookup
			for family := range familyPrefixes {
				for number := uint64(0); number < f.keys; number++ {
					key := f.members[0].key(family, number)
					if pass == 0 {
						f.mapOf(family).Store(string([]byte(key)), familyValue(family, number, 0))
					} else {
						f.mapOf(family).Load(key)
					}
				}
			}
		}
		return f
	}
}

func (f *families) mapOf(family int) *sync.Map { return &f.maps[family%len(f.maps)] }

// key returns a key for lookups; it is valid until the next call, which overwrites its bytes.
func (m *familyMember) key(family int, number uint64) string {
	text := append(m.text[:0], familyPrefixes[family]...)
	text = strconv.AppendUint(text, number, 10)
	return *(*string)(unsafe.Pointer(&text))
}

// familyValue returns a value whose low 40 bits identify the key; the high bits are a number that
// changes.
func familyValue(family int, number, sequence uint64) uint64 {
	return sequence<<40 | (number*3 + uint64(family))
}

// draw returns a present key, except "cache:" keys that are just inserted or removed.
func (f *families) draw(family int, y uint64) uint64 {
	if family != familyCache {
		return below(y, f.keys)
	}
	edge := f.keys / 8
	return edge + below(y, f.keys-2*edge) + atomic.LoadUint64(&f.head) - f.keys
}

func (f *families) write(w *worker, m *familyMember, family int, number uint64) {
	turnsOver := family == familyCache
	if turnsOver {
		number = atomic.AddUint64(&f.head, 1) - 1
	}
	w.sequence++
	w.counts.writes++
	of := f.mapOf(family)
	of.Store(string([]byte(m.key(family, number))), familyValue(family, number, w.sequence))
	if !turnsOver {
		return
	}
	m.inserts++
	w.counts.writes++
	w.counts.pairs++
	if _, wasThere := of.LoadAndDelete(m.key(family, number-f.keys)); wasThere {
		m.remove++
	}
}

func (f *families) read(w *worker, m *familyMember, family int, number uint64, absent bool) {
	drawn := number
	if absent {
		drawn += familyAbsent
	}
	value, ok := f.mapOf(family).Load(m.key(family, drawn))
	switch {
	case absent:
		w.counts.missesAbsent++
		if ok {
			w.wrong |= 1
		}
	case ok:
		w.wrong |= (value.(uint64) ^ familyValue(family, number, 0)) << 24
	default: // a "cache:" key may just have been removed
		w.counts.missesResident++
		if family != familyCache {
			w.wrong |= 1
		}
	}
}

func (f *families) run(member *member) {
	w := &member.worker
	m := &f.members[w.slot]
	for w.turn() {
		x, y := next(&w.rng), next(&w.rng)
		family := int((x >> 48) * 3 >> 16)
		absent, number := uint32(y) < f.missing, f.draw(family, y)
		switch {
		case uint32(x) < w.load.writeBelow:
			f.write(w, m, family, number)
		case w.counts.iterations%familyTimed != 0:
			f.read(w, m, family, number, absent)
		default:
			start := now()
			f.read(w, m, family, number, absent)
			if w.measured {
				m.timedNs += now() - start
				m.timed++
			}
		}
	}
}

// wrong checks that the number of keys is the initial one plus inserts minus removals.
func (f *families) wrong(*totals) string {
	expected, held := f.keys*3, uint64(0)
	for i := range f.members {
		expected += f.members[i].inserts - f.members[i].remove
	}
	for i := range f.maps {
		f.maps[i].Range(func(_, _ any) bool { held++; return true })
	}
	if held != expected {
		return fmt.Sprintf("%d keys, expected %d", held, expected)
	}
	return ""
}

func (f *families) stats(add addStat) {
	timed, ns := uint64(0), uint64(0)
	for i := range f.members {
		timed += f.members[i].timed
		ns += f.members[i].timedNs
	}
	add("lookups_timed", "1", float64(timed))
	add("lookup_mean_ns", "ns", ratio(ns, timed))
}

const routeShards, routeLookups = 64, 64

// route stores into 64 locked maps, with two ways to choose the shard (article S2, section 4.3, and
// impls/technique/route.h). One key in 64 is looked up again, at a different call depth.
type route struct {
	shards [routeShards]struct {
		mu sync.RWMutex
		m  map[string][3]uint64
		_  [64]byte
	}
	of            func(key string) uint64
	misleads      bool // the same key may go to different shards
	keys          uint64
	lookups, lost []count
}

// routeByAddress is the listing of the article. It returns the address of the argument in units of
// its alignment.
//
//go:noinline
func routeByAddress(key string) uint64 {
	return uint64(uintptr(unsafe.Pointer(&key))) / 8 % routeShards
}

func routeByHash(key string) uint64 { return fnvText(key) % routeShards }

func newRoute(of func(string) uint64, misleads bool) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		r := &route{of: of, misleads: misleads, keys: args[0],
			lookups: make([]count, len(t.members)), lost: make([]count, len(t.members))}
		for i := range r.shards {
			r.shards[i].m = map[string][3]uint64{}
		}
		for i := range t.members {
			t.members[i].worker.keyBytes = 16
		}
		return r
	}
}

//go:noinline
func (r *route) store(key string, rank uint64) {
	shard := &r.shards[r.of(key)]
	shard.mu.Lock()
	shard.m[key] = [3]uint64{rank}
	shard.mu.Unlock()
}

//go:noinline
func (r *route) finds(key string, rank uint64) bool {
	shard := &r.shards[r.of(key)]
	shard.mu.RLock()
	value, ok := shard.m[key]
	shard.mu.RUnlock()
	return ok && value[0] == rank
}

// findsDeeper has one more frame than store.
//
//go:noinline
func (r *route) findsDeeper(key string, rank uint64) bool {
	found := r.finds(key, rank)
	return found
}

func (r *route) run(member *member) {
	w := &member.worker
	for w.turn() {
		rank := below(next(&w.rng), r.keys)
		key := w.storedKey(rank)
		r.store(key, rank)
		if w.counts.iterations%routeLookups != 0 {
			continue
		}
		r.lookups[w.slot].n++
		if !r.findsDeeper(key, rank) {
			r.lost[w.slot].n++
		}
	}
}

// wrong checks that lookups found all keys if a hash chooses the shard, and that no shard holds
// another key's value.
func (r *route) wrong(*totals) string {
	if lost := total(r.lost); !r.misleads && lost > 0 {
		return fmt.Sprintf("%d keys were stored and not found", lost)
	}
	w := worker{keyBytes: 16}
	for i := range r.shards {
		for key, value := range r.shards[i].m {
			if w.view(value[0]) != key {
				return "a shard holds another key's value"
			}
		}
	}
	return ""
}

func (r *route) stats(add addStat) {
	used := 0
	for i := range r.shards {
		if len(r.shards[i].m) > 0 {
			used++
		}
	}
	add("lookups", "1", float64(total(r.lookups)))
	add("lookups_lost", "1", float64(total(r.lost)))
	add("shards_used", "1", float64(used))
}
