// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"runtime/trace"
	"strconv"
)

// traceVariable names the file into which the window is traced, for `go tool
// trace`. A trace of Go's runtime has no event of a map: each operation is a
// region of this program's own, by which the tool filters.
const traceVariable = "READMOSTLY_GO_TRACE"

// traced runs each operation of a table in a region, after a log of its number:
// SLOT.N, the N-th of a thread. A worker's operations are one task.
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

// traceInto traces what the members do until the returned function is called;
// without a path nothing. A file that cannot be written makes the trial void.
func (t *team) traceInto(path string) (stop func()) {
	if path == "" {
		return func() {}
	}
	t.traced = "traced into " + path + ": what is instrumented is not timed"
	file, err := os.Create(path)
	if err == nil {
		err = trace.Start(file)
	}
	if err != nil {
		t.traced = traceVariable + ": " + err.Error()
		return func() {}
	}
	plain := t.table
	all := &traced{plain, make([]traceable, len(t.members))}
	for i := range all.workers {
		all.workers[i].task, _ = trace.NewTask(context.Background(), "worker "+strconv.Itoa(i))
	}
	t.use(all)
	return func() {
		trace.Stop()
		if err := file.Close(); err != nil {
			t.traced = traceVariable + ": " + err.Error()
		}
		t.use(plain)
	}
}
