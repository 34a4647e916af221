// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// The audits in this file test properties of Go's map variables and of sync.Map.

// assign and copyOf are not inlined, so that every copy is really made.
//
//go:noinline
func assign(variable *words, m words) { *variable = m }

//go:noinline
func copyOf(variable *words) words { return *variable }

func cloneOf(variable *words) words {
	clone := make(words, len(*variable))
	for key, value := range *variable {
		clone[key] = value
	}
	return clone
}

func sameMap(a, b words) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// newHandle writes through a copy of a map variable and reads through the original. Then
// it copies a variable while another goroutine assigns it (article S1, 2).
func newHandle(copyMap func(*words) words) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		names := []string{"words_of_variable", "copies", "copies_of_other_maps", "torn_headers",
			"copies_written", "writes_seen_through_original", "copy_time"}
		return newAudit(t, names, func(seed uint64, counted []uint64) string {
			original, other := words{}, words{}
			for key := uint64(0); key < 100; key++ {
				original[key] = 0
			}
			b := copyMap(&original)
			b[0] = seed | 1
			counted[4]++
			if original[0] == seed|1 {
				counted[5]++
			}
			start, copies := now(), args[0]
			counted[0] += uint64(unsafe.Sizeof(original) / unsafe.Sizeof(uintptr(0)))
			others, torn := raceCopies(original, other, copies)
			counted[1] += copies
			counted[2] += others
			counted[3] += torn
			counted[6] += now() - start
			if others == 0 {
				return "no copy was made while the variable had another map"
			}
			return ""
		})
	}
}

// raceCopies copies a variable while a goroutine alternately assigns it two maps. It returns the
// number of copies of the second map, and the number of copies of neither map.
func raceCopies(original, other words, copies uint64) (others, torn uint64) {
	variable, stop, done := original, uint32(0), make(chan struct{})
	go func() {
		for atomic.LoadUint32(&stop) == 0 {
			assign(&variable, other)
			runtime.Gosched()
			assign(&variable, original)
			runtime.Gosched()
		}
		close(done)
	}()
	for i := uint64(0); i < copies || others == 0 && i < 1000*copies; i++ {
		b := copyOf(&variable)
		switch {
		case sameMap(b, other):
			others++
		case !sameMap(b, original):
			torn++
		}
		if i%16 == 0 {
			runtime.Gosched()
		}
	}
	atomic.StoreUint32(&stop, 1)
	<-done
	return others, torn
}

// newOffers checks what a sync.Map offers: the number of pairs that Range visits, and the number of
// methods that return its length (article S0, section 1).
func newOffers(t *team, args []uint64) program {
	return newAudit(t, []string{"pairs_visited", "length_methods", "range_time"},
		func(_ uint64, counted []uint64) string {
			m, visited := &sync.Map{}, uint64(0)
			for key := uint64(0); key < args[0]; key++ {
				m.Store(key, key)
			}
			start := now()
			m.Range(func(key, value any) bool {
				if key == value {
					visited++
				}
				return true
			})
			counted[2] += now() - start
			counted[0] += visited
			for _, name := range []string{"Len", "Length", "Size", "Count"} {
				if reflect.ValueOf(m).MethodByName(name).IsValid() {
					counted[1]++
				}
			}
			if visited == args[0] {
				return ""
			}
			return fmt.Sprintf("%d pairs of %d were visited", visited, args[0])
		})
}

// loadOr is a Load within a recover barrier. After a fault it returns the default.
//
//go:noinline
func loadOr(m *sync.Map, key, other any) (value any) {
	defer func() {
		if recover() != nil {
			value = other
		}
	}()
	value, _ = m.Load(key)
	return value
}

// newBarrier counts the heap objects that loads within the barrier allocate, and the faults after
// which the default is returned. A key that cannot be hashed causes a fault within Load (article
// S0, M11).
func newBarrier(t *team, args []uint64) program {
	m, keys, fallback := &sync.Map{}, make([]any, args[0]), any("absent")
	for i := range keys {
		keys[i] = scatter(uint64(i))
		m.Store(keys[i], keys[i])
	}
	return newAudit(t, []string{"loads", "load_allocations", "faults", "faults_to_default",
		"load_time"},
		func(_ uint64, counted []uint64) string {
			var before, after runtime.MemStats
			wrong := 0
			runtime.ReadMemStats(&before)
			start := now()
			for _, key := range keys {
				if loadOr(m, key, fallback) != key {
					wrong++
				}
			}
			counted[4] += now() - start
			runtime.ReadMemStats(&after)
			counted[0] += uint64(len(keys))
			counted[1] += after.Mallocs - before.Mallocs
			counted[2]++
			if loadOr(m, []int{1}, fallback) == fallback {
				counted[3]++
			}
			if wrong == 0 {
				return ""
			}
			return fmt.Sprintf("%d loads of present keys returned a wrong value", wrong)
		})
}
