// SPDX-License-Identifier: Apache-2.0

package main

// nullU64 is not a map. Every key is present and has the value written for it. So it measures the
// cost of the loop in Go, which is a lower bound for every map.

type nullU64 struct{}

func nullOf(str bool, size int) table {
	if str {
		return &nullStr{}
	}
	return &nullU64{}
}

func (m *nullU64) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		// the low half of a key is its rank
		wrong |= rankMismatch(scatter(rank), rank)
	}
	w.wrong |= wrong
}

func (m *nullU64) lookup(w *worker, rank uint64) (uint64, bool) {
	return rank, true
}

func (m *nullU64) upsert(w *worker, rank, value uint64, old *uint64) bool {
	return true
}

func (m *nullU64) remove(w *worker, rank uint64, old *uint64) bool {
	return true
}

func (m *nullU64) returnsOld() bool { return true }

type nullStr struct{ nullU64 }

// lookup builds the key, so that the open loop's cost includes that.
func (m *nullStr) lookup(w *worker, rank uint64) (uint64, bool) {
	w.view(rank)
	return rank, true
}

func (m *nullStr) batch(w *worker) {
	wrong := uint64(0)
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if did {
			continue
		}
		rank := w.rankOf(i)
		wrong |= uint64(w.view(rank)[8] ^ byte(rank))
	}
	w.wrong |= wrong
}
