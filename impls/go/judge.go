// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"runtime"
	"time"
)

// totals are sums over the members.
type totals struct {
	window, all        counts
	account            account
	keySum             uint64
	heldKeys, heldSum  uint64
	keysBefore         uint64
	wrong, lost        uint64 // numbers of threads that saw a wrong value, and of lost writes
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
		if f.random && !t.table.returnsOld() {
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

// mismatch returns a description of the first wrong result, or "". It follows runner/trial/judge.c.
func (t *team) mismatch(sum *totals) string {
	if t.program != nil && sum.wrong == 0 {
		if reason := t.program.wrong(sum); reason != "" {
			return reason
		}
	}
	keysStay := t.load.kind == update && t.program == nil
	switch {
	case sum.wrong > 0:
		return "an operation returned another key's value"
	case hasNoEntries(t.table):
		return ""
	case t.cell.verifies() && t.table.returnsOld() && t.lostValues(sum):
		return "lost update: the values loaded and written, minus those replaced, " +
			"differ from those held"
	case sum.lost > 0:
		return fmt.Sprintf("lost update: after %d writes the map still held "+
			"the old value", sum.lost)
	case t.cell.Settle != "no" && sum.keysBefore != t.prefilled:
		return fmt.Sprintf("the map held %d keys after loading, expected %d",
			sum.keysBefore, t.prefilled)
	case t.renewalError() != "":
		return t.renewalError()
	case sum.heldKeys != sum.expectKeys || sum.heldSum != sum.expect:
		return fmt.Sprintf("key sums differ: the map holds %d keys, its "+
			"answers imply %d", sum.heldKeys, sum.expectKeys)
	case keysStay && sum.all.missesResident > 0:
		return fmt.Sprintf("%d lookups missed keys that were never removed",
			sum.all.missesResident)
	case keysStay && sum.all.inserts > 0:
		return fmt.Sprintf("%d upserts of resident keys found no key",
			sum.all.inserts)
	}
	// A fresh rank is drawn only once. If an upsert reports such a key as present, it has not
	// inserted the key, and the key sums cannot show that.
	if puts := sum.all.pairs + sum.account.puts; t.program == nil && t.load.kind == fresh &&
		sum.all.inserts != puts {
		return fmt.Sprintf("%d of %d upserts of fresh keys found the key present",
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

// voidReason returns why the trial is void, or "". It covers reasons that cannot be seen in the
// result; runner/protocol/judge.c covers the others.
func (t *team) voidReason() string {
	if sweeps, ok := t.program.(*cleanup); ok {
		if reason := sweeps.overlapError(); reason != "" {
			return reason
		}
	}
	if t.traced != "" {
		return t.traced
	}
	for i := range t.members {
		switch m := &t.members[i]; {
		case m.placed != nil:
			return m.placed.Error()
		case t.cell.paced() && m.worker.pace.gaveUp:
			return fmt.Sprintf("the rate of %g/s could not be kept, expected "+
				"a lower rate or more threads",
				*t.cell.RatePerS)
		}
	}
	return ""
}

// sharesCPU returns whether the plan places another member on the CPU of this member.
func (t *team) sharesCPU(slot int) bool {
	cpus := *t.cell.CPUs
	for i := range cpus {
		if i != slot && cpus[i] == cpus[slot] {
			return true
		}
	}
	return len(cpus) == 0 && t.load.threads > runtime.NumCPU()
}

// elapsed returns the time from the first start to the last end.
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
