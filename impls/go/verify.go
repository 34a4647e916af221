// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync/atomic"
	"time"
)

const (
	chunk     = 64              // writes taken from the shared budget at once
	slowLimit = 2 * time.Second // time limit for a table that copies itself on each write
)

// account is the record of one thread. Each value that was put in must come out once or be held.
type account struct {
	written, returned, held uint64 // sums of values
	writes, puts, outs      uint64
	stoppedEarly            bool
}

// takeChunk takes a chunk of writes from the shared budget.
func (l *load) takeChunk() bool { return atomic.AddInt64(&l.left, -chunk) > -chunk }

// verify is like runner/trial/accounting.c. It makes writes of the cell's kind on few keys, and
// lookups concurrent with writes of other threads.
func (m *member) verify() {
	w := &m.worker
	_, slow := w.table.(copied)
	for !m.account.stoppedEarly && w.load.takeChunk() {
		for until := m.account.writes + chunk; m.account.writes < until; {
			m.writeAndLookUp(next(&w.rng))
		}
		m.account.stoppedEarly = slow && time.Since(m.start) > slowLimit
	}
	w.counts.writes, w.counts.iterations = m.account.writes, m.account.writes
}

// stoppedEarly returns true if some planned writes were not done.
func (t *team) stoppedEarly() bool {
	for i := range t.members {
		if t.members[i].account.stoppedEarly {
			return true
		}
	}
	return false
}

func (m *member) writeAndLookUp(random uint64) {
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
		w.wrong |= rankMismatch(value, rank)
	}
}

func (m *member) put(rank uint64, presumed bool) {
	w, a, old := &m.worker, &m.account, uint64(0)
	w.sequence++
	w.presumed = presumed
	value := valueOf(rank, w.slot+1, w.sequence)
	var wasThere bool
	if w.table.returnsOld() {
		wasThere = w.table.upsert(w, rank, value, &old)
	} else {
		wasThere = m.putAndCheck(rank, value)
	}
	a.written += value
	a.writes++
	a.puts++
	w.countPut(rank, wasThere)
	if wasThere && w.table.returnsOld() {
		m.recordRemoved(rank, old)
	}
}

// putAndCheck makes an upsert into a table that does not report the old value. No value is written
// twice, so if the old value is still found afterwards, the write was lost. If no thread removes
// keys, the key must be present after the write.
func (m *member) putAndCheck(rank, value uint64) bool {
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
	w.countRemove(rank, wasThere)
	if wasThere {
		m.recordRemoved(rank, old)
	}
	return wasThere
}

// recordRemoved records a value that was removed from the map.
func (m *member) recordRemoved(rank, value uint64) {
	m.account.returned += value
	m.account.outs++
	m.worker.wrong |= rankMismatch(value, rank)
}
