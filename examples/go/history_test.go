// SPDX-License-Identifier: Apache-2.0

// Package history records a history of a map for `readmostly check --history`:
//
//	go test -count=1 history_test.go && readmostly check --history history.jsonl
//
// Copy the file, and replace lockedMap. BUG=1 injects a bug.
package history

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The tested map. Each operation returns the old or present value, and whether there was one.
type lockedMap struct {
	mu      sync.RWMutex
	entries map[uint64]uint64
}

func (m *lockedMap) lookup(key uint64) (uint64, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	value, present := m.entries[key]
	return value, present
}

// With the bug, it looks the key up under the shared lock, and writes later.
func (m *lockedMap) exchange(key, value uint64) (uint64, bool) {
	old, present := m.lookup(key)
	runtime.Gosched()
	m.mu.Lock()
	defer m.mu.Unlock()
	if os.Getenv("BUG") == "" {
		old, present = m.entries[key]
	}
	m.entries[key] = value
	return old, present
}

func (m *lockedMap) take(key uint64) (uint64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, present := m.entries[key]
	delete(m.entries, key)
	return old, present
}

const threads, operations = 8, 2000 // operations of each thread

var clock uint64

// One operation. Value 0: the operation has none. It becomes text only after the run, because
// formatting between operations would make them overlap less often.
type event struct {
	op                                    string
	thread, key, value, invoked, returned uint64
	result                                uint64
	present                               bool
}

func (e *event) line() string {
	values := ""
	if e.value != 0 {
		values = fmt.Sprintf(`,"value":%d`, e.value)
	}
	if e.present {
		values += fmt.Sprintf(`,"result":%d`, e.result)
	}
	return fmt.Sprintf(`{"thread":%d,"op":%q,"key":%d%s,"invoked":%d,"returned":%d,"there":%t}`+"\n",
		e.thread, e.op, e.key, values, e.invoked, e.returned, e.present)
}

func work(m *lockedMap, thread, keys uint64, random *rand.Rand) []event {
	events := make([]event, operations)
	for i := range events {
		e := &events[i]
		*e = event{op: []string{"lookup", "exchange", "take"}[random.Intn(3)], thread: thread,
			key: random.Uint64() % keys}
		e.invoked = atomic.AddUint64(&clock, 1)
		switch e.op {
		case "lookup":
			e.result, e.present = m.lookup(e.key)
		case "exchange":
			e.value = thread*operations + uint64(i) + 1 // each value is written once
			e.result, e.present = m.exchange(e.key, e.value)
		case "take":
			e.result, e.present = m.take(e.key)
		}
		e.returned = atomic.AddUint64(&clock, 1)
	}
	return events
}

// Makes the kernel stop the other threads at random places.
func disturb(stopped *uint32) {
	for atomic.LoadUint32(stopped) == 0 {
		time.Sleep(50 * time.Microsecond)
		for begun := time.Now(); time.Since(begun) < 50*time.Microsecond; {
		}
	}
}

func TestHistory(t *testing.T) {
	seed := time.Now().UnixNano() // each run performs other operations
	keys := uint64(3)
	if seed/1000%2 == 0 {
		keys = 60 // so that tables grow
	}
	m, events, group := &lockedMap{entries: map[uint64]uint64{}}, [threads][]event{}, sync.WaitGroup{}
	var stopped uint32
	disturbers := runtime.NumCPU()
	runtime.GOMAXPROCS(threads + disturbers) // so that the kernel switches, not Go's scheduler
	for i := 0; i < disturbers; i++ {
		go disturb(&stopped)
	}
	group.Add(threads)
	for thread := range events {
		go func(thread int) {
			events[thread] = work(m, uint64(thread), keys, rand.New(rand.NewSource(seed+int64(thread))))
			group.Done()
		}(thread)
	}
	group.Wait()
	atomic.StoreUint32(&stopped, 1)
	var text strings.Builder
	text.WriteString(`{"format":"readmostly-history","version":1,"guarantee":"none","stamps":"sequence"}` + "\n")
	for _, one := range events {
		for i := range one {
			text.WriteString(one[i].line())
		}
	}
	if err := os.WriteFile("history.jsonl", []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
