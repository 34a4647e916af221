// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
)

// traceVariable names the file into which the window is traced, for `go tool trace`. Go's traces
// have no events of maps, so each operation is a region, by which the tool can filter.
const traceVariable = "READMOSTLY_GO_TRACE"

// profileVariable names the file for samples of the window, for `go tool pprof`.
const profileVariable = "READMOSTLY_GO_PROFILE"

// traced runs each operation of a table in a region, after it has logged the number of the
// operation: SLOT.N for the N-th operation of a thread. A worker's operations are one task.
type traced struct {
	table
	workers []traceable
}

type traceable struct {
	task   context.Context
	number uint64
}

func (m *traced) during(w *worker, what string, operation func()) {
	of := &m.workers[w.slot]
	of.number++
	trace.Log(of.task, "request", strconv.Itoa(w.slot)+"."+strconv.FormatUint(of.number, 10))
	trace.WithRegion(of.task, what, operation)
}

func (m *traced) batch(w *worker) { runDrawn(m, w) }

func (m *traced) lookup(w *worker, rank uint64) (value uint64, wasThere bool) {
	m.during(w, "lookup", func() { value, wasThere = m.table.lookup(w, rank) })
	return value, wasThere
}

func (m *traced) upsert(w *worker, rank, value uint64, old *uint64) (wasThere bool) {
	m.during(w, "insert", func() { wasThere = m.table.upsert(w, rank, value, old) })
	return wasThere
}

func (m *traced) remove(w *worker, rank uint64, old *uint64) (wasThere bool) {
	m.during(w, "remove", func() { wasThere = m.table.remove(w, rank, old) })
	return wasThere
}

func (t *team) use(table table) {
	t.table = table
	for i := range t.members {
		t.members[i].worker.table = table
	}
}

// record writes the output of `start` to the file that the environment variable names, until the
// returned function is called. If the variable is not set, it records nothing. If the file cannot
// be written, the trial is void.
func (t *team) record(variable string, start func(io.Writer) error, stop func()) (end func(), begun bool) {
	path := os.Getenv(variable)
	if path == "" {
		return func() {}, false
	}
	t.traced = "recorded into " + path + ": instrumented operations are not timed"
	file, err := os.Create(path)
	if err == nil {
		err = start(file)
	}
	if err != nil {
		t.traced = variable + ": " + err.Error()
		return func() {}, false
	}
	return func() {
		stop()
		if err := file.Close(); err != nil {
			t.traced = variable + ": " + err.Error()
		}
	}, true
}

// profileWindow samples the stacks of all goroutines, for runner/flamegraph.sh.
func (t *team) profileWindow() (stop func()) {
	stop, _ = t.record(profileVariable, pprof.StartCPUProfile, pprof.StopCPUProfile)
	return stop
}

// traceWindow traces the members until the returned function is called.
func (t *team) traceWindow() (stop func()) {
	end, begun := t.record(traceVariable, trace.Start, trace.Stop)
	if !begun {
		return end
	}
	plain := t.table
	all := &traced{plain, make([]traceable, len(t.members))}
	for i := range all.workers {
		all.workers[i].task, _ = trace.NewTask(context.Background(), "worker "+strconv.Itoa(i))
	}
	t.use(all)
	return func() {
		end()
		t.use(plain)
	}
}
