// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"unsafe"
)

const (
	batch   = 64 // iterations between two checks of the stop flag
	redraws = 64 // as RM_REDRAWS in C
)

// table is the interface between loops and maps; each kind of key has its own type. Every lookup of
// a batch is measured, so each table has its own batch method, without a call through the interface
// for each lookup. A write is a call through the interface, because writes are not inlined in C,
// either.
type table interface {
	// batch runs the worker's draws.
	batch(w *worker)
	lookup(w *worker, rank uint64) (value uint64, wasThere bool)
	// upsert and remove return whether the key was present, and store the old value
	// in *old unless that is nil.
	upsert(w *worker, rank, value uint64, old *uint64) (wasThere bool)
	remove(w *worker, rank uint64, old *uint64) (wasThere bool)
	// returnsOld returns whether upsert returns the old value. If not, upsert returns
	// w.presumed and ignores old.
	returnsOld() bool
}

type writeKind string

const (
	update writeKind = "update"
	churn  writeKind = "churn"
	fresh  writeKind = "fresh"
)

// load is shared by all workers of a cell. Fields that workers write have their own cache lines, as
// in C, since each iteration reads the other fields, and Go may align the object to only 32 bytes.
type load struct {
	kind                  writeKind
	threads               int
	misses                float64
	resident, span, guard uint64 // as in struct rm_worker
	writeBelow            uint32
	heads                 []head // one per thread, if writes are fresh
	_                     [64]byte
	left                  int64 // writes of a verification that have not begun; atomic
	_                     [64]byte
	stop                  uint32 // atomic
	_                     [64]byte
}

// decisions is like rm_cell_write_decision_share() in C: a pair of writes is one decision.
func decisions(kind writeKind, share float64) float64 {
	if kind == update {
		return share
	}
	return share / (2 - share)
}

// present returns the number of ranks whose keys lookups draw.
func (l *load) present() uint64 { return min64(l.resident, l.span) }

func newLoad(c *cell) *load {
	l := &load{kind: writeKind(*c.WriteKind), threads: *c.Threads,
		misses: *c.MissShare, resident: *c.Keys,
		left: int64(*c.VerifyOps)}
	l.writeBelow = uint32(math.Min(
		decisions(l.kind, *c.WriteShare)*0x1p32, 0xffffffff))
	l.span = uint64(math.Round(float64(l.resident) / (1 - l.misses)))
	if l.kind == fresh && *c.WriteShare > 0 {
		ownKeys := l.resident / uint64(l.threads)
		// twice the number of writes between two published values
		l.guard = min64(ownKeys/4, 128)
		l.span = l.resident
		if ownKeys > 0 {
			l.span = (ownKeys - l.guard) * uint64(l.threads)
		}
	}
	l.heads = make([]head, l.threads)
	for i := range l.heads {
		l.heads[i].base = l.guard * uint64(l.threads)
	}
	return l
}

// head is like struct rm_fresh in C: the number of fresh writes that a thread has published.
type head struct {
	_    [64]byte
	base uint64 // atomic
	_    [56]byte
}

// counts has the counts of one thread, as in runner/worker.h.
type counts struct {
	iterations, writes, pairs, inserts, removes uint64
	idleRemoves, missesAbsent, missesResident   uint64
}

// draw is one iteration. The random bits x decide whether it writes.
type draw struct{ x, rank uint64 }

// worker is one thread's state in the loop. It begins and ends with 64 unused bytes, since workers
// of other threads are adjacent in memory.
type worker struct {
	_        [64]byte
	load     *load
	table    table
	stream   []uint32 // nil unless the distribution is sequential
	skew     *skew    // nil unless the distribution is zipf or hot
	slot     int
	rng      uint64
	position uint64
	sequence uint64 // sequence number of this thread's values
	limit    uint64 // most iterations
	fresh    uint64 // number of fresh writes of this thread
	presumed bool   // see table.returnsOld
	counts   counts
	wrong    uint64 // bits in which a value differed
	lost     uint64 // writes after which the old value was found
	keySum   uint64
	line     [64]byte // the current string key
	keyBytes int      // length of the key; bytes after the rank stay 0
	drawn    [batch]draw
	pace     *pace // nil unless the loop is open
	measured bool  // true once the warm-up is over
	_        [64]byte
}

// prepare draws the next batch, in the order of runner/driver.h.
func (w *worker) prepare() {
	l, rng, mask := w.load, w.rng, uint64(len(w.stream)-1)
	for i := range w.drawn {
		x := next(&rng)
		rank := below(x, l.span)
		if w.skew != nil {
			rank = w.skew.draw(&rng)
		} else if w.stream != nil {
			rank = uint64(w.stream[w.position&mask])
			w.position++
		}
		w.drawn[i] = draw{x, rank}
	}
	w.rng = rng
}

// rankOf returns the i-th rank of the batch plus the offset of rm_lookup_base().
func (w *worker) rankOf(i int) uint64 {
	rank := w.drawn[i].rank
	if w.load.kind != fresh {
		return rank
	}
	owner := uint32(rank) % uint32(len(w.load.heads))
	return rank + atomic.LoadUint64(&w.load.heads[owner].base)
}

// oldest is like rm_fresh_oldest() in C.
func (w *worker) oldest() uint64 {
	return uint64(w.slot) + w.fresh*uint64(w.load.threads)
}

// newest is like rm_fresh_next() in C.
func (w *worker) newest() uint64 {
	threads := uint64(w.load.threads)
	ownKeys := (w.load.resident + threads - 1 - uint64(w.slot)) / threads
	return w.oldest() + ownKeys*threads
}

// wroteFresh is like rm_fresh_publish() in C.
func (w *worker) wroteFresh() {
	w.fresh++
	if l := w.load; w.fresh%64 == 0 || l.guard < 128 {
		atomic.StoreUint64(&l.heads[w.slot].base,
			(w.fresh+l.guard)*uint64(l.threads))
	}
}

// drive is like rm_drive_mix() in C. It runs batches until the stop flag is set or the limit is
// reached.
func (w *worker) drive() {
	for {
		w.prepare()
		w.table.batch(w)
		w.counts.iterations += batch
		if w.stopped() || w.counts.iterations >= w.limit {
			return
		}
	}
}

func (w *worker) stopped() bool { return atomic.LoadUint32(&w.load.stop) != 0 }

// writes executes the draw if it is a write. `end` is true if the window ended during the write.
// Then the rest of the batch is neither executed nor counted.
func (w *worker) writes(i int) (did, end bool) {
	d := &w.drawn[i]
	if uint32(d.x) >= w.load.writeBelow {
		return false, false
	}
	return true, w.write(i, d)
}

// drawResident is like rm_draw_resident() in C. It draws another rank for a write that drew an
// absent one.
func (w *worker) drawResident(x uint64) uint64 {
	for i := uint64(0); w.skew != nil && i < redraws; i++ {
		rank := w.skew.rank(seedOf(x, i))
		if rank < w.load.resident {
			return w.skew.keyOf(rank)
		}
	}
	for i := uint64(0); w.stream != nil && i < redraws; i++ {
		rank := uint64(w.stream[seedOf(x, i)&uint64(len(w.stream)-1)])
		if rank < w.load.resident {
			return rank
		}
	}
	return below(seedOf(x, 0), w.load.resident)
}

//go:noinline
func (w *worker) write(i int, d *draw) (end bool) {
	l, rank := w.load, d.rank
	if rank >= l.resident { // drawn for a lookup that misses
		rank = w.drawResident(d.x)
	}
	switch l.kind {
	case update:
		w.put(rank, true)
	case churn:
		w.put(rank, !w.take(rank))
	case fresh:
		w.put(w.newest(), false)
		w.take(w.oldest())
		w.wroteFresh()
	}
	if l.kind != update {
		w.counts.pairs++
	}
	if !w.stopped() {
		return false
	}
	w.counts.iterations -= uint64(batch - 1 - i)
	return true
}

// put counts the write by the result of the table. If the table returns none, it assumes that an
// update finds its key, that a fresh key is new, and that a churn reinserts its removed key.
func (w *worker) put(rank uint64, presumed bool) {
	w.sequence++
	w.presumed = presumed
	value := valueOf(rank, w.slot, w.sequence)
	wasThere := w.table.upsert(w, rank, value, nil)
	w.countPut(rank, wasThere)
	if w.pace != nil {
		w.pace.record(upserted, wasThere)
	}
}

func (w *worker) countPut(rank uint64, wasThere bool) {
	w.counts.writes++
	if !wasThere {
		w.counts.inserts++
		w.keySum += mixOf(rank)
	}
}

func (w *worker) take(rank uint64) (wasThere bool) {
	wasThere = w.table.remove(w, rank, nil)
	w.countRemove(rank, wasThere)
	if w.pace != nil {
		w.pace.record(removed, wasThere)
	}
	return wasThere
}

func (w *worker) countRemove(rank uint64, wasThere bool) {
	w.counts.writes++
	if wasThere {
		w.counts.removes++
		w.keySum -= mixOf(rank)
	} else {
		w.counts.idleRemoves++
	}
}

// missed counts a failed lookup, separately for draws of absent keys.
func (w *worker) missed(i int) {
	if w.drawn[i].rank >= w.load.resident {
		w.counts.missesAbsent++
	} else {
		w.counts.missesResident++
	}
}

// rankMismatch returns 0 if the value was written for the rank.
func rankMismatch(value, rank uint64) uint64 {
	return uint64(uint32(value) ^ uint32(rank))
}

// view returns the string key of a rank. The next call overwrites its bytes, so it is only for
// callees that do not keep the key. storedKey returns an allocated copy, like a program that reads
// its keys from a connection.
func (w *worker) view(rank uint64) string {
	if placed {
		word := scatter(rank)
		binary.LittleEndian.PutUint64(w.line[:8], word&firstBits)
		binary.LittleEndian.PutUint64(w.line[8:16], word&^firstBits)
	} else {
		binary.LittleEndian.PutUint64(w.line[:8], scatter(rank))
		binary.LittleEndian.PutUint64(w.line[8:16], rank)
	}
	line := w.line[:w.keyBytes]
	return *(*string)(unsafe.Pointer(&line))
}

func (w *worker) storedKey(rank uint64) string {
	w.view(rank)
	return string(w.line[:w.keyBytes])
}
