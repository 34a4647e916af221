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

// Seconds are of a virtual clock, one an iteration, as in
// impls/technique/cleanup.h.
const (
	cleanupIdle     = 30 // then a sweep closes a connection
	cleanupGone     = 30 // then its handler must have ended
	cleanupPeriod   = 10 // between two sweeps
	cleanupTalk     = 20 // a client is heard for at most so long
	cleanupTurnover = 64 // seconds in which a member opens as many as it has slots
)

// How a sweep closes connections, and how their handlers learn of it.
type cleanupWay int

const (
	cleanupRange   cleanupWay = iota // misuse: Range and Delete alone; the handler does not learn of it
	cleanupMark                      // Range sets a mark, for which handlers look each second
	cleanupIndex                     // the same by an index over slots, without a Range
	cleanupContext                   // Range cancels the handler's context
)

// connection has a handler, a goroutine. Members open, feed and hang up; a
// sweep closes. Fields without a comment are set before it is registered.
type connection struct {
	member    *cleanupMember
	id        int       // its place in the registry
	hangsUp   bool      // the client closes at the end
	ends      uint64    // second from which on the client is silent
	events    chan bool // what wakes the handler; true: data
	ctx       context.Context
	cancel    context.CancelFunc
	lastHeard uint64 // atomic
	closed    uint64 // second in which a sweep closed it, 0: none; atomic
	ended     uint32 // the handler has returned; atomic
}

// cleanupMember opens connections and is their clients.
type cleanupMember struct {
	_       [64]byte
	now     uint64 // second; atomic, one writer
	_       [64]byte
	rng     uint64
	open    []*connection // whose handler runs or whose end is not noticed
	free    []int
	awake   *sync.WaitGroup // for handlers that have an event of this second
	opened  uint64
	refused uint64
	openMax int
	within  uint64 // opened while a sweep ranged
	late    uint64 // data for a connection that was closed; atomic
}

// cleanup is a registry of connections that is swept while members go on to
// open, touch and close connections: article S0, 2.4. All members share it.
type cleanup struct {
	way      cleanupWay
	room     int                          // connections of a member
	registry sync.Map                     // id: *connection
	slots    []atomic.Pointer[connection] // cleanupIndex: the registry
	members  []cleanupMember
	asked    chan struct{} // for a sweep
	done     chan struct{} // the sweeper has returned
	sweeping uint32        // atomic
	closed   uint64
	hungUp   uint64 // taken out by their handlers; atomic
	times    *histogram
	left     uint64 // handlers
}

func newCleanup(way cleanupWay) func(*team, []uint64) program {
	return func(t *team, args []uint64) program {
		c := &cleanup{way: way, room: (int(args[0]) + len(t.members) - 1) / len(t.members),
			members: make([]cleanupMember, len(t.members)),
			asked:   make(chan struct{}, 1), done: make(chan struct{}),
			times: &outside[histogram](1)[0]}
		if way == cleanupIndex {
			c.slots = make([]atomic.Pointer[connection], c.room*len(c.members))
		}
		for i := range c.members {
			m := &c.members[i]
			m.rng, m.awake = seedOf(t.mapSeed, uint64(i)), &sync.WaitGroup{}
			for id := c.room - 1; id >= 0; id-- {
				m.free = append(m.free, i*c.room+id)
			}
		}
		go c.sweeper()
		return c
	}
}

// unregister returns whether it was still there.
func (c *cleanup) unregister(conn *connection) bool {
	if c.way == cleanupIndex {
		return c.slots[conn.id].CompareAndSwap(conn, nil)
	}
	_, wasThere := c.registry.LoadAndDelete(conn.id)
	return wasThere
}

// each ranges over the registry.
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

// sweeper sweeps when asked. It offers its CPU to others now and then: where
// there is one alone, writes go on while it ranges, too.
func (c *cleanup) sweeper() {
	defer close(c.done)
	for range c.asked {
		start, visited := now(), 0
		atomic.StoreUint32(&c.sweeping, 1)
		c.each(func(conn *connection) {
			if visited++; visited&(visited-1) == 0 { // 1, 2, 4 ...
				runtime.Gosched()
			}
			c.judge(conn)
		})
		atomic.StoreUint32(&c.sweeping, 0)
		c.times.record(now() - start)
	}
}

// judge closes the connection if it was idle for too long.
func (c *cleanup) judge(conn *connection) {
	second := atomic.LoadUint64(&conn.member.now) // not later than what was heard last
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

// handle is a handler: it reads what the client sends until that hangs up, and
// ends when it sees that a sweep closed its connection.
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
			if ends { // before its client goes on
				atomic.StoreUint32(&conn.ended, 1)
			}
			conn.member.awake.Done()
			if ends {
				return
			}
		}
	}
}

// openOne opens a connection if a slot is free. Leaked handlers may fill all slots.
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

// step is one second of a client. Handlers that look for a mark are woken each
// second, as by a deadline of their read.
func (c *cleanup) step(m *cleanupMember, conn *connection) {
	looks := c.way == cleanupMark || c.way == cleanupIndex
	switch {
	case m.now < conn.ends:
		m.awake.Add(1)
		conn.events <- true
	case conn.hangsUp:
		m.awake.Add(1)
		close(conn.events)
	case looks:
		m.awake.Add(1)
		conn.events <- false
	}
}

// run is the clients of one member: seconds, until the window ends.
func (c *cleanup) run(member *member) {
	m, each := &c.members[member.worker.slot], c.room/cleanupTurnover
	if each == 0 {
		each = 1
	}
	for member.worker.turn() {
		atomic.AddUint64(&m.now, 1)
		if m.now%cleanupPeriod == 0 {
			select {
			case c.asked <- struct{}{}:
			default: // one is asked for
			}
		}
		for i := 0; i < each; i++ {
			c.openOne(m)
		}
		c.steps(m)
	}
}

// steps is one second of all clients of a member. Then the places are free of
// those whose handler has ended.
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

// survivors are handlers whose connection was closed longer ago than they may
// need.
func (c *cleanup) survivors() (left uint64) {
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

// wrong waits for the last sweep, and for handlers that were signalled to end and
// had no CPU yet. Then the registry must hold what was opened and not closed.
func (c *cleanup) wrong(*totals) string {
	close(c.asked)
	<-c.done
	for i := range c.members { // what the last sweep closed is seen
		atomic.AddUint64(&c.members[i].now, 1)
		c.steps(&c.members[i])
	}
	for i := 0; i < 100; i++ {
		if c.left = c.survivors(); c.left == 0 {
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
		return fmt.Sprintf("%d times a client was heard whose connection was closed", sum.late)
	case c.left > 0:
		return fmt.Sprintf("%d handlers outlived their connection by more than %d s; %d "+
			"connections were refused because no slot was free", c.left, cleanupGone, sum.refused)
	}
	return ""
}

// unasked: writes are to go on while a sweep ranges.
func (c *cleanup) unasked() string {
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
	tellTimes(add, "sweep", []*histogram{c.times})
}
