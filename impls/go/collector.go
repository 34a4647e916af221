// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// pauses holds the garbage collector's pauses in collections that ended in a window. A collection
// stops all goroutines twice; its pause is the sum of both stops.
type pauses struct {
	collections uint32
	totalNs     uint64
	longestNs   int64 // -1: the runtime no longer keeps all of them
}

// pausesBetween compares two readings of the runtime, which keeps the last 256 pauses.
func pausesBetween(before, after *runtime.MemStats) pauses {
	p := pauses{after.NumGC - before.NumGC,
		after.PauseTotalNs - before.PauseTotalNs, 0}
	kept := uint32(len(after.PauseNs))
	if p.collections > kept {
		p.longestNs = -1
		return p
	}
	for i := before.NumGC; i < after.NumGC; i++ {
		if pause := int64(after.PauseNs[i%kept]); pause > p.longestNs {
			p.longestNs = pause
		}
	}
	return p
}

// collected holds the pause of one collection and when it ended, in ns of now().
type collected struct{ end, pause int64 }

// heapWatch reads the heap's size at the end of each slice of an open loop's window, and
// the collections that ended since the last reading.
type heapWatch struct {
	held        [1]metrics.Sample
	bytes       []int64 // size at the end of each slice: objects and garbage not yet swept
	collections []collected
	forgotten   bool // true if more collections ended between two readings than the runtime keeps
	stats       debug.GCStats
	zero        time.Time // time at which now() was 0, on the clock of `stats`
}

// watchHeap returns when the window ends. It parks instead of sleeping in a system call, which
// would keep a processor of Go's scheduler from the members for up to 20 ms. If all processors are
// busy, it wakes up to 10 ms late.
func watchHeap(start uint64, window int64) *heapWatch {
	at := time.Now()
	h := &heapWatch{zero: at.Add(-at.Sub(started)).Round(0),
		bytes: make([]int64, 0, slicesOf(window))}
	h.held[0].Name = "/memory/classes/heap/objects:bytes"
	debug.ReadGCStats(&h.stats)
	for slice := 0; slice < slicesOf(window); slice++ {
		_, end := sliceOf(slice, window)
		if due, at := start+uint64(end), now(); at < due {
			time.Sleep(time.Duration(due - at))
		}
		h.read()
	}
	return h
}

func (h *heapWatch) read() {
	metrics.Read(h.held[:])
	h.bytes = append(h.bytes, int64(h.held[0].Value.Uint64()))
	before := h.stats.NumGC
	debug.ReadGCStats(&h.stats)
	ended := int(h.stats.NumGC - before)
	if ended > len(h.stats.Pause) {
		h.forgotten = true
		return
	}
	for i := 0; i < ended; i++ {
		h.collections = append(h.collections, collected{
			h.stats.PauseEnd[i].Sub(h.zero).Nanoseconds(),
			h.stats.Pause[i].Nanoseconds()})
	}
}

// pausesIn returns the pauses of collections that ended in a slice, in the format of a
// result; nil means unknown.
func (h *heapWatch) pausesIn(start, end int64) any {
	count, ns := 0, int64(0)
	for _, c := range h.collections {
		if start <= c.end && c.end < end {
			count++
			ns += c.pause
		}
	}
	switch {
	case h.forgotten:
		return nil
	case count == 0:
		return []any{}
	}
	return []any{map[string]any{"event": "collection_pause", "count": count,
		"ns": ns}}
}

// slicesOf returns the number of slices of a window; sliceOf returns the start and end of one.
func slicesOf(window int64) int { return int((window + sliceNs - 1) / sliceNs) }

func sliceOf(slice int, window int64) (start, end int64) {
	start = int64(slice) * sliceNs
	return start, int64(min64(uint64(start+sliceNs), uint64(window)))
}

// parkedNs returns how long all goroutines together have waited for locks since the
// start. The runtime estimates it from one wait in eight. It is -1 with Go 1.19, which does not
// report it.
func parkedNs() float64 {
	waited := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}}
	metrics.Read(waited)
	if waited[0].Value.Kind() != metrics.KindFloat64 {
		return -1
	}
	return waited[0].Value.Float64() * 1e9
}
