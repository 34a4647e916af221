// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// rwLock is the common interface of both locks of the held-lock program.
type rwLock interface {
	sync.Locker
	RLock()
	RUnlock()
}

type rwMutex struct{ sync.RWMutex }

type plainMutex struct{ sync.Mutex }

func (m *plainMutex) RLock()   { m.Lock() }
func (m *plainMutex) RUnlock() { m.Unlock() }

// hold is the program of article S2 that holds locks, see impls/technique/hold_loop.h. The first
// `writers` members lock, sleep, unlock and yield; the others read-lock, sleep and
// unlock. An iteration is one such cycle.
type hold struct {
	lock          rwLock
	read, write   time.Duration
	writers       int
	inside, alone int64 // numbers of readers and writers that hold the lock; atomic
	broken        int64 // times a writer was not alone; atomic
	seats         []holdSeat
}

// holdSeat holds the counts of one member in its last window. All times are in ns.
type holdSeat struct {
	waited, elapsed uint64
	waits           *histogram
	_               [64]byte
}

func newHold(lock func() rwLock) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		h := &hold{lock: lock(), read: time.Duration(args[0]),
			write: time.Duration(args[1]), writers: int(args[2]),
			seats: make([]holdSeat, len(t.members))}
		for i := range h.seats {
			h.seats[i].waits = &outside[histogram](1)[0]
		}
		if h.writers > len(h.seats) {
			h.writers = len(h.seats)
		}
		return h
	}
}

// readOnce runs one cycle and returns how long it waited for the lock.
func (h *hold) readOnce() uint64 {
	start := now()
	h.lock.RLock()
	waited := now() - start
	atomic.AddInt64(&h.inside, 1)
	if atomic.LoadInt64(&h.alone) != 0 {
		atomic.AddInt64(&h.broken, 1)
	}
	time.Sleep(h.read)
	atomic.AddInt64(&h.inside, -1)
	h.lock.RUnlock()
	return waited
}

func (h *hold) writeOnce() uint64 {
	start := now()
	h.lock.Lock()
	waited := now() - start
	if atomic.AddInt64(&h.alone, 1) != 1 || atomic.LoadInt64(&h.inside) != 0 {
		atomic.AddInt64(&h.broken, 1)
	}
	time.Sleep(h.write)
	atomic.AddInt64(&h.alone, -1)
	h.lock.Unlock()
	runtime.Gosched()
	return waited
}

func (h *hold) run(m *member) {
	w := &m.worker
	seat := holdSeat{waits: h.seats[w.slot].waits}
	once := h.readOnce
	if w.slot < h.writers {
		once = h.writeOnce
	}
	start := now()
	for w.turn() {
		waited := once()
		seat.waited += waited
		if w.measured {
			seat.waits.record(waited)
		}
	}
	seat.elapsed = now() - start
	h.seats[w.slot] = seat
}

func (h *hold) wrong(*totals) string {
	if h.broken == 0 {
		return ""
	}
	return fmt.Sprintf("%d times a writer was not alone", h.broken)
}

func (h *hold) stats(add addStat) {
	addSeatStats(add, "write_", h.seats[:h.writers])
	addSeatStats(add, "read_", h.seats[h.writers:])
	addSeatStats(add, "", h.seats)
}

// addSeatStats adds the share of time for which members waited, and the distribution of their
// waits.
func addSeatStats(add addStat, name string, seats []holdSeat) {
	waited, elapsed, cycles := uint64(0), uint64(0), uint64(0)
	var waits []*histogram
	for i := range seats {
		waited += seats[i].waited
		elapsed += seats[i].elapsed
		cycles += seats[i].waits.count
		waits = append(waits, seats[i].waits)
	}
	add(name+"blocked_share", "1", ratio(waited, elapsed))
	if name != "" {
		add(name+"cycles", "1", float64(cycles))
		add(name+"wait_mean", "ns", ratio(waited, cycles))
		addTimeStats(add, name+"wait", waits)
	}
}
