// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// sequenceOf runs the loop of a cell's first thread on a map that only computes a digest
// of its operations and keys, in their order. tests/unit/trial/test_sequence.c does the
// same in C.
func sequenceOf(r *request) string {
	t := newTeam(r)
	d := &digest{str: keyBytes(*r.Cell.Shape) > 0,
		value: make([]uint64, valueBytes(*r.Cell.Shape)/8)}
	w := &t.members[0].worker
	w.table, w.limit = d, *r.Cell.WindowOps
	w.drive()
	return fmt.Sprintf("%016x", d.sum)
}

// arrivalsOf returns when the operations of each thread of an open loop are due. There are two
// windows, since the first one is the warm-up. tests/unit/trial/test_arrivals.c does the same in C,
// and also checks the buckets of drawn latencies.
func arrivalsOf(r *request) string {
	var lines []string
	for slot := 0; slot < *r.Cell.Threads; slot++ {
		p, count, sum := newPace(r, slot), 0, uint64(0)
		for window := 0; window < 2; window++ {
			p.begin(0, uint64(*r.Cell.WindowNs), *r.Cell.RatePerS, slot,
				*r.Cell.Threads)
			for p.giveUp = math.MaxUint64; p.next(); count++ {
				sum = seedOf(sum^p.intended, 0)
			}
		}
		lines = append(lines, fmt.Sprintf("%d\t%016x", count, sum))
	}
	return strings.Join(lines, "\n")
}

func bucketsOf(r *request) string {
	rng, sum := *r.Seed, uint64(0)
	for i := uint64(0); i < *r.Cell.WindowOps; i++ {
		value := next(&rng)
		value >>= next(&rng) & 63
		sum = seedOf(sum^uint64(bucketOf(value)), 0)
	}
	return fmt.Sprintf("%016x", sum)
}

type digest struct {
	str   bool
	sum   uint64
	value []uint64 // scratch
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
			d.fold(w, w.rankOf(i), lookedUp)
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

func (d *digest) returnsOld() bool { return true }
