// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"unsafe"
)

// mapclear empties a map with any keys, as clear() does since Go 1.21. A loop
// of deletes does not remove NaN keys, because they do not equal themselves.
//
//go:linkname mapclear runtime.mapclear
func mapclear(kind, header unsafe.Pointer)

func clearFloats(m map[float64]uint64) {
	boxed := any(m)
	words := (*[2]unsafe.Pointer)(unsafe.Pointer(&boxed))
	mapclear(words[0], words[1])
}

// floatOf returns the key of a rank. It equals float_of() in
// tests/unit/gomap/test_equal_floats.c.
func floatOf(rank uint64) float64 {
	switch {
	case rank%4 == 0:
		return math.Float64frombits(rank<<61 | 0x7ff8<<48 | rank)
	case rank == 1:
		return 0
	case rank == 2:
		return math.Copysign(0, -1)
	}
	return float64(rank)
}

// playFloats logs the length of the map and the results of operations. It does
// not log the places of entries, because they are random.
func playFloats(t *trace, log *logger) {
	m := make(map[float64]uint64, t.hint)
	var results uint64
	for i := range t.steps {
		results = doFloats(m, &t.steps[i], results)
		log.state(i+1, []uint64{uint64(len(m)), results}, false)
	}
}

func doFloats(m map[float64]uint64, s *step, results uint64) uint64 {
	key := floatOf(s.rank)
	got, ok := uint64(0), false
	switch s.operation {
	case load:
		got, ok = m[key]
	case store:
		m[key] = s.value
	case remove:
		delete(m, key)
	case visit:
		got = visitFloats(m, s)
	case clearAll:
		clearFloats(m)
	}
	return result(results, got, ok)
}

// visitFloats sums up the entries with values below s.value. For at most s.rank
// of them, it inserts a new entry, so that the map grows during the iteration.
func visitFloats(m map[float64]uint64, s *step) (sum uint64) {
	left := s.rank
	for key, value := range m {
		if value >= s.value {
			continue
		}
		sum += seed(math.Float64bits(key), value)
		if left > 0 {
			left--
			m[math.NaN()] = s.value
		}
	}
	return sum
}
