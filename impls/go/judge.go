// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"runtime"
	"time"
)

// totals over the members: the window, and what all answers add up to.
type totals struct {
	window, all        counts
	account            account
	keySum             uint64
	heldKeys, heldSum  uint64
	keysBefore         uint64
	wrong, lost        uint64 // threads that saw a wrong value; lost writes
	again              float64
	expectKeys, expect uint64
}

func (c *counts) add(o *counts) {
	c.iterations += o.iterations
	c.writes += o.writes
	c.pairs += o.pairs
	c.inserts += o.inserts
	c.removes += o.removes
	c.idleRemoves += o.idleRemoves
	c.missesAbsent += o.missesAbsent
	c.missesResident += o.missesResident
}

func (c *counts) operations() uint64 { return c.iterations + c.pairs }
func (c *counts) decisions() uint64  { return c.writes - c.pairs }
func (c *counts) lookups() uint64    { return c.iterations - c.decisions() }

func (t *team) add() (sum totals) {
	for i := range t.members {
		m := &t.members[i]
		sum.all.add(&m.warmUp)
		sum.all.add(&m.worker.counts)
		sum.window.add(&m.worker.counts)
		sum.keySum += m.worker.keySum
		sum.heldKeys += m.heldKeys
		sum.heldSum += m.heldSum
		sum.keysBefore += m.settled
		sum.lost += m.worker.lost
		sum.again += m.worker.again()
		sum.account.written += m.account.written
		sum.account.returned += m.account.returned
		sum.account.held += m.account.held
		sum.account.puts += m.account.puts
		sum.account.outs += m.account.outs
		if m.worker.wrong != 0 {
			sum.wrong++
		}
	}
	if f, ok := t.program.(*fill); ok {
		sum.expectKeys, sum.expect = f.expected()
		if f.random && !t.table.tells() {
			sum.window.inserts, sum.all.inserts = sum.expectKeys, sum.expectKeys
		}
		return sum
	}
	sum.expectKeys = t.prefilled + sum.all.inserts - sum.all.removes
	sum.expect = sum.keySum
	for rank := uint64(0); rank < t.prefilled; rank++ {
		sum.expect += mixOf(rank)
	}
	return sum
}

// mismatch tells what was answered wrongly, or "": judge.c of the runner.
func (t *team) mismatch(sum *totals) string {
	if t.program != nil && sum.wrong == 0 {
		if reason := t.program.wrong(sum); reason != "" {
			return reason
		}
	}
	stay := t.load.kind == update && t.program == nil
	switch {
	case sum.wrong > 0:
		return "an operation returned another key's value"
	case holdsNothing(t.table):
		return ""
	case t.cell.verifies() && t.table.tells() && t.lostValues(sum):
		return "lost update: prefill + written - returned is not what is held"
	case sum.lost > 0:
		return fmt.Sprintf("lost update: after %d writes the value was there "+
			"that they were to replace", sum.lost)
	case t.cell.Settle != "no" && sum.keysBefore != t.prefilled:
		return fmt.Sprintf("prefill not exact: %d keys, expected %d",
			sum.keysBefore, t.prefilled)
	case t.unrenewed() != "":
		return t.unrenewed()
	case sum.heldKeys != sum.expectKeys || sum.heldSum != sum.expect:
		return fmt.Sprintf("key sums differ: the map holds %d keys, its "+
			"answers say %d", sum.heldKeys, sum.expectKeys)
	case stay && sum.all.missesResident > 0:
		return fmt.Sprintf("%d lookups missed keys that were never removed",
			sum.all.missesResident)
	case stay && sum.all.inserts > 0:
		return fmt.Sprintf("%d upserts of resident keys found no key",
			sum.all.inserts)
	}
	// Ranks of fresh keys are drawn once: a key that is there already is one
	// that was not put in, and its answer hides that from the sums.
	if puts := sum.all.pairs + sum.account.puts; t.program == nil && t.load.kind == fresh &&
		sum.all.inserts != puts {
		return fmt.Sprintf("%d of %d upserts of fresh keys found one",
			puts-sum.all.inserts, puts)
	}
	return ""
}

func (t *team) lostValues(sum *totals) bool {
	prefill := uint64(0)
	for rank := uint64(0); rank < t.load.resident; rank++ {
		prefill += valueOf(rank, 0, 0)
	}
	a := &sum.account
	return prefill+a.written-a.returned != a.held
}

// again is by how many look-ups the misses of a thread spread more than if each
// had been drawn anew: again() in judge.c.
func (w *worker) again() float64 {
	n, length := float64(w.counts.lookups()), float64(len(w.stream))
	if w.stream == nil || float64(w.counts.iterations) <= length {
		return 0
	}
	return n * n / length
}

// surprise is count ln(count / expected), which is 0 of none.
func surprise(count, expected float64) float64 {
	if count == 0 {
		return 0
	}
	return count * math.Log(count/expected)
}

// plausible: whether n draws of probability p may give so many hits, by
// Chernoff's bound: plausible() in judge.c.
func plausible(hits, n uint64, p, more float64) bool {
	draws, found := float64(n), float64(hits)
	apart := surprise(found, draws*p) + surprise(draws-found, draws*(1-p))
	return apart*draws <= math.Log(1e9)*(draws+more)
}

// absentShare is that of look-ups which draw an absent rank. Of streams it is
// the cell's, whatever whole number of ranks that is.
func (t *team) absentShare() float64 {
	l := t.load
	if l.span <= l.resident {
		return 0
	}
	if w := &t.members[0].worker; w.skew != nil || w.stream != nil {
		return l.misses
	}
	return float64(l.span-l.resident) / float64(l.span)
}

// explained is how many look-ups may have missed keys that other threads had
// just taken out or not yet put in: one key each, and at worst the one that is
// looked up most. A single thread ends a write before it looks.
func (t *team) explained(lookups uint64) float64 {
	l := t.load
	if l.threads == 1 {
		return 0
	}
	most := 1 / float64(l.resident)
	if t.skew != nil {
		most = t.skew.most()
	}
	return float64(lookups)*(0.001+float64(l.threads)*most) + 64
}

// unasked tells what was done that was not asked for, or "".
func (t *team) unasked(sum *totals) string {
	c, l := &sum.window, t.load
	// as the loop has it: a share of 1 is all but one of 2^32
	share, lookups := float64(l.writeBelow)/(1<<32), c.lookups()
	gone := float64(c.missesResident)
	switch {
	case t.program != nil:
		if sweeps, ok := t.program.(*cleanup); ok {
			return sweeps.unasked()
		}
	case !plausible(c.decisions(), c.iterations, share, 0):
		return fmt.Sprintf("achieved write share %.5f, asked %.5f",
			ratio(c.writes, c.operations()), *t.cell.WriteShare)
	case !holdsNothing(t.table) && !plausible(c.missesAbsent, lookups,
		t.absentShare(), sum.again):
		return fmt.Sprintf("achieved miss share %.5f, asked %.5f",
			ratio(c.missesAbsent+c.missesResident, lookups), l.misses)
	case gone > t.explained(lookups):
		return fmt.Sprintf("%.0f of %d lookups missed resident keys", gone, lookups)
	}
	return ""
}

// misplaced tells how the measurement is not what was asked, or "".
func (t *team) misplaced() string {
	if t.traced != "" {
		return t.traced
	}
	elapsed, cpus := t.elapsed(), *t.cell.CPUs
	for i := range t.members {
		m := &t.members[i]
		own := m.end.Sub(m.start)
		switch {
		case m.placed != nil:
			return m.placed.Error()
		case len(cpus) > 0 && !(t.belongs(i, m.cpuStart) && t.belongs(i, m.cpuEnd)):
			return fmt.Sprintf("thread %d ran on CPU %d and %d, placed on %d",
				i, m.cpuStart, m.cpuEnd, cpus[i])
		case t.cell.paced() && m.worker.pace.gaveUp:
			return fmt.Sprintf("the rate of %g/s could not be kept",
				*t.cell.RatePerS)
		case t.cell.paced() || t.program != nil:
		case m.worker.counts.iterations == 0:
			return fmt.Sprintf("thread %d was never scheduled in the window", i)
		case *t.cell.WindowNs > 0 && own < elapsed/2 && !t.sharesCPU(i):
			return fmt.Sprintf("thread %d was there for %.3f of %.3f ms: its "+
				"CPU was busy", i, own.Seconds()*1e3, elapsed.Seconds()*1e3)
		}
	}
	if t.cell.paced() && t.idle() {
		return fmt.Sprintf("no arrival in the window of %.3f ms at %g/s",
			float64(*t.cell.WindowNs)/1e6, *t.cell.RatePerS)
	}
	if float64(elapsed.Nanoseconds()) < 1000*math.Max(t.clockCostNs, t.clockStepNs) {
		return "the window is shorter than 1000 clock readings"
	}
	return ""
}

// idle: nothing was due.
func (t *team) idle() bool {
	for i := range t.members {
		if t.members[i].worker.counts.iterations > 0 {
			return false
		}
	}
	return true
}

// belongs: the CPU is the member's, or any of the cell's if goroutines are free.
func (t *team) belongs(slot, cpu int) bool {
	cpus := *t.cell.CPUs
	if t.cell.wired() {
		return cpu == cpus[slot]
	}
	for _, other := range cpus {
		if cpu == other {
			return true
		}
	}
	return false
}

// sharesCPU: another member takes turns with this one, by plan.
func (t *team) sharesCPU(slot int) bool {
	cpus := *t.cell.CPUs
	for i := range cpus {
		if i != slot && cpus[i] == cpus[slot] {
			return true
		}
	}
	return len(cpus) == 0 && t.load.threads > runtime.NumCPU()
}

// elapsed is from the first start to the last end.
func (t *team) elapsed() time.Duration {
	start, end := t.members[0].start, t.members[0].end
	for i := range t.members {
		if t.members[i].start.Before(start) {
			start = t.members[i].start
		}
		if t.members[i].end.After(end) {
			end = t.members[i].end
		}
	}
	return end.Sub(start)
}

func ratio(part, whole uint64) float64 {
	return float64(part) / math.Max(1, float64(whole))
}
