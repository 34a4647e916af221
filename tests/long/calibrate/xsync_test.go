// SPDX-License-Identifier: Apache-2.0

// Package calibrate repeats xsync's benchmark MapInt_WarmUp, reads=100%, in our own loops. Draw draws
// as this suite does: the original draws twice, with the generator of Go's runtime. Plain counts iterations
// itself and calls the type directly. Key looks up our keys, and Use uses what is found.
package calibrate

import (
	"math/bits"
	"testing"

	"github.com/puzpuzpuz/xsync/v4"
)

const present = 1000

func filled(key func(uint64) uint64) *xsync.Map[uint64, uint64] {
	m := xsync.NewMap[uint64, uint64](xsync.WithPresize(present))
	for i := uint64(0); i < present; i++ {
		m.Store(key(i), i)
	}
	return m
}

func itself(rank uint64) uint64 { return rank }

func scatter(rank uint64) uint64 { return rank * 0x9e3779b900000001 }

func draw(state *uint64) uint64 {
	*state += 0xa0761d6478bd642f
	high, low := bits.Mul64(*state, *state^0xe7037ed1a0b428db)
	rank, _ := bits.Mul64(high^low, present)
	return rank
}

func BenchmarkDraw(b *testing.B) {
	m := filled(itself)
	load := func(key uint64) (uint64, bool) { return m.Load(key) }
	b.ResetTimer()
	drawn(b, load)
}

//go:noinline
func drawn(b *testing.B, load func(uint64) (uint64, bool)) {
	b.RunParallel(func(pb *testing.PB) {
		state := uint64(1)
		for pb.Next() {
			load(draw(&state))
		}
	})
}

func BenchmarkPlain(b *testing.B) {
	m, state := filled(itself), uint64(1)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		m.Load(draw(&state))
	}
}

func BenchmarkKey(b *testing.B) {
	m, state := filled(scatter), uint64(1)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		m.Load(scatter(draw(&state)))
	}
}

func BenchmarkUse(b *testing.B) {
	m, state, wrong := filled(scatter), uint64(1), uint64(0)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		rank := draw(&state)
		value, found := m.Load(scatter(rank))
		if !found {
			b.Fatal("a key that was stored is missing")
		}
		wrong |= value ^ rank
	}
	if wrong != 0 {
		b.Error("a value that was never stored")
	}
}
