// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// rwLock is what both locks of the held-lock program have.
type rwLock interface {
	sync.Locker
	RLock()
	RUnlock()
}

type rwMutex struct{ sync.RWMutex }

type plainMutex struct{ sync.Mutex }

func (m *plainMutex) RLock()   { m.Lock() }
func (m *plainMutex) RUnlock() { m.Unlock() }

// hold is article S2's program of held locks, and impls/technique/hold_loop.h:
// the first writers lock, sleep, unlock and yield; the others read-lock, sleep
// and unlock. An iteration is one such cycle.
type hold struct {
	lock          rwLock
	read, write   time.Duration
	writers       int
	inside, alone int64 // readers and writers within; atomic
	broken        int64 // a writer was not alone; atomic
	seats         []holdSeat
}

// holdSeat is what one member saw in its last window, all times in ns.
type holdSeat struct {
	cycles, waited, longest, elapsed uint64
	waits                            *histogram // nil: not timed
	_                                [64]byte
}

func newHold(lock func() rwLock) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		h := &hold{lock: lock(), read: time.Duration(args[0]),
			write: time.Duration(args[1]), writers: int(args[2]),
			seats: make([]holdSeat, len(t.members))}
		for i := range h.seats {
			if *t.cell.Measure == "latency" {
				h.seats[i].waits = &outside[histogram](1)[0]
			}
		}
		if h.writers > len(h.seats) {
			h.writers = len(h.seats)
		}
		return h
	}
}

// readOnce is one cycle; it returns how long the lock let it wait.
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
		seat.cycles++
		seat.waited += waited
		seat.longest = max64(seat.longest, waited)
		if seat.waits != nil && w.measured {
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
	h.tell(add, "write", h.seats[:h.writers])
	h.tell(add, "read", h.seats[h.writers:])
	all := addSeats(h.seats)
	add("blocked_share", "1", all.blocked())
}

func addSeats(seats []holdSeat) (sum holdSeat) {
	for i := range seats {
		sum.cycles += seats[i].cycles
		sum.waited += seats[i].waited
		sum.elapsed += seats[i].elapsed
		sum.longest = max64(sum.longest, seats[i].longest)
	}
	return sum
}

// blocked is the part of the members' time that passed in waiting.
func (s *holdSeat) blocked() float64 { return ratio(s.waited, s.elapsed) }

func (h *hold) tell(add addStat, name string, seats []holdSeat) {
	sum := addSeats(seats)
	var waits []*histogram
	for i := range seats {
		waits = append(waits, seats[i].waits)
	}
	add(name+"_cycles", "1", float64(sum.cycles))
	add(name+"_wait_mean", "ns", ratio(sum.waited, sum.cycles))
	if len(waits) > 0 && waits[0] != nil {
		tellTimes(add, name+"_wait", waits)
	} else {
		add(name+"_wait_max", "ns", float64(sum.longest))
	}
	add(name+"_blocked_share", "1", sum.blocked())
}
