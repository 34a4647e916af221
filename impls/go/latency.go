// SPDX-License-Identifier: Apache-2.0

package main

import "sort"

var operationNames = [removed + 1]string{"lookup", "upsert", "remove"}

const slicesMost = 1 << 16 // a sample has 16 bits for the slice

// reportOpenLoop reports the window's latencies like latency.c, slices.c and longest_operations.c
// of runner/trial. All of them are null for a closed loop.
func (t *team) reportOpenLoop(result map[string]any) {
	result["latency"], result["late_starts"] = nil, nil
	result["longest"], result["slices"] = nil, nil
	if !t.cell.paced() {
		return
	}
	late := uint64(0)
	for i := range t.members {
		late += t.members[i].worker.pace.late
	}
	result["latency"], result["late_starts"] = t.latency(), late
	result["longest"], result["slices"] = t.longest(), t.slices()
}

// latency returns an empty list if no operation was due.
func (t *team) latency() []any {
	all, sum := []any{}, &outside[histogram](1)[0]
	for operation, name := range operationNames {
		for presence := 0; presence < 2; presence++ {
			for clock, from := range [clocks]string{"intended", "service"} {
				sum.clear()
				for i := range t.members {
					pace := t.members[i].worker.pace
					sum.merge(&pace.histograms[operation][presence][clock])
				}
				if sum.count == 0 {
					continue
				}
				entry := sum.json()
				entry["operation"], entry["was_there"] = name, presence == 1
				entry["clock"] = from
				all = append(all, entry)
			}
		}
	}
	return all
}

func (h *histogram) json() map[string]any {
	buckets := [][2]uint64{}
	for i, count := range h.counts {
		if count > 0 {
			buckets = append(buckets, [2]uint64{uint64(i), count})
		}
	}
	return map[string]any{"count": h.count, "min_ns": h.min, "max_ns": h.max,
		"mean_ns": h.sum / float64(h.count), "saturated": h.saturated,
		"buckets": buckets}
}

// longest returns the longest operations of all threads, without their causes.
func (t *team) longest() []any {
	type candidate struct {
		slow
		slot int
	}
	var candidates []candidate
	for i := range t.members {
		for _, s := range t.members[i].worker.pace.longest {
			candidates = append(candidates, candidate{s, i})
		}
	}
	sort.SliceStable(candidates, func(i, j int) bool {
		return candidates[i].length() > candidates[j].length()
	})
	all := []any{}
	for i := 0; i < len(candidates) && i < slowest; i++ {
		s := &candidates[i]
		all = append(all, map[string]any{"at_ns": s.start - t.firstStart(),
			"slot": s.slot, "operation": operationNames[s.operation],
			"was_there": s.wasThere, "service_ns": s.length(),
			"late_ns": s.late, "causes": nil})
	}
	return all
}

// firstStart returns the time when the first member started in the window, on the clock of now().
func (t *team) firstStart() uint64 {
	first := t.members[0].start
	for i := range t.members {
		if t.members[i].start.Before(first) {
			first = t.members[i].start
		}
	}
	return uint64(first.Sub(started))
}

// slices returns the slices of the window, or null if a thread could not store all its latencies.
func (t *team) slices() any {
	window, first := *t.cell.WindowNs, int64(t.firstStart())
	count := slicesOf(window)
	if count > slicesMost {
		return nil
	}
	samples := make([][]uint16, count)
	for i := range t.members {
		pace := t.members[i].worker.pace
		if pace.sampled > len(pace.samples) {
			return nil
		}
		for _, s := range pace.samples[:pace.sampled] {
			slice := s >> bucketBits
			samples[slice] = append(samples[slice], uint16(s&(1<<bucketBits-1)))
		}
	}
	all, latencies := []any{}, &outside[histogram](1)[0]
	for i := range samples {
		latencies.clear()
		for _, bucket := range samples[i] {
			latencies.add(int(bucket))
		}
		start, end := sliceOf(i, window)
		all = append(all, map[string]any{"at_ns": start,
			"operations": latencies.count, "p50_ns": latencies.quantile(.5),
			"p99_ns": latencies.quantile(.99), "max_ns": latencies.max,
			"bytes":  t.heap.bytes[i],
			"pauses": t.heap.pausesIn(first+start, first+end)})
	}
	return all
}
