// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// target is the map under test: one of the two.
type target struct {
	locked *locked
	sync   *sync.Map
}

func newTarget(c *cell) target {
	if *c.Map == "syncmap" {
		return target{sync: &sync.Map{}} // takes no size
	}
	size := 0
	if *c.Presize {
		size = int(*c.Keys)
	}
	return target{locked: &locked{m: make(map[uint64]uint64, size)}}
}

func (t target) lookup(rank uint64) (uint64, bool) {
	if t.sync != nil {
		if value, ok := t.sync.Load(scatter(rank)); ok {
			return value.(uint64), true
		}
		return 0, false
	}
	t.locked.mu.RLock()
	defer t.locked.mu.RUnlock()
	value, ok := t.locked.m[scatter(rank)]
	return value, ok
}

func (t target) store(rank, value uint64) {
	if t.sync != nil {
		t.sync.Store(scatter(rank), value)
		return
	}
	t.locked.mu.Lock()
	t.locked.m[scatter(rank)] = value
	t.locked.mu.Unlock()
}

func (t target) drive(w *worker) {
	if t.sync != nil {
		w.driveSync(t.sync)
	} else {
		w.driveLocked(t.locked)
	}
}

// member is one thread of a trial.
type member struct {
	worker            worker
	cpuStart, cpuEnd  int
	start, end        time.Time
	before, after     usage
	settled, heldKeys uint64
	heldSum           uint64
	placed            error
	warmUp            counts
}

// team is a whole trial.
type team struct {
	cell        *cell
	target      target
	members     []member
	stop        uint32
	phases      map[string]any
	rss         [2]int64
	gcBefore    runtime.MemStats
	gcAfter     runtime.MemStats
	resident    uint64
	clockCostNs float64
}

func run(r *request) *team {
	c, start := r.Cell, time.Now()
	t := &team{cell: c, members: make([]member, *c.Threads),
		phases: map[string]any{}, resident: *c.Keys, clockCostNs: clockCost()}
	runtime.GOMAXPROCS(processors(c))
	placed := pinAll(*c.CPUs)
	for i := range t.members {
		m := &t.members[i]
		m.placed = placed
		m.worker = worker{slot: i, resident: *c.Keys, stop: &t.stop,
			rng:        seedOf(*r.Seed, 100+uint64(i)),
			writeBelow: uint32(math.Min(*c.WriteShare*0x1p32, 0xffffffff))}
	}
	t.phases["setup"] = time.Since(start).Nanoseconds()
	t.rss[0] = rss()
	t.phase("create", 0, func(m *member) {
		if m.worker.slot == 0 {
			t.target = newTarget(c)
		}
	})
	t.phase("prefill", 0, t.prefill)
	t.rss[1] = rss()
	t.phase("settle", 0, t.settle)
	t.phase("warm_up", *c.WarmUpNs, t.warmUp)
	runtime.ReadMemStats(&t.gcBefore)
	t.phase("window", *c.WindowNs, func(m *member) { t.window(m, r) })
	runtime.ReadMemStats(&t.gcAfter)
	t.phase("verify", 0, t.verify)
	t.phases["leave"], t.phases["destroy"] = int64(0), nil
	return t
}

// phase runs `work` once for each member, on a thread of its own that is
// placed where the member belongs; after `length` the stop flag is raised.
func (t *team) phase(name string, length int64, work func(m *member)) {
	atomic.StoreUint32(&t.stop, 0)
	start := time.Now()
	var all sync.WaitGroup
	for i := range t.members {
		all.Add(1)
		go func(m *member) {
			defer all.Done()
			runtime.LockOSThread() // and the thread ends with it
			if len(*t.cell.CPUs) > 0 {
				if err := pin((*t.cell.CPUs)[m.worker.slot]); err != nil {
					m.placed = err
				}
			}
			work(m)
		}(&t.members[i])
	}
	if length > 0 {
		time.Sleep(time.Duration(length))
		atomic.StoreUint32(&t.stop, 1)
	}
	all.Wait()
	t.phases[name] = time.Since(start).Nanoseconds()
}

func (t *team) prefill(m *member) {
	for rank := uint64(m.worker.slot); rank < t.resident; rank += uint64(len(t.members)) {
		t.target.store(rank, valueOf(rank, 0, 0))
	}
}

// settle looks every resident key up once: sync.Map promotes by it.
func (t *team) settle(m *member) {
	m.settled, _ = t.count(m)
}

// count looks up this member's share of the ranks: keys, and their mixes.
func (t *team) count(m *member) (keys, sum uint64) {
	for rank := uint64(m.worker.slot); rank < t.resident; rank += uint64(len(t.members)) {
		if value, ok := t.target.lookup(rank); ok {
			keys++
			sum += mixOf(rank)
			m.worker.wrong |= uint64(uint32(value) ^ uint32(rank))
		}
	}
	return keys, sum
}

func (t *team) warmUp(m *member) {
	m.worker.limit = math.MaxUint64
	if *t.cell.WarmUpNs > 0 {
		t.target.drive(&m.worker)
	}
	m.warmUp = m.worker.counts
	m.worker.counts = counts{}
}

func (t *team) window(m *member, r *request) {
	m.worker.limit = math.MaxUint64
	if ops := *r.Cell.WindowOps; ops > 0 {
		m.worker.limit = uint64(math.Max(batch, float64(ops)*(1+*r.ControlExtra)))
	}
	m.before = threadUsage()
	m.cpuStart = cpuNow()
	m.start = time.Now()
	t.target.drive(&m.worker)
	m.end = time.Now()
	m.cpuEnd = cpuNow()
	m.after = threadUsage()
}

func (t *team) verify(m *member) {
	m.heldKeys, m.heldSum = t.count(m)
}
