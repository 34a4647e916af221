// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync/atomic"
	"time"
)

const (
	chunk     = 64              // writes taken from the pot at once
	slowLimit = 2 * time.Second // for a table that copies itself
)

// account of one thread: each value that went in comes out once or is held.
type account struct {
	written, returned, held uint64 // sums of values
	writes, puts, outs      uint64
	stoppedEarly            bool
}

// more takes a chunk of writes from the common pot.
func (l *load) more() bool { return atomic.AddInt64(&l.left, -chunk) > -chunk }

// verify is runner/trial/accounting.c: writes of the cell's kind on few keys,
// and look-ups that race with others' writes.
func (m *member) verify() {
	w := &m.worker
	_, slow := w.table.(copied)
	for !m.account.stoppedEarly && w.load.more() {
		for until := m.account.writes + chunk; m.account.writes < until; {
			m.turn(next(&w.rng))
		}
		m.account.stoppedEarly = slow && time.Since(m.start) > slowLimit
	}
	w.counts.writes, w.counts.iterations = m.account.writes, m.account.writes
}

// stoppedEarly returns whether planned writes were not done.
func (t *team) stoppedEarly() bool {
	for i := range t.members {
		if t.members[i].account.stoppedEarly {
			return true
		}
	}
	return false
}

func (m *member) turn(random uint64) {
	w := &m.worker
	l := w.load
	rank := below(random, l.resident)
	switch l.kind {
	case update:
		m.put(rank, true)
	case churn:
		m.put(rank, !m.drop(rank))
	case fresh:
		m.put(w.newest(), false)
		m.drop(w.oldest())
		w.wroteFresh()
	}
	rank = below(next(&w.rng), l.resident)
	if value, ok := w.table.lookup(w, rank); ok {
		w.wrong |= different(value, rank)
	}
}

func (m *member) put(rank uint64, presumed bool) {
	w, a, old := &m.worker, &m.account, uint64(0)
	w.sequence++
	w.presumed = presumed
	value := valueOf(rank, w.slot+1, w.sequence)
	var wasThere bool
	if w.table.tells() {
		wasThere = w.table.upsert(w, rank, value, &old)
	} else {
		wasThere = m.watched(rank, value)
	}
	a.written += value
	a.writes++
	a.puts++
	w.wrote(rank, wasThere)
	if wasThere && w.table.tells() {
		m.out(rank, old)
	}
}

// watched is an upsert by a table that does not tell what it replaced. No value
// is written twice, so to find the one from before is to have lost the write;
// and a key that nobody takes out is there after it.
func (m *member) watched(rank, value uint64) bool {
	w := &m.worker
	before, was := w.table.lookup(w, rank)
	wasThere := w.table.upsert(w, rank, value, nil)
	after, is := w.table.lookup(w, rank)
	if was && is && before == after || !is && w.load.kind == update {
		w.lost++
	}
	return wasThere
}

func (m *member) drop(rank uint64) (wasThere bool) {
	w, old := &m.worker, uint64(0)
	wasThere = w.table.remove(w, rank, &old)
	m.account.writes++
	w.took(rank, wasThere)
	if wasThere {
		m.out(rank, old)
	}
	return wasThere
}

// out takes note of a value that left the map.
func (m *member) out(rank, value uint64) {
	m.account.returned += value
	m.account.outs++
	m.worker.wrong |= different(value, rank)
}
