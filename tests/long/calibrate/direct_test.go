// SPDX-License-Identifier: Apache-2.0

// Package calibrate asks sync.Map what its project's own benchmark of look-ups
// that mostly hit does, in loops of our own: Direct by the type itself, where
// theirs asks through an interface of several maps; Plain counts for itself,
// too, where theirs asks testing.PB after each look-up.
package calibrate

import (
	"sync"
	"testing"
)

const present, asked = 1023, 1024

// filled has all keys in the part of the map that is read without its lock.
func filled() *sync.Map {
	m := new(sync.Map)
	for i := 0; i < present; i++ {
		m.Store(i, i)
	}
	for i := 0; i < 2*present; i++ {
		m.Load(-1) // a miss: so many of them make the map move its keys
	}
	return m
}

func judge(b *testing.B, found int) {
	if found >= asked {
		b.Error("a value that nobody stored")
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
