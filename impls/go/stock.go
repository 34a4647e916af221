// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	stockItem     = 1
	stockWaits    = 100 // most waits of widenRace
	stockWait     = 200 * time.Microsecond
	stockSales    = 0
	stockRefusals = 1
	stockOutcomes = 2
)

// stock is the stock of one item, in a map under a lock (article S2, section 2.4, and
// impls/technique/stock.h). Callers take one unit each until the window ends.
//
// Invariant: sold = initial - remaining, and never above initial.
type stock struct {
	mutex      sync.Mutex // used by stockMutex
	rw         sync.RWMutex
	shelf      map[uint64]int64
	hesitating int64  // atomic
	openedNs   uint64 // atomic
	soldOutNs  uint64 // atomic; 0 while units are left
	initial    int64
	threads    int64
	sell       func(*stock) bool
	done       [stockOutcomes][]count          // counted by each member
	times      [stockOutcomes + 1][]*histogram // one row per outcome, one for responses
}

func newStock(sell func(*stock) bool) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		s := &stock{shelf: map[uint64]int64{stockItem: int64(args[0])},
			initial: int64(args[0]), threads: int64(len(t.members)), sell: sell}
		for outcome := range s.times {
			if outcome < stockOutcomes {
				s.done[outcome] = make([]count, len(t.members))
			}
			s.times[outcome] = make([]*histogram, len(t.members))
			for i := range s.times[outcome] {
				if *t.cell.Measure == "latency" {
					s.times[outcome][i] = &outside[histogram](1)[0]
				}
			}
		}
		return s
	}
}

// stockMutex checks the stock and takes a unit under one lock. All requests, even refused ones,
// take this lock.
func stockMutex(s *stock) bool {
	s.mutex.Lock()
	left := s.shelf[stockItem]
	if left >= 1 {
		s.shelf[stockItem] = left - 1
	}
	s.mutex.Unlock()
	return left >= 1
}

func (s *stock) look() int64 {
	s.rw.RLock()
	left := s.shelf[stockItem]
	s.rw.RUnlock()
	return left
}

// stockRW checks the stock under the read lock, and again under the write lock before it takes a
// unit.
func stockRW(s *stock) bool {
	if s.look() < 1 {
		return false
	}
	s.rw.Lock()
	left := s.shelf[stockItem]
	if left >= 1 {
		s.shelf[stockItem] = left - 1
	}
	s.rw.Unlock()
	return left >= 1
}

// stockSingleCheck is a misuse. The stock that it reads under the read lock may change before it
// holds the write lock.
func stockSingleCheck(s *stock) bool {
	left := s.look()
	if left < 1 {
		return false
	}
	s.widenRace(left)
	s.rw.Lock()
	s.shelf[stockItem]--
	s.rw.Unlock()
	return true
}

// widenRace ensures that the race of the misuse for the last units occurs in every run. It waits
// until more callers have read the stock than there are units, but at most 20 ms.
func (s *stock) widenRace(left int64) {
	if left >= s.threads {
		return
	}
	atomic.AddInt64(&s.hesitating, 1)
	for i := 0; i < stockWaits && atomic.LoadInt64(&s.hesitating) <= left; i++ {
		time.Sleep(stockWait)
	}
	atomic.AddInt64(&s.hesitating, -1)
}

// storeTimeOnce stores the current time unless a time is stored already.
func storeTimeOnce(moment *uint64) {
	if atomic.LoadUint64(moment) == 0 {
		atomic.CompareAndSwapUint64(moment, 0, now())
	}
}

func (s *stock) run(m *member) {
	w := &m.worker
	storeTimeOnce(&s.openedNs)
	for w.turn() {
		outcome := s.request(w.slot)
		if outcome == stockRefusals {
			storeTimeOnce(&s.soldOutNs)
		}
		s.done[outcome][w.slot].n++
	}
}

// request executes the request of one caller. A timed caller first yields to the others. The
// response time includes that wait; the time of the sale does not.
func (s *stock) request(slot int) (outcome int) {
	timed := s.times[stockSales][slot] != nil
	requestedNs, startNs := uint64(0), uint64(0)
	if timed {
		requestedNs = now()
		runtime.Gosched()
		startNs = now()
	}
	if !s.sell(s) {
		outcome = stockRefusals
	}
	if timed {
		end := now()
		s.times[outcome][slot].record(end - startNs)
		s.times[stockOutcomes][slot].record(end - requestedNs)
	}
	return outcome
}

func (s *stock) wrong(*totals) string {
	sold, left := int64(total(s.done[stockSales])), s.shelf[stockItem]
	switch {
	case sold > s.initial || left < 0:
		return fmt.Sprintf("oversold: %d of %d, %d remain", sold, s.initial, left)
	case sold != s.initial-left:
		return fmt.Sprintf("a deduction was lost: sold %d, but %d of %d remain",
			sold, left, s.initial)
	}
	return ""
}

func (s *stock) stats(add addStat) {
	add("initial", "1", float64(s.initial))
	add("remaining", "1", float64(s.shelf[stockItem]))
	add("sold", "1", float64(total(s.done[stockSales])))
	add("refused", "1", float64(total(s.done[stockRefusals])))
	after := math.NaN()
	if s.soldOutNs != 0 {
		after = float64(s.soldOutNs - s.openedNs)
	}
	add("sold_out_after", "ns", after)
	addTimeStats(add, "sale", s.times[stockSales])
	addTimeStats(add, "refusal", s.times[stockRefusals])
	addTimeStats(add, "response", s.times[stockOutcomes])
}
