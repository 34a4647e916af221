// SPDX-License-Identifier: Apache-2.0

// Package calibrate repeats orcaman's benchmark MultiGetSame in our own loops. Plain looks up in one
// goroutine: the original starts one for ten lookups. Key has keys of 16 bytes, made from a number for each
// lookup, and values of 8 bytes, which are used.
package calibrate

import (
	"encoding/binary"
	"testing"
	"unsafe"

	cmap "github.com/orcaman/concurrent-map/v2"
)

func BenchmarkPlain(b *testing.B) {
	m := cmap.New[string]()
	m.Set("key", "value")
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		for range 10 {
			m.Get("key")
		}
	}
}

func BenchmarkKey(b *testing.B) {
	m, wrong := cmap.New[uint64](), uint64(0)
	var line [16]byte
	m.Set(string(line[:]), 0)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		for range 10 {
			rank := wrong // 0; the compiler does not know it
			binary.LittleEndian.PutUint64(line[:], rank*0x9e3779b900000001)
			binary.LittleEndian.PutUint64(line[8:], rank)
			value, found := m.Get(unsafe.String(&line[0], len(line)))
			if !found {
				b.Fatal("a key that was stored is missing")
			}
			wrong |= value ^ rank
		}
	}
	if wrong != 0 {
		b.Error("a value that was never stored")
	}
}
