// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sync"
)

// audit runs an experiment once per iteration. The experiment adds to the counts and
// returns an error message if its results are wrong.
type audit struct {
	names  []string // names of the counts; the last one is a time
	once   func(seed uint64, counted []uint64) string
	seeds  []uint64
	counts [][8]uint64 // counts of each member and its number of audits
	reason []string
}

func newAudit(t *team, names []string, once func(uint64, []uint64) string) program {
	a := &audit{names: names, once: once, seeds: make([]uint64, len(t.members)),
		counts: make([][8]uint64, len(t.members)), reason: make([]string, len(t.members))}
	for i := range a.seeds {
		a.seeds[i] = seedOf(t.mapSeed, uint64(i))
	}
	return a
}

func (a *audit) run(m *member) {
	w := &m.worker
	counts := a.counts[w.slot]
	for w.turn() && a.reason[w.slot] == "" {
		a.reason[w.slot] = a.once(next(&a.seeds[w.slot]), counts[:])
		counts[len(counts)-1]++
	}
	if w.measured {
		a.counts[w.slot] = counts
	}
}

func (a *audit) wrong(*totals) string {
	for _, reason := range a.reason {
		if reason != "" {
			return reason
		}
	}
	return ""
}

func (a *audit) stats(add addStat) {
	for at, name := range append(a.names, "audits") {
		sum, unit := uint64(0), "1"
		for i := range a.counts {
			if name == "audits" {
				at = len(a.counts[i]) - 1
			}
			sum += a.counts[i][at]
		}
		if at == len(a.names)-1 {
			unit = "ns"
		}
		add(name, unit, float64(sum))
	}
}

// Functions that empty a map of the keys below n. Each returns the empty map.

func emptyByReplacing(words, uint64) words { return words{} }

// emptyByRange uses the loop printed in article S0. The compiler replaces it with a map clear.
func emptyByRange(m words, _ uint64) words {
	for key := range m {
		delete(m, key)
	}
	return m
}

// emptyWithin deletes by a loop that the compiler does not turn into a clear. If the iteration held
// a read lock, deleting under a write lock would deadlock.
func emptyWithin(m words, n uint64) words {
	for key := range m {
		if key < n {
			delete(m, key)
		}
	}
	return m
}

// emptyByKeys deletes a list of known keys.
func emptyByKeys(m words, n uint64) words {
	for key := uint64(0); key < n; key++ {
		delete(m, key)
	}
	return m
}

// newEmptying times the emptying of a map (article S0, section 1; impls/technique/emptying.h). If
// the map is replaced, the garbage collector frees the old one.
func newEmptying(empty func(m words, n uint64) words) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		keys := args[0]
		return newAudit(t, []string{"keys_emptied", "emptying_time"},
			func(_ uint64, counted []uint64) string {
				m := words{}
				for key := uint64(0); key < keys; key++ {
					m[key] = key
				}
				before, start := len(m), now()
				m = empty(m, keys)
				counted[1] += now() - start
				counted[0] += keys
				if uint64(before) == keys && len(m) == 0 {
					return ""
				}
				return fmt.Sprintf("%d keys of %d, and %d when it was emptied",
					before, keys, len(m))
			})
	}
}

// newRebuild times the insertion of the first new key into a sync.Map whose keys are promoted. The
// classic sync.Map then copies all entries (article S4, 2.2).
func newRebuild(t *team, args []uint64) program {
	keys := make([]any, args[0])
	for i := range keys {
		keys[i] = scatter(uint64(i))
	}
	fresh := any(scatter(args[0]))
	return newAudit(t, []string{"rebuilds", "entries", "rebuild_time"},
		func(_ uint64, counted []uint64) string {
			m, found := &sync.Map{}, 0
			for _, key := range keys {
				m.Store(key, key)
			}
			visit := func(key, value any) bool {
				if key == value {
					found++
				}
				return true
			}
			m.Range(visit) // promotes the keys
			start := now()
			m.Store(fresh, fresh)
			counted[2] += now() - start
			counted[1] += uint64(len(keys))
			counted[0]++
			m.Range(visit)
			if found == 2*len(keys)+1 {
				return ""
			}
			return fmt.Sprintf("%d pairs were visited, expected %d", found, 2*len(keys)+1)
		})
}

// pointers stores pointers to existing records under promoted keys, so that only the store itself
// allocates (article S4, section 2.2).
type pointers struct {
	records [2][]uint64 // two records of each key
	last    []*uint64   // record of the last store of each key
	store   func(rank uint64, value *uint64)
	load    func(rank uint64) any
}

// newPointers uses a typed map under a lock, or a sync.Map whose keys are already boxed
// in interfaces.
func newPointers(typed bool) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		n, w := args[0]*uint64(len(t.members)), &worker{keyBytes: 16}
		p := &pointers{[2][]uint64{make([]uint64, n), make([]uint64, n)},
			make([]*uint64, n), nil, nil}
		keys, boxes := make([]string, n), make([]any, n)
		for rank := range keys {
			keys[rank] = w.storedKey(uint64(rank))
			boxes[rank] = keys[rank]
		}
		var of sync.Map
		var mu sync.RWMutex
		m := map[string]*uint64{}
		p.store = func(rank uint64, value *uint64) { of.Store(boxes[rank], value) }
		p.load = func(rank uint64) any { value, _ := of.Load(boxes[rank]); return value }
		if typed {
			p.store = func(rank uint64, value *uint64) {
				mu.Lock()
				m[keys[rank]] = value
				mu.Unlock()
			}
			p.load = func(rank uint64) any { return m[keys[rank]] }
		}
		for rank := uint64(0); rank < n; rank++ {
			p.put(0, rank)
		}
		for rank := uint64(0); rank < n; rank++ {
			p.load(rank) // promotes the keys
		}
		return p
	}
}

func (p *pointers) put(which, rank uint64) {
	p.last[rank] = &p.records[which][rank]
	p.store(rank, p.last[rank])
}

// run stores each of the member's keys in order, repeatedly.
func (p *pointers) run(m *member) {
	w, n := &m.worker, uint64(len(p.last))
	for which := uint64(1); ; which ^= 1 {
		for rank := uint64(w.slot); rank < n; rank += uint64(w.load.threads) {
			if !w.turn() {
				return
			}
			p.put(which, rank)
		}
	}
}

func (p *pointers) wrong(*totals) string {
	for rank, last := range p.last {
		if p.load(uint64(rank)) != any(last) {
			return fmt.Sprintf("key %d lacks the record of its last store", rank)
		}
	}
	return ""
}

func (p *pointers) stats(addStat) {}
