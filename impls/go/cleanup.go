// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Times are in seconds of a virtual clock. It advances by one second per iteration, as in
// impls/technique/cleanup.h.
const (
	cleanupIdle     = 30 // idle time after which a sweep closes a connection
	cleanupGone     = 30 // time after which its handler must have ended
	cleanupPeriod   = 10 // time between two sweeps
	cleanupTalk     = 20 // limit of a client's active time
	cleanupTurnover = 64 // seconds in which a member fills all its slots
)

// cleanupWay is how a sweep closes connections and notifies their handlers.
type cleanupWay int

const (
	cleanupRange cleanupWay = iota // misuse: the handler is not notified
	cleanupMark                    // Range sets a mark that handlers check each second
	// like cleanupMark, but with an index over slots instead of Range
	cleanupIndex
	cleanupContext // Range cancels the handler's context
)

// connection is a connection; a goroutine, its handler, serves it. Members open connections, send
// data and hang up. A sweep closes connections. Fields without a comment are set before
// registration.
type connection struct {
	member    *cleanupMember
	id        int       // its index in the registry
	hangsUp   bool      // true if the client closes the connection at the end
	ends      uint64    // second from which the client is silent
	events    chan bool // wakes the handler; true means data
	ctx       context.Context
	cancel    context.CancelFunc
	lastHeard uint64 // second in which data last arrived; atomic
	closed    uint64 // second in which a sweep closed it, or 0; atomic
	ended     uint32 // the handler has returned; atomic
}

// cleanupMember opens connections and acts as their clients.
type cleanupMember struct {
	_       [64]byte
	now     uint64 // current second; atomic, one writer
	_       [64]byte
	rng     uint64
	open    []*connection // connections whose handler runs, or whose end was not noticed yet
	free    []int
	awake   *sync.WaitGroup // counts handlers that have an event in this second
	opened  uint64
	refused uint64
	openMax int
	within  uint64 // connections opened during a sweep
	late    uint64 // times that data arrived on a closed connection; atomic
}

// cleanup is a registry of connections. It is swept while members open, touch and close connections
// (article S0, 2.4). All members share it.
type cleanup struct {
	way            cleanupWay
	slotsPerMember int                          // connections per member
	registry       sync.Map                     // maps an id to a *connection
	slots          []atomic.Pointer[connection] // the registry, if the way is cleanupIndex
	members        []cleanupMember
	sweepRequests  chan struct{} // requests a sweep
	done           chan struct{} // the sweeper has returned
	sweeping       uint32        // atomic
	closed         uint64
	hungUp         uint64 // connections that their handlers removed; atomic
	times          *histogram
	left           uint64 // handlers that outlived their connection
}

func newCleanup(way cleanupWay) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		c := &cleanup{way: way,
			slotsPerMember: (int(args[0]) + len(t.members) - 1) / len(t.members),
			members:        make([]cleanupMember, len(t.members)),
			sweepRequests:  make(chan struct{}, 1), done: make(chan struct{}),
			times: &outside[histogram](1)[0]}
		if way == cleanupIndex {
			c.slots = make([]atomic.Pointer[connection], c.slotsPerMember*len(c.members))
		}
		for i := range c.members {
			m := &c.members[i]
			m.rng, m.awake = seedOf(t.mapSeed, uint64(i)), &sync.WaitGroup{}
			for id := c.slotsPerMember - 1; id >= 0; id-- {
				m.free = append(m.free, i*c.slotsPerMember+id)
			}
		}
		go c.sweeper()
		return c
	}
}

// unregister returns whether the connection was still registered.
func (c *cleanup) unregister(conn *connection) bool {
	if c.way == cleanupIndex {
		return c.slots[conn.id].CompareAndSwap(conn, nil)
	}
	_, wasThere := c.registry.LoadAndDelete(conn.id)
	return wasThere
}

// each calls visit with all connections in the registry.
func (c *cleanup) each(visit func(conn *connection)) {
	if c.way != cleanupIndex {
		c.registry.Range(func(_, value any) bool {
			visit(value.(*connection))
			return true
		})
		return
	}
	for i := range c.slots {
		if conn := c.slots[i].Load(); conn != nil {
			visit(conn)
		}
	}
}

// sweeper sweeps on request. It yields its CPU now and then, so that other goroutines write during
// a sweep even if there is only one CPU.
func (c *cleanup) sweeper() {
	defer close(c.done)
	for range c.sweepRequests {
		start, visited := now(), 0
		atomic.StoreUint32(&c.sweeping, 1)
		c.each(func(conn *connection) {
			if visited++; visited&(visited-1) == 0 { // after 1, 2, 4 ... connections
				runtime.Gosched()
			}
			c.closeIfIdle(conn)
		})
		atomic.StoreUint32(&c.sweeping, 0)
		c.times.record(now() - start)
	}
}

// closeIfIdle closes the connection if it was idle for too long.
func (c *cleanup) closeIfIdle(conn *connection) {
	second := atomic.LoadUint64(&conn.member.now) // not later than lastHeard
	if atomic.LoadUint64(&conn.lastHeard)+cleanupIdle >= second ||
		atomic.LoadUint64(&conn.closed) != 0 || !c.unregister(conn) {
		return
	}
	atomic.StoreUint64(&conn.closed, second)
	c.closed++
	if conn.cancel != nil {
		conn.cancel()
	}
}

// handle is a handler. It reads the client's data until the client hangs up, or until it sees that
// a sweep has closed its connection.
func (c *cleanup) handle(conn *connection) {
	var cancelled <-chan struct{}
	if conn.ctx != nil {
		cancelled = conn.ctx.Done()
	}
	for {
		select {
		case <-cancelled:
			atomic.StoreUint32(&conn.ended, 1)
			return
		case data, more := <-conn.events:
			isClosed := atomic.LoadUint64(&conn.closed) != 0
			if data {
				atomic.StoreUint64(&conn.lastHeard, atomic.LoadUint64(&conn.member.now))
			}
			if data && isClosed {
				atomic.AddUint64(&conn.member.late, 1)
			}
			if !more && c.unregister(conn) {
				atomic.AddUint64(&c.hungUp, 1)
			}
			ends := !more || isClosed && (c.way == cleanupMark || c.way == cleanupIndex)
			if ends { // must be set before the client continues
				atomic.StoreUint32(&conn.ended, 1)
			}
			conn.member.awake.Done()
			if ends {
				return
			}
		}
	}
}

// openOne opens a connection if a slot is free. Leaked handlers may occupy all slots.
func (c *cleanup) openOne(m *cleanupMember) {
	x := next(&m.rng)
	if len(m.free) == 0 {
		m.refused++
		return
	}
	id := m.free[len(m.free)-1]
	m.free = m.free[:len(m.free)-1]
	conn := &connection{member: m, id: id, hangsUp: x%2 == 1,
		ends: m.now + 1 + (x>>32)%cleanupTalk, events: make(chan bool, 1),
		lastHeard: m.now}
	if c.way == cleanupContext {
		conn.ctx, conn.cancel = context.WithCancel(context.Background())
	}
	if c.way == cleanupIndex {
		c.slots[id].Store(conn)
	} else {
		c.registry.Store(id, conn)
	}
	go c.handle(conn)
	m.open = append(m.open, conn)
	m.opened++
	m.within += uint64(atomic.LoadUint32(&c.sweeping))
}

// step runs one second of a client. Handlers that poll a mark are woken each second, as if by a
// read deadline.
func (c *cleanup) step(m *cleanupMember, conn *connection) {
	pollsMark := c.way == cleanupMark || c.way == cleanupIndex
	switch {
	case m.now < conn.ends:
		m.awake.Add(1)
		conn.events <- true
	case conn.hangsUp:
		m.awake.Add(1)
		close(conn.events)
	case pollsMark:
		m.awake.Add(1)
		conn.events <- false
	}
}

// run executes the clients of one member, one second per iteration, until the window
// ends.
func (c *cleanup) run(member *member) {
	m, each := &c.members[member.worker.slot], c.slotsPerMember/cleanupTurnover
	if each == 0 {
		each = 1
	}
	for member.worker.turn() {
		atomic.AddUint64(&m.now, 1)
		if m.now%cleanupPeriod == 0 {
			select {
			case c.sweepRequests <- struct{}{}:
			default: // a sweep is requested already
			}
		}
		for i := 0; i < each; i++ {
			c.openOne(m)
		}
		c.steps(m)
	}
}

// steps runs one second of all clients of a member and frees the slots of ended
// handlers.
func (c *cleanup) steps(m *cleanupMember) {
	for _, conn := range m.open {
		c.step(m, conn)
	}
	m.awake.Wait()
	if len(m.open) > m.openMax {
		m.openMax = len(m.open)
	}
	open := m.open[:0]
	for _, conn := range m.open {
		if atomic.LoadUint32(&conn.ended) == 0 {
			open = append(open, conn)
		} else {
			m.free = append(m.free, conn.id)
		}
	}
	m.open = open
}

// countSurvivors counts handlers that still run cleanupGone after their connection closed.
func (c *cleanup) countSurvivors() (left uint64) {
	for i := range c.members {
		for _, conn := range c.members[i].open {
			closed := atomic.LoadUint64(&conn.closed)
			if closed != 0 && atomic.LoadUint32(&conn.ended) == 0 &&
				c.members[i].now-closed > cleanupGone {
				left++
			}
		}
	}
	return left
}

// wrong waits for the last sweep and for handlers that are about to end. The registry must then
// hold exactly the opened connections that were not closed.
func (c *cleanup) wrong(*totals) string {
	close(c.sweepRequests)
	<-c.done
	for i := range c.members { // notices connections that the last sweep closed
		atomic.AddUint64(&c.members[i].now, 1)
		c.steps(&c.members[i])
	}
	for i := 0; i < 100; i++ {
		if c.left = c.countSurvivors(); c.left == 0 {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	held := uint64(0)
	c.each(func(*connection) { held++ })
	sum := c.sum()
	switch expected := sum.opened - c.closed - c.hungUp; {
	case held != expected:
		return fmt.Sprintf("the registry holds %d connections, expected %d", held, expected)
	case sum.late > 0:
		return fmt.Sprintf("%d times data arrived on a closed connection", sum.late)
	case c.left > 0:
		return fmt.Sprintf("%d handlers outlived their connection by more than %d s; %d "+
			"connections were refused because no slot was free", c.left, cleanupGone, sum.refused)
	}
	return ""
}

// overlapError returns an error if no connection was opened during a sweep.
func (c *cleanup) overlapError() string {
	if c.times.count > 0 && c.sum().within == 0 {
		return fmt.Sprintf("no connection was opened within %d sweeps", c.times.count)
	}
	return ""
}

func (c *cleanup) sum() (sum cleanupMember) {
	for i := range c.members {
		m := &c.members[i]
		sum.opened += m.opened
		sum.refused += m.refused
		sum.within += m.within
		sum.late += m.late
		sum.openMax += m.openMax
	}
	return sum
}

func (c *cleanup) stats(add addStat) {
	sum := c.sum()
	add("opened", "1", float64(sum.opened))
	add("closed_by_timer", "1", float64(c.closed))
	add("handlers_left", "1", float64(c.left))
	add("refused", "1", float64(sum.refused))
	add("open_max", "1", float64(sum.openMax))
	add("opened_within_sweeps", "1", float64(sum.within))
	addTimeStats(add, "sweep", []*histogram{c.times})
}
