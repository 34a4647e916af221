// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

const batch = 64 // iterations between looks at the clock's flag

// locked is what most Go programs do: gomap_rw.
type locked struct {
	mu sync.RWMutex
	m  map[uint64]uint64
}

// counts of one thread, as in runner/worker.h.
type counts struct {
	iterations, writes, inserts, missesResident uint64
}

// worker is one thread's state in the loop.
type worker struct {
	rng, resident, sequence, limit uint64
	writeBelow                     uint32
	slot                           int
	stop                           *uint32
	counts                         counts
	wrong, keySum                  uint64
	_                              [64]byte // nobody else's line
}

// scatter is rm_scatter(), seedOf rm_seed(), mixOf rm_rank_mix().
func scatter(rank uint64) uint64 { return rank * 0x9e3779b900000001 }

func seedOf(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func mixOf(rank uint64) uint64 { return seedOf(0x726d, rank) }

// valueOf is rm_value_of(): sequence:20 | writer:12 | rank:32.
func valueOf(rank uint64, writer int, sequence uint64) uint64 {
	return sequence<<44 | uint64(writer&0xfff)<<32 | uint64(uint32(rank))
}

// left after a write: where the window ended meanwhile, what is left of the
// batch is not done and not counted.
func (w *worker) left(left uint64) uint64 {
	if atomic.LoadUint32(w.stop) == 0 {
		return left
	}
	w.counts.iterations -= left - 1
	return 1
}

func (w *worker) wrote(rank uint64, wasThere bool) {
	w.counts.writes++
	if !wasThere {
		w.counts.inserts++
		w.keySum += mixOf(rank)
	}
}

//go:noinline
func (w *worker) writeLocked(m *locked, rank uint64) {
	w.sequence++
	key, value := scatter(rank), valueOf(rank, w.slot, w.sequence)
	m.mu.Lock()
	before := len(m.m)
	m.m[key] = value
	wasThere := len(m.m) == before
	m.mu.Unlock()
	w.wrote(rank, wasThere)
}

//go:noinline
func (w *worker) writeSync(m *sync.Map, rank uint64) {
	w.sequence++
	m.Store(scatter(rank), valueOf(rank, w.slot, w.sequence))
	w.counts.writes++ // Store does not tell whether the key was there
}

// driveLocked is rm_drive_mix() of runner/driver.h; so is driveSync. Two
// copies: one with an interface would measure its calls.
func (w *worker) driveLocked(m *locked) {
	rng, wrong := w.rng, uint64(0)
	for {
		for left := uint64(batch); left > 0; left-- {
			rng += 0xa0761d6478bd642f
			high, low := bits.Mul64(rng, rng^0xe7037ed1a0b428db)
			x := high ^ low
			rank, _ := bits.Mul64(x, w.resident)
			if uint32(x) < w.writeBelow {
				w.writeLocked(m, rank)
				left = w.left(left)
				continue
			}
			m.mu.RLock()
			value, ok := m.m[scatter(rank)]
			m.mu.RUnlock()
			if !ok {
				w.counts.missesResident++
				continue
			}
			wrong |= uint64(uint32(value) ^ uint32(rank))
		}
		w.counts.iterations += batch
		if atomic.LoadUint32(w.stop) != 0 || w.counts.iterations >= w.limit {
			break
		}
	}
	w.rng = rng
	w.wrong |= wrong
}

func (w *worker) driveSync(m *sync.Map) {
	rng, wrong := w.rng, uint64(0)
	for {
		for left := uint64(batch); left > 0; left-- {
			rng += 0xa0761d6478bd642f
			high, low := bits.Mul64(rng, rng^0xe7037ed1a0b428db)
			x := high ^ low
			rank, _ := bits.Mul64(x, w.resident)
			if uint32(x) < w.writeBelow {
				w.writeSync(m, rank)
				left = w.left(left)
				continue
			}
			value, ok := m.Load(scatter(rank))
			if !ok {
				w.counts.missesResident++
				continue
			}
			wrong |= uint64(uint32(value.(uint64)) ^ uint32(rank))
		}
		w.counts.iterations += batch
		if atomic.LoadUint32(w.stop) != 0 || w.counts.iterations >= w.limit {
			break
		}
	}
	w.rng = rng
	w.wrong |= wrong
}
