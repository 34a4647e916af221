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

const threads, keys, operations = 4, 3, 4000 // operations of each thread

var clock uint64

func work(m *lockedMap, thread uint64) string {
	var lines strings.Builder
	random := rand.New(rand.NewSource(int64(thread)))
	for i := uint64(1); i <= operations; i++ {
		key, value := uint64(random.Intn(keys)), thread*operations+i // each value is written once
		op, argument := []string{"lookup", "exchange", "take"}[random.Intn(3)], ""
		var result uint64
		var present bool
		invoked := atomic.AddUint64(&clock, 1)
		switch op {
		case "lookup":
			result, present = m.lookup(key)
		case "exchange":
			result, present = m.exchange(key, value)
			argument = fmt.Sprintf(`,"value":%d`, value)
		case "take":
			result, present = m.take(key)
		}
		returned := atomic.AddUint64(&clock, 1)
		if present {
			argument += fmt.Sprintf(`,"result":%d`, result)
		}
		fmt.Fprintf(&lines, `{"thread":%d,"op":%q,"key":%d%s,"invoked":%d,"returned":%d,"there":%t}`+"\n",
			thread, op, key, argument, invoked, returned, present)
	}
	return lines.String()
}

func TestHistory(t *testing.T) {
	m, lines, group := &lockedMap{entries: map[uint64]uint64{}}, [threads]string{}, sync.WaitGroup{}
	group.Add(threads)
	for thread := range lines {
		go func(thread int) {
			lines[thread] = work(m, uint64(thread))
			group.Done()
		}(thread)
	}
	group.Wait()
	text := `{"format":"readmostly-history","version":1,"guarantee":"none","stamps":"sequence"}` + "\n" +
		strings.Join(lines[:], "")
	if err := os.WriteFile("history.jsonl", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
