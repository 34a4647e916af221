// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// Kinds of times that the loops on an initially empty map record.
const (
	timeInsert = iota
	timeLookup
	timeUpdate
	fillTimes
)

// fill has the loops that begin with an empty map: fill, random-fill and grow of
// runner/trial/loop_fill.c and loop_grow.c.
type fill struct {
	team             *team
	random           bool
	lookups, updates uint64 // numbers of lookups and updates per insert
	first            []uint64
	times            [][fillTimes]*histogram
}

func newFill(t *team, args []uint64) program {
	f := &fill{team: t, random: *t.cell.Loop == "random-fill",
		first: make([]uint64, len(t.members)),
		times: make([][fillTimes]*histogram, len(t.members))}
	kinds := 1
	if strings.HasPrefix(*t.cell.Loop, "grow:") {
		f.lookups, f.updates, kinds = args[0], args[1], fillTimes
	}
	for i := range f.times {
		for kind := 0; kind < kinds; kind++ {
			f.times[i][kind] = &outside[histogram](1)[0]
		}
	}
	return f
}

// run distributes the ranks round robin, so that all members grow the map together from the first
// key to the last. The time of a write includes building its key.
func (f *fill) run(m *member) {
	w, keys := &m.worker, f.team.load.resident
	times, inserted := &f.times[w.slot], uint64(0)
	f.first[w.slot] = w.rng
	for turn := uint64(w.slot); turn < keys; turn += uint64(w.load.threads) {
		rank := turn
		if f.random {
			rank = below(next(&w.rng), keys)
		}
		f.put(w, times[timeInsert], rank, false)
		inserted++
		for i := uint64(0); i < f.lookups; i++ {
			f.look(w, times[timeLookup], ownRank(w, inserted))
		}
		for i := uint64(0); i < f.updates; i++ {
			f.put(w, times[timeUpdate], ownRank(w, inserted), true)
		}
	}
}

// ownRank draws a rank that this member has inserted and that stays in the map.
func ownRank(w *worker, inserted uint64) uint64 {
	return uint64(w.slot) + below(next(&w.rng), inserted)*uint64(w.load.threads)
}

func (f *fill) put(w *worker, times *histogram, rank uint64, presumed bool) {
	start := now()
	w.put(rank, presumed)
	times.record(now() - start)
	w.counts.iterations++
}

func (f *fill) look(w *worker, times *histogram, rank uint64) {
	start := now()
	value, ok := w.table.lookup(w, rank)
	times.record(now() - start)
	w.counts.iterations++
	if !ok {
		w.counts.missesResident++
		return
	}
	w.wrong |= rankMismatch(value, rank)
}

// expected draws again the keys that the map must hold.
func (f *fill) expected() (keys, sum uint64) {
	resident := f.team.load.resident
	drawn := make([]bool, resident)
	for slot, rng := range f.first {
		for turn := uint64(slot); turn < resident; turn += uint64(len(f.first)) {
			rank := turn
			if f.random {
				rank = below(next(&rng), resident)
			}
			drawn[rank] = true
		}
	}
	for rank, is := range drawn {
		if is {
			keys++
			sum += mixOf(uint64(rank))
		}
	}
	return keys, sum
}

func (f *fill) wrong(sum *totals) string {
	switch {
	case sum.all.inserts != sum.expectKeys:
		return fmt.Sprintf("%d of %d keys were put into an empty map, the others "+
			"found there", sum.all.inserts, sum.expectKeys)
	case sum.all.missesResident > 0:
		return fmt.Sprintf("%d lookups missed keys that were put in",
			sum.all.missesResident)
	}
	return ""
}

func (f *fill) stats(add addStat) {
	names := [fillTimes]string{"insert", "lookup", "update"}
	if f.random { // many upserts find their key
		names[timeInsert] = "write"
	}
	for kind, name := range names {
		var all []*histogram
		for i := range f.times {
			all = append(all, f.times[i][kind])
		}
		addTimeStats(add, name, all)
	}
}
