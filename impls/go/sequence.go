// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"math"
)

// sequenceOf runs the loop of a cell's first thread on a map that does nothing
// but fold what it is asked into a number: the operations and the keys, in
// their order. tests/unit/trial/test_sequence.c does the same in C.
func sequenceOf(r *request) string {
	t := newTeam(r)
	d := &digest{str: keyBytes(*r.Cell.Shape) > 0,
		value: make([]uint64, valueBytes(*r.Cell.Shape)/8)}
	w := &t.members[0].worker
	w.table, w.limit = d, *r.Cell.WindowOps
	w.drive()
	return fmt.Sprintf("%016x", d.sum)
}

type digest struct {
	str   bool
	sum   uint64
	value []uint64 // the one at hand
}

const (
	lookedUp = iota
	upserted
	removed
)

func (d *digest) fold(w *worker, rank, operation uint64) {
	if !d.str {
		d.sum = seedOf(d.sum^scatter(rank), operation)
		return
	}
	w.view(rank)
	d.sum = seedOf(d.sum^binary.LittleEndian.Uint64(w.line[:8]), operation)
	d.sum = seedOf(d.sum^binary.LittleEndian.Uint64(w.line[8:16]), math.MaxUint64)
}

func (d *digest) batch(w *worker) {
	for i := range w.drawn {
		if did, end := w.writes(i); end {
			break
		} else if !did {
			d.fold(w, w.base+w.drawn[i].rank, lookedUp)
		}
	}
}

func (d *digest) lookup(w *worker, rank uint64) (uint64, bool) { return rank, true }

func (d *digest) upsert(w *worker, rank, value uint64, old *uint64) bool {
	d.fold(w, rank, upserted)
	d.sum ^= value
	if len(d.value) > 1 {
		lengthen(d.value, value)
		for i, word := range d.value[1:] {
			d.sum = seedOf(d.sum^word, uint64(i))
		}
	}
	return true
}

func (d *digest) remove(w *worker, rank uint64, old *uint64) bool {
	d.fold(w, rank, removed)
	return true
}

func (d *digest) tells() bool { return true }
