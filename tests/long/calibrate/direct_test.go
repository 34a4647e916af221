// SPDX-License-Identifier: Apache-2.0

// Package calibrate repeats the benchmark LoadMostlyHits of sync.Map in our own
// loops. Direct calls the type directly, not through the interface that several maps implement.
// Plain also counts iterations itself; the original calls testing.PB after each lookup.
package calibrate

import (
	"sync"
	"testing"
)

const present, asked = 1023, 1024

// filled returns a map whose keys are all in the part that is read without a lock.
func filled() *sync.Map {
	m := new(sync.Map)
	for i := 0; i < present; i++ {
		m.Store(i, i)
	}
	for i := 0; i < 2*present; i++ {
		m.Load(-1) // a miss; enough misses promote the keys
	}
	return m
}

func judge(b *testing.B, found int) {
	if found >= asked {
		b.Error("a value that was never stored")
	}
}

func BenchmarkDirect(b *testing.B) {
	m := filled()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		found := 0
		for i := 0; pb.Next(); i++ {
			if value, ok := m.Load(i % asked); ok {
				found |= value.(int)
			}
		}
		judge(b, found)
	})
}

func BenchmarkPlain(b *testing.B) {
	m := filled()
	b.ResetTimer()
	found := 0
	for i := 0; i < b.N; i++ {
		if value, ok := m.Load(i % asked); ok {
			found |= value.(int)
		}
	}
	judge(b, found)
}
