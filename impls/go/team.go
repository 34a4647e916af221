// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Streams of the seed, as in runner/trial/phases.c.
const (
	seedMap        = 1 // used in team.c
	seedOperations = 100
	seedKeys       = 100000
	seedArrivals   = 200000
)

// member is one thread of a trial.
type member struct {
	worker            worker
	warmUp            counts
	account           account
	cpuStart, cpuEnd  int
	start, end        time.Time
	before, after     usage
	settled, heldKeys uint64
	renewal           renewal
	heldSum           uint64
	placed            error
}

// team is a whole trial.
type team struct {
	cell          *cell
	load          *load
	dist          distribution
	skew          *skew // nil unless the distribution is zipf or hot
	table         table
	program       program // nil if the loop is mix or paced
	mapSeed       uint64
	members       []member
	phases        map[string]any
	rss           [2]int64
	prefilled     uint64              // number of ranks that are inserted before the window
	memory        [2]runtime.MemStats // read before the table was made, and at the end
	liveBytes     int64               // size of live objects at the end; -1 if not read
	before, after process
	heap          *heapWatch // takes readings in the window of an open loop
	clockCostNs   float64
	clockStepNs   float64
	windowExtra   float64 // share of operations that the positive control adds
	traced        string  // reason why there are no times, or ""
}

func newTeam(r *request) *team {
	c := r.Cell
	t := &team{cell: c, load: newLoad(c), members: make([]member, *c.Threads),
		phases: map[string]any{}, windowExtra: *r.ControlExtra,
		mapSeed: seedOf(*r.Seed, seedMap), liveBytes: -1}
	if _, ok, _ := c.programMaker(); !ok {
		t.prefilled = t.load.resident
	}
	t.dist, _ = distributionOf(*c.Dist) // refusal() has checked the distribution
	place(c.KeyDiffers)
	for i := range t.members {
		w := &t.members[i].worker
		w.load, w.slot, w.keyBytes = t.load, i, keyBytes(*c.Shape)
		w.rng = seedOf(*r.Seed, seedOperations+uint64(i))
		if c.paced() {
			w.pace = newPace(r, i)
		}
	}
	if c.verifies() {
		return t
	}
	seed := seedOf(*r.Seed, seedKeys)
	t.skew = t.dist.skewOf(t.load, seed)
	for i := range t.members {
		w := &t.members[i].worker
		w.skew = t.skew
		if t.dist.name == "sequential" {
			w.stream = streamOf(t.load, i, seed)
		}
	}
	return t
}

func run(r *request) *team {
	c, start := r.Cell, time.Now()
	t := newTeam(r)
	t.clockCostNs, t.clockStepNs = clockCost(), clockStep()
	runtime.GOMAXPROCS(processors(c))
	placed := pinAll(*c.CPUs)
	rate := 0.0
	if c.paced() {
		rate = ticksPerNs()
	}
	for i := range t.members {
		t.members[i].placed = placed
		if pace := t.members[i].worker.pace; pace != nil {
			pace.neverSpins, pace.ticksPerNs = t.neverSpins(i), rate
		}
	}
	t.phases["setup"] = time.Since(start).Nanoseconds()
	t.rss[0] = rss()
	runtime.GC()
	runtime.ReadMemStats(&t.memory[0])
	t.phase("create", 0, t.create)
	t.phase("prefill", 0, t.prefill)
	t.rss[1] = rss()
	if c.Settle == "no" {
		t.phases["settle"] = int64(0)
	} else {
		t.phase("settle", 0, t.settle)
	}
	t.phase("warm_up", *c.WarmUpNs, t.warmUp)
	stopTracing, stopProfiling := t.traceWindow(), t.profileWindow()
	t.before = processNow()
	t.phase("window", *c.WindowNs, t.window)
	t.after = processNow()
	stopProfiling()
	stopTracing()
	t.readMemory()
	t.phase("verify", 0, t.verify)
	t.phases["leave"], t.phases["destroy"] = int64(0), nil
	return t
}

// phase runs `work` once for each member. For the phase a wired member has its own thread, placed
// on the member's CPU; the scheduler places the other members. After `length` ns, phase sets the
// stop flag, except in an open loop, which ends by its schedule.
func (t *team) phase(name string, length int64, work func(m *member)) {
	atomic.StoreUint32(&t.load.stop, 0)
	start := time.Now()
	var all sync.WaitGroup
	for i := range t.members {
		all.Add(1)
		go func(m *member) {
			defer all.Done()
			if t.cell.wired() {
				t.wire(m)
			}
			work(m)
		}(&t.members[i])
	}
	if length > 0 && !t.cell.verifies() && !t.cell.paced() {
		time.Sleep(time.Duration(length))
		atomic.StoreUint32(&t.load.stop, 1)
	} else if name == "window" && t.cell.paced() && slicesOf(length) <= slicesMost {
		t.heap = watchHeap(uint64(start.Sub(started)), length)
	}
	all.Wait()
	t.phases[name] = time.Since(start).Nanoseconds()
}

func (t *team) wire(m *member) {
	runtime.LockOSThread()
	if len(*t.cell.CPUs) > 0 {
		if err := pin((*t.cell.CPUs)[m.worker.slot]); err != nil {
			m.placed = err
		}
	}
}

func (t *team) create(m *member) {
	if m.worker.slot > 0 {
		return
	}
	size := 0
	if *t.cell.Presize {
		size = int(t.load.resident)
	}
	if _, ok := techniques[*t.cell.Map]; !ok {
		t.use(newTable(*t.cell.Map, *t.cell.Shape, size))
	}
	t.makeProgram()
}

// readMemory reads memory statistics. It first frees garbage, to measure the size of the table.
func (t *team) readMemory() {
	t.memory[1] = t.after.memory
	if t.cell.verifies() {
		return
	}
	var live runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&live)
	t.liveBytes = int64(live.HeapAlloc) - int64(t.memory[0].HeapAlloc)
}

// each calls `visit` with the member's share of the first n ranks.
func (t *team) each(m *member, n uint64, visit func(rank uint64)) {
	for rank := uint64(m.worker.slot); rank < n; rank += uint64(len(t.members)) {
		visit(rank)
	}
}

// fillers returns the number of members that fill the table.
func (t *team) fillers() uint64 {
	if _, ok := t.table.(copied); ok {
		return 1
	}
	return min64(uint64(len(t.members)), t.prefilled)
}

func (t *team) prefill(m *member) {
	if table, ok := t.table.(copied); ok {
		if m.worker.slot == 0 {
			table.fill(&m.worker, t.prefilled)
		}
		return
	}
	t.each(m, t.prefilled, func(rank uint64) {
		t.table.upsert(&m.worker, rank, valueOf(rank, 0, 0), nil)
	})
}

// settle looks up every resident key once, which makes sync.Map promote.
func (t *team) settle(m *member) {
	w := &m.worker
	t.each(m, t.prefilled, func(rank uint64) {
		if value, ok := t.table.lookup(w, rank); ok {
			m.settled++
			w.wrong |= rankMismatch(value, rank)
		}
	})
	t.renew(m)
}

func (t *team) warmUp(m *member) {
	m.worker.limit = math.MaxUint64
	if *t.cell.WarmUpNs > 0 && !t.cell.verifies() {
		t.drive(m, *t.cell.WarmUpNs)
	}
	if m.worker.pace != nil {
		m.worker.pace.clear()
	}
	m.warmUp = m.worker.counts
	m.worker.counts = counts{}
	m.worker.measured = true
}

func (t *team) drive(m *member, length int64) {
	w := &m.worker
	if t.program != nil {
		t.program.run(m)
		return
	}
	if w.pace == nil {
		w.drive()
		return
	}
	w.pace.begin(now(), uint64(length), *t.cell.RatePerS, w.slot, len(t.members))
	w.drivePaced()
}

func (t *team) window(m *member) {
	m.worker.limit = math.MaxUint64
	if ops := *t.cell.WindowOps; ops > 0 {
		m.worker.limit = uint64(float64(ops) * (1 + t.windowExtra))
		if t.program == nil {
			m.worker.limit = max64(batch, m.worker.limit)
		}
	}
	waited := threadWaited() // read first and last, since this reading takes the longest
	m.before = threadUsage()
	m.before.waitedNs = waited
	m.cpuStart = cpuNow()
	m.start = time.Now()
	if t.cell.verifies() {
		m.verify()
	} else {
		t.drive(m, *t.cell.WindowNs)
	}
	m.end = time.Now()
	m.cpuEnd = cpuNow()
	m.after = threadUsage()
	m.after.waitedNs = threadWaited()
}

// universe returns a number above the highest rank that may be present.
func (t *team) universe() (most uint64) {
	switch {
	case t.load.kind == fresh:
		for i := range t.members {
			most = max64(most, t.members[i].worker.newest())
		}
		return max64(most, t.load.resident)
	case t.load.span < t.load.resident:
		return t.load.resident
	}
	return t.load.span
}

func (t *team) verify(m *member) {
	if hasNoEntries(t.table) {
		return
	}
	w := &m.worker
	t.each(m, t.universe(), func(rank uint64) {
		if value, ok := t.table.lookup(w, rank); ok {
			m.heldKeys++
			m.heldSum += mixOf(rank)
			m.account.held += value
			w.wrong |= rankMismatch(value, rank)
		}
	})
}
