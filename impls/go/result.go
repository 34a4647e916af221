// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
)

func (t *team) report(result map[string]any) {
	sum := t.add()
	status, reason := "ok", ""
	verdict, why := "ok", ""
	switch mismatch := t.mismatch(&sum); {
	case mismatch != "":
		status, reason = "failed", mismatch
		verdict, why = "failed", mismatch
	case !t.cell.verifies():
		if reason = t.voidReason(); reason != "" {
			status = "void"
		}
	}
	if verdict == "ok" && hasNoEntries(t.table) {
		why = "the map holds nothing"
		if t.table == nil {
			why = "no keys: the subject's check judges its answers"
		}
	}
	result["status"], result["reason"] = status, textOrNull(reason)
	result["verification"] = t.verification(&sum, verdict, why)
	result["elapsed_ns"] = t.elapsed().Nanoseconds()
	t.reportCounts(result, &sum)
	result["keys_before"] = valueOrNull(t.cell.Settle != "no", int64(sum.keysBefore))
	result["keys_after"] = valueOrNull(!hasNoEntries(t.table), int64(sum.heldKeys))
	result["by_thread"] = t.threads()
	result["phases_ns"] = t.phases
	t.reportOpenLoop(result)
	result["collections"] = t.after.memory.NumGC - t.before.memory.NumGC
	result["counters"], result["counters_reason"] = nil, "readmostly-go has no counters"
	result["footprint"] = t.footprint()
	result["stats"] = t.stats()
	result["environment"] = t.environment()
}

// reportCounts reports the window. The positive control executes more operations than it
// reports.
func (t *team) reportCounts(result map[string]any, sum *totals) {
	c := &sum.window
	misses := c.missesAbsent + c.missesResident
	result["ops"] = uint64(float64(c.operations()) / (1 + t.windowExtra))
	result["lookups"], result["writes"] = c.lookups(), c.writes
	result["hits"] = c.lookups() - misses
	result["misses_absent"] = c.missesAbsent
	result["misses_resident"] = c.missesResident
	result["inserts"] = c.inserts
	result["removes"], result["idle_removes"] = c.removes, c.idleRemoves
	result["achieved_write_share"] = ratio(c.writes, c.operations())
	result["achieved_miss_share"] = ratio(misses, c.lookups())
	result["renewed"] = t.renewed()
}

func (t *team) verification(sum *totals, verdict, why string) map[string]any {
	holds, verifies := !hasNoEntries(t.table), t.cell.verifies()
	hex := func(value uint64) any {
		if !holds {
			return nil
		}
		return fmt.Sprintf("%016x", value)
	}
	entry := map[string]any{"status": verdict, "reason": textOrNull(why),
		"keys_expected": valueOrNull(holds, int64(sum.expectKeys)),
		"keys_held":     valueOrNull(holds, int64(sum.heldKeys)),
		"sum_expected":  hex(sum.expect), "sum_held": hex(sum.heldSum),
		"wrong_values": sum.wrong,
		"written":      valueOrNull(verifies, int64(sum.account.puts)),
		"returned":     valueOrNull(verifies, int64(sum.account.outs)),
		"accounting":   nil, "stopped_early": nil}
	if verifies {
		entry["stopped_early"] = t.stoppedEarly()
		entry["accounting"] = "key sums only"
		if t.table.returnsOld() {
			entry["accounting"] = "values"
		}
	}
	return entry
}

// threads reports only wired goroutines, since the kernel counts per thread and a free goroutine
// has no thread of its own.
func (t *team) threads() (all []any) {
	wired := t.cell.wired()
	for i := range t.members {
		m := &t.members[i]
		a, b := &m.before, &m.after
		ok := wired && a.ok && b.ok
		cpu := valueOrNull(false, 0)
		if cpus := *t.cell.CPUs; wired && len(cpus) > 0 {
			cpu = cpus[i]
		}
		all = append(all, map[string]any{"slot": i, "cpu": cpu,
			"cpu_start":            valueOrNull(m.cpuStart >= 0, int64(m.cpuStart)),
			"cpu_end":              valueOrNull(m.cpuEnd >= 0, int64(m.cpuEnd)),
			"ops":                  m.worker.counts.operations(),
			"writes":               m.worker.counts.writes,
			"elapsed_ns":           m.end.Sub(m.start).Nanoseconds(),
			"cpu_ns":               valueOrNull(ok, b.cpuNs-a.cpuNs),
			"voluntary_switches":   valueOrNull(ok, b.voluntary-a.voluntary),
			"involuntary_switches": valueOrNull(ok, b.involuntary-a.involuntary),
			"minor_faults":         valueOrNull(ok, b.minorFaults-a.minorFaults),
			"major_faults":         valueOrNull(ok, b.bigFaults-a.bigFaults),
			"migrations":           nil,
			"runqueue_wait_ns": valueOrNull(ok && a.waitedNs >= 0 && b.waitedNs >= 0,
				b.waitedNs-a.waitedNs)})
	}
	return all
}

// valueOrNull returns the value, or null if it is unknown.
func valueOrNull(ok bool, value int64) any {
	if !ok {
		return nil
	}
	return value
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (t *team) footprint() map[string]any {
	peak := rssPeak()
	return map[string]any{
		"prefill_threads":  t.fillers(),
		"rss_empty_bytes":  valueOrNull(t.rss[0] >= 0, t.rss[0]),
		"rss_filled_bytes": valueOrNull(t.rss[1] >= 0, t.rss[1]),
		"rss_peak_bytes":   valueOrNull(peak >= 0, peak),
		"page_nodes":       nil, "page_nodes_reason": "readmostly-go does not record it",
		"huge_bytes": nil}
}

// cpuTimes returns the CPU time of all threads in the window, and the part of it used outside the
// loops: by the scheduler, and by the collector when it runs outside them. apart is true if that
// part is known.
func (t *team) cpuTimes() (cpu, background float64, known, apart bool) {
	a, b := &t.before, &t.after
	loopsNs := int64(0)
	cpu, known = float64(b.cpuNs-a.cpuNs), a.cpuNs >= 0 && b.cpuNs >= 0
	apart = known && t.cell.wired()
	for i := range t.members {
		m := &t.members[i]
		loopsNs += m.after.cpuNs - m.before.cpuNs
		apart = apart && m.before.ok && m.after.ok
	}
	return cpu, cpu - float64(loopsNs), known, apart
}

// stats returns the work of the runtime in the window outside the loops, and the number of CPUs
// used.
func (t *team) stats() []any {
	a, b := &t.before, &t.after
	stat := func(name, unit string, ok bool, value float64) map[string]any {
		entry := map[string]any{"name": name, "unit": unit, "value": value}
		if !ok || math.IsNaN(value) || math.IsInf(value, 0) { // JSON has neither NaN nor infinity
			entry["value"] = nil
		}
		return entry
	}
	cpu, background, known, apart := t.cpuTimes()
	parked := stat("parked_estimated", "ns", a.parked >= 0, b.parked-a.parked)
	if a.parked < 0 {
		parked["reason"] = "Go 1.19 does not record it, expected 1.20 or newer"
	}
	pause := pausesBetween(&a.memory, &b.memory)
	before, after := &t.memory[0], &t.memory[1]
	all := []any{
		stat("collections", "1", true, float64(pause.collections)),
		stat("collection_pause", "ns", true, float64(pause.totalNs)),
		stat("collection_pause_longest", "ns", pause.longestNs >= 0,
			float64(pause.longestNs)),
		stat("collection_cpu_estimated", "ns", true, b.collect-a.collect),
		stat("allocations", "1", true, float64(b.memory.Mallocs-a.memory.Mallocs)),
		stat("allocated", "bytes", true,
			float64(b.memory.TotalAlloc-a.memory.TotalAlloc)),
		parked,
		stat("background_cpu", "ns", apart, background),
		stat("cores_used", "1", known, cpu/float64(t.elapsed().Nanoseconds())),
		stat("bytes", "bytes", t.liveBytes >= 0, float64(t.liveBytes)),
		stat("bytes_peak", "bytes", true, float64(after.Sys-before.Sys)),
		stat("heap_used_bytes", "bytes", true, float64(after.HeapAlloc)),
		stat("heap_held_bytes", "bytes", true, float64(after.HeapSys-after.HeapReleased))}
	add := func(name, unit string, value float64) {
		all = append(all, stat(name, unit, true, value))
	}
	if table, ok := t.table.(counted); ok {
		table.stats(add)
	}
	if t.program != nil {
		t.program.stats(add)
	}
	return all
}

func (t *team) environment() map[string]any {
	percent := os.Getenv("GOGC")
	if percent == "" {
		percent = "100"
	}
	goroutines := "wired"
	if !t.cell.wired() {
		goroutines = "free"
	}
	_, background, _, apart := t.cpuTimes()
	return map[string]any{"aslr": nil, "clock_cost_ns": t.clockCostNs,
		"clock_step_ns": t.clockStepNs,
		"go":            runtime.Version(), "gogc": percent,
		"gomaxprocs": runtime.GOMAXPROCS(0), "goroutines": goroutines,
		"process_cpus": boundTo(),
		"own_threads":  true, "own_threads_cpu_ns": valueOrNull(apart, int64(background))}
}
