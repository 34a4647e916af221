// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"time"
)

// totals over the members: the window, and what all answers add up to.
type totals struct {
	window                     counts
	all                        counts
	keySum, heldKeys, heldSum  uint64
	keysBefore, wrong, expects uint64
}

func (t *team) add() (sum totals) {
	for i := range t.members {
		m := &t.members[i]
		for _, c := range []counts{m.warmUp, m.worker.counts} {
			sum.all.inserts += c.inserts
			sum.all.missesResident += c.missesResident
		}
		sum.window.iterations += m.worker.counts.iterations
		sum.window.writes += m.worker.counts.writes
		sum.window.inserts += m.worker.counts.inserts
		sum.window.missesResident += m.worker.counts.missesResident
		sum.keySum += m.worker.keySum
		sum.heldKeys += m.heldKeys
		sum.heldSum += m.heldSum
		sum.keysBefore += m.settled
		if m.worker.wrong != 0 {
			sum.wrong++
		}
	}
	sum.expects = sum.keySum
	for rank := uint64(0); rank < t.resident; rank++ {
		sum.expects += mixOf(rank)
	}
	return sum
}

// mismatch tells what was answered wrongly, or "": judge.c of the runner.
func (t *team) mismatch(sum *totals) string {
	switch {
	case sum.wrong > 0:
		return "a lookup returned another key's value"
	case sum.keysBefore != t.resident:
		return fmt.Sprintf("prefill not exact: %d keys, expected %d",
			sum.keysBefore, t.resident)
	case sum.heldKeys != t.resident+sum.all.inserts || sum.heldSum != sum.expects:
		return "key sums differ: the map does not hold what its answers say"
	case sum.all.missesResident > 0:
		return "lookups missed keys that were never removed"
	case sum.all.inserts > 0:
		return "stores of resident keys found no key"
	}
	return ""
}

// misplaced tells how the measurement is not what was asked, or "".
func (t *team) misplaced(sum *totals) string {
	share := *t.cell.WriteShare
	n := float64(sum.window.iterations)
	if off := math.Abs(float64(sum.window.writes) - share*n); off > 6*math.Sqrt(share*(1-share)*n)+1 {
		return fmt.Sprintf("achieved write share %.5f, asked %.5f",
			float64(sum.window.writes)/n, share)
	}
	for i := range t.members {
		m := &t.members[i]
		if m.placed != nil {
			return m.placed.Error()
		}
		if cpus := *t.cell.CPUs; len(cpus) > 0 &&
			(m.cpuStart != cpus[i] || m.cpuEnd != cpus[i]) {
			return fmt.Sprintf("thread %d ran on CPU %d and %d, placed on %d",
				i, m.cpuStart, m.cpuEnd, cpus[i])
		}
	}
	if float64(t.elapsed().Nanoseconds()) < 1000*t.clockCostNs {
		return "the window is shorter than 1000 clock readings"
	}
	return ""
}

// elapsed is from the first start to the last end.
func (t *team) elapsed() time.Duration {
	start, end := t.members[0].start, t.members[0].end
	for i := range t.members {
		if t.members[i].start.Before(start) {
			start = t.members[i].start
		}
		if t.members[i].end.After(end) {
			end = t.members[i].end
		}
	}
	return end.Sub(start)
}

func (t *team) report(result map[string]any) {
	sum := t.add()
	ops := sum.window.iterations
	result["status"], result["reason"] = "ok", nil
	verdict, why := "ok", any(nil)
	if reason := t.mismatch(&sum); reason != "" {
		verdict, why = "failed", reason
		result["status"], result["reason"] = "failed", reason
	} else if reason := t.misplaced(&sum); reason != "" {
		result["status"], result["reason"] = "void", reason
	}
	result["elapsed_ns"] = t.elapsed().Nanoseconds()
	result["ops"], result["writes"] = ops, sum.window.writes
	result["lookups"] = ops - sum.window.writes
	result["hits"] = ops - sum.window.writes - sum.window.missesResident
	result["misses_absent"] = 0
	result["misses_resident"] = sum.window.missesResident
	result["inserts"] = sum.window.inserts
	result["removes"], result["idle_removes"] = 0, 0
	result["achieved_write_share"] = float64(sum.window.writes) / float64(ops)
	result["achieved_miss_share"] = float64(sum.window.missesResident) /
		math.Max(1, float64(ops-sum.window.writes))
	result["keys_before"], result["keys_after"] = sum.keysBefore, sum.heldKeys
	result["by_thread"] = t.threads()
	var accounting any
	if *t.cell.Measure == "verify" {
		accounting = "key sums only"
	}
	result["verification"] = map[string]any{"status": verdict, "reason": why,
		"keys_expected": t.resident + sum.all.inserts,
		"keys_held":     sum.heldKeys,
		"sum_expected":  fmt.Sprintf("%016x", sum.expects),
		"sum_held":      fmt.Sprintf("%016x", sum.heldSum),
		"wrong_values":  sum.wrong, "written": nil, "returned": nil,
		"accounting": accounting, "stopped_early": nil}
	result["phases_ns"] = t.phases
	result["latency"], result["late_starts"] = nil, nil
	result["counters"], result["counters_reason"] = nil, "Go's trial has no counters"
	t.reportMemory(result)
}

func (t *team) threads() (all []any) {
	for i := range t.members {
		m := &t.members[i]
		var cpu any
		if cpus := *t.cell.CPUs; len(cpus) > 0 {
			cpu = cpus[i]
		}
		a, b, ok := &m.before, &m.after, m.before.ok && m.after.ok
		all = append(all, map[string]any{"slot": i, "cpu": cpu,
			"cpu_start":            told(m.cpuStart >= 0, int64(m.cpuStart)),
			"cpu_end":              told(m.cpuEnd >= 0, int64(m.cpuEnd)),
			"ops":                  m.worker.counts.iterations,
			"writes":               m.worker.counts.writes,
			"elapsed_ns":           m.end.Sub(m.start).Nanoseconds(),
			"cpu_ns":               told(ok, b.cpuNs-a.cpuNs),
			"voluntary_switches":   told(ok, b.voluntary-a.voluntary),
			"involuntary_switches": told(ok, b.involuntary-a.involuntary),
			"minor_faults":         told(ok, b.minorFaults-a.minorFaults),
			"major_faults":         told(ok, b.bigFaults-a.bigFaults),
			"migrations":           nil, "runqueue_wait_ns": nil})
	}
	return all
}

// told is the value, or null where it could not be had.
func told(ok bool, value int64) any {
	if !ok {
		return nil
	}
	return value
}

func (t *team) reportMemory(result map[string]any) {
	peak := rssPeak()
	result["footprint"] = map[string]any{
		"rss_empty_bytes":  told(t.rss[0] >= 0, t.rss[0]),
		"rss_filled_bytes": told(t.rss[1] >= 0, t.rss[1]),
		"rss_peak_bytes":   told(peak >= 0, peak),
		"page_nodes":       nil, "page_nodes_reason": "Go's trial does not look",
		"huge_bytes": nil}
	stat := func(name, unit string, value float64) any {
		return map[string]any{"name": name, "unit": unit, "value": value}
	}
	a, b := &t.gcBefore, &t.gcAfter
	result["stats"] = []any{
		stat("collections", "1", float64(b.NumGC-a.NumGC)),
		stat("collection_pause", "ns", float64(b.PauseTotalNs-a.PauseTotalNs)),
		stat("allocations", "1", float64(b.Mallocs-a.Mallocs)),
		stat("allocated", "bytes", float64(b.TotalAlloc-a.TotalAlloc))}
	percent := os.Getenv("GOGC")
	if percent == "" {
		percent = "100"
	}
	result["environment"] = map[string]any{"aslr": nil,
		"clock_cost_ns": t.clockCostNs,
		"go":            runtime.Version(), "gogc": percent,
		"gomaxprocs": runtime.GOMAXPROCS(0)}
}
