// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// This file schedules operations and measures their latencies, like runner/trial/open_loop.c.
const (
	spinNs     = 200_000    // a shorter wait spins
	wakeNs     = 100_000    // a sleep ends this early; the rest spins
	napNs      = 1_000_000  // the longest sleep that keeps the processor
	lateNs     = 1_000_000  // an operation that starts later than this is late
	nearNs     = 2_000      // the last part of a wait, which spins on ticks()
	sliceNs    = 50_000_000 // length of a slice of the window
	slowest    = 16
	bucketBits = 15 // bits of a sample for its bucket; the others are its slice

	samplesMost = 16 << 20 / 4 // 16 MiB for each thread
)

// A latency is measured from two points: the intended and the actual start.
const (
	intended = iota
	service
	clocks
)

// slow is an operation that may be among the longest.
type slow struct {
	start, end, late uint64 // ns
	operation        int
	wasThere         bool
}

func (s *slow) length() uint64 { return s.end - s.start }

// histograms by operation, presence of the key (1 or 0) and clock.
type histograms [removed + 1][2][clocks]histogram

// pace is the schedule of a thread and its results, like struct rm_pace in C. All times are ns of
// now().
type pace struct {
	poisson    bool // true for Poisson arrivals, false for constant gaps
	neverSpins bool // true if other threads need the CPU
	wired      bool // true if the goroutine is locked to its thread
	gaveUp     bool // true if the rate could not be kept
	rng        uint64
	gap, due   float64 // mean gap, and next intended start, with fractions
	start, end uint64  // start and end of the window
	giveUp     uint64  // age of the backlog that ends the window
	intended   uint64  // start of the current operation
	started    uint64
	isDue      bool   // true if the operation has an intended start
	late       uint64 // operations that started over 1 ms late
	longest    []slow // the longest one first
	histograms *histograms

	ticksPerNs    float64 // rate of ticks(); 0 if unusable
	shortestApart uint64  // fewest ticks between the calls of ticks() around a clock reading

	samples []uint32 // slice and bucket of each latency
	sampled int      // number of latencies, which may exceed the capacity
}

// now returns the time since the program started. It reads the monotonic clock once, through
// time.Since.
func now() uint64 { return uint64(time.Since(started)) }

func newPace(r *request, slot int) *pace {
	c := r.Cell
	arrivals := *c.RatePerS / float64(*c.Threads) * float64(*c.WindowNs) / 1e9
	p := &pace{poisson: *c.Arrivals == "poisson", wired: c.wired(),
		rng:           seedOf(*r.Seed, seedArrivals+uint64(slot)),
		shortestApart: math.MaxUint64,
		longest:       make([]slow, 0, slowest),
		histograms:    &outside[histograms](1)[0]}
	capacity := arrivals + 6*math.Sqrt(arrivals) + 16
	if capacity <= samplesMost {
		p.samples = outside[uint32](int(capacity))
		touch(p.samples)
	}
	p.each(func(operation, presence int, h *[clocks]histogram) {
		if c.mayRecord(operation, presence == 1) {
			touch(h[service:])
			if !c.isSecond(operation) {
				touch(h[:service])
			}
		}
	})
	return p
}

// mayRecord is like may_record() in runner/trial/open_loop.c.
func (c *cell) mayRecord(operation int, wasThere bool) bool {
	writes := *c.WriteShare > 0
	moves := writes && *c.WriteKind != "update"
	switch operation {
	case lookedUp:
		return *c.WriteShare < 1 && (wasThere || *c.MissShare > 0 || moves)
	case removed:
		return moves && (wasThere || *c.Threads > 1)
	}
	return writes
}

// isSecond is like is_second() in runner/trial/open_loop.c.
func (c *cell) isSecond(operation int) bool {
	return *c.WriteKind == "churn" && operation == upserted ||
		*c.WriteKind == "fresh" && operation == removed
}

// each visits the histograms of each operation and outcome.
func (p *pace) each(visit func(operation, presence int, h *[clocks]histogram)) {
	for operation := range p.histograms {
		for presence := range p.histograms[operation] {
			visit(operation, presence, &p.histograms[operation][presence])
		}
	}
}

// clear is like rm_pace_clear() in C.
func (p *pace) clear() {
	p.each(func(_, _ int, h *[clocks]histogram) {
		for clock := range h {
			h[clock].clear()
		}
	})
}

// neverSpins returns whether another goroutine needs this CPU, or this processor of Go's scheduler.
func (t *team) neverSpins(slot int) bool {
	if cpus := *t.cell.CPUs; t.cell.wired() && len(cpus) > 0 {
		return t.sharesCPU(slot)
	}
	return *t.cell.Threads > runtime.GOMAXPROCS(0)
}

// begin is like rm_pace_begin() in C.
func (p *pace) begin(start, window uint64, rate float64, slot, threads int) {
	p.clear()
	p.gap = 1e9 * float64(threads) / rate
	p.start, p.end = start, start+window
	p.giveUp = p.end + window + 1_000_000_000
	p.late, p.longest, p.sampled, p.gaveUp = 0, p.longest[:0], 0, false
	p.due = float64(start)
	if p.poisson {
		p.due += p.nextGap()
	} else { // the threads' arrivals interleave evenly
		p.due += p.gap * float64(slot) / float64(threads)
	}
}

func (p *pace) nextGap() float64 {
	if !p.poisson {
		return p.gap
	}
	return -math.Log1p(-unit(next(&p.rng))) * p.gap
}

// next is like rm_pace_next() in C; it returns false after the window.
func (p *pace) next() bool {
	p.intended = uint64(p.due)
	p.due += p.nextGap()
	if p.intended >= p.end {
		return false
	}
	p.gaveUp = now() > p.giveUp
	return !p.gaveUp
}

// wait is like rm_pace_wait() in C.
func (p *pace) wait() {
	at := now()
	if at < p.intended {
		switch {
		case p.neverSpins:
			sleep(p.intended - at)
		case p.wired && p.intended > at+spinNs:
			sleep(p.intended - wakeNs - at)
		case !p.wired:
			for ; p.intended > at+spinNs; at = now() {
				nap(p.intended - wakeNs)
			}
		}
		at = p.spin()
	}
	p.started, p.isDue = at, true
	if at-p.intended > lateNs {
		p.late++
	}
}

const timerSlack = 29 // PR_SET_TIMERSLACK

// sleep calls the kernel, since the runtime's timers wake a millisecond late on an idle machine.
// The runtime knows about the call, so the thread blocks neither its processor nor a collection.
// sleep sets the slack each time, since it is a property of the thread, and a free goroutine may
// run on any thread.
func sleep(ns uint64) {
	syscall.RawSyscall(syscall.SYS_PRCTL, timerSlack, 1, 0)
	left := syscall.NsecToTimespec(int64(ns))
	for {
		_, _, err := syscall.Syscall(syscall.SYS_NANOSLEEP,
			uintptr(unsafe.Pointer(&left)), uintptr(unsafe.Pointer(&left)), 0)
		if err != syscall.EINTR { // the runtime interrupts threads by signals
			return
		}
	}
}

// nap lets other goroutines run, then sleeps until `due`, but at most napNs, without
// giving the processor away: getting it back takes up to 0.5 ms. A signal of the runtime,
// which wants to stop the world, ends it.
func nap(due uint64) {
	runtime.Gosched()
	at := now()
	if at >= due {
		return
	}
	left := syscall.NsecToTimespec(int64(due - at))
	if due-at > napNs {
		left = syscall.NsecToTimespec(napNs)
	}
	syscall.RawSyscall(syscall.SYS_PRCTL, timerSlack, 1, 0)
	syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&left)), 0, 0)
}

// record is like rm_pace_record() in C; it records an operation that ended now.
func (p *pace) record(operation int, wasThere bool) {
	end, presence := now(), 0
	if wasThere {
		presence = 1
	}
	pair := &p.histograms[operation][presence]
	if end < p.started { // ticks and clock may differ by a few ns
		end = p.started
	}
	pair[service].record(end - p.started)
	if p.isDue {
		pair[intended].record(end - p.intended)
		p.note(end - p.intended)
	}
	p.keep(slow{p.started, end, p.started - p.intended, operation, wasThere})
	// The second operation of a write pair starts when the first ends.
	p.intended, p.started, p.isDue = end, end, false
}

// note is like rm_slices_note() in C. Latencies after the window count in the last slice.
func (p *pace) note(latency uint64) {
	slice, last := (p.intended-p.start)/sliceNs, (p.end-p.start-1)/sliceNs
	if slice > last {
		slice = last
	}
	if p.sampled < len(p.samples) {
		p.samples[p.sampled] = uint32(slice)<<bucketBits |
			uint32(bucketOf(latency))
	}
	p.sampled++
}

// keep stores the operation if it is among the longest so far.
func (p *pace) keep(s slow) {
	at := len(p.longest)
	if at < slowest {
		p.longest = p.longest[:at+1]
	} else if at--; s.length() <= p.longest[at].length() {
		return
	}
	for ; at > 0 && p.longest[at-1].length() < s.length(); at-- {
		p.longest[at] = p.longest[at-1]
	}
	p.longest[at] = s
}

// drivePaced is like rm_drive_paced() in C. It uses the last draw of the batch, so that no draw is
// left if the batch ends early.
func (w *worker) drivePaced() {
	const at = batch - 1
	d := &w.drawn[at]
	for w.pace.next() {
		w.pace.wait()
		d.x = next(&w.rng)
		d.rank = w.drawRank(d.x)
		w.counts.iterations++
		if did, _ := w.writes(at); did {
			continue
		}
		w.read(at)
	}
}

// read is like rm_read() in C. It times a lookup until just before the check of the value.
func (w *worker) read(i int) {
	rank := w.rankOf(i)
	value, ok := w.table.lookup(w, rank)
	w.pace.record(lookedUp, ok)
	if !ok {
		w.missed(i)
		return
	}
	w.wrong |= rankMismatch(value, rank)
}

// drawRank is like rm_draw() in C.
func (w *worker) drawRank(x uint64) uint64 {
	if w.skew != nil {
		return w.skew.draw(&w.rng)
	}
	if w.stream == nil {
		return below(x, w.load.span)
	}
	rank := uint64(w.stream[w.position&uint64(len(w.stream)-1)])
	w.position++
	return rank
}
