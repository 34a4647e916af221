// SPDX-License-Identifier: Apache-2.0

package main

import "math/bits"

// The generators in this file produce the same numbers as runner/base/rng.h and runner/keys.h.
// tests/go/sequence.tsv checks both implementations.

// next is like rm_next() in C: wyrand.
func next(state *uint64) uint64 {
	*state += 0xa0761d6478bd642f
	high, low := bits.Mul64(*state, *state^0xe7037ed1a0b428db)
	return high ^ low
}

// seedOf is like rm_seed() in C; below, unit and scatter are like rm_below(), rm_unit() and
// rm_scatter(), and mixOf is like rm_rank_mix().
func seedOf(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func below(random, n uint64) uint64 {
	high, _ := bits.Mul64(random, n)
	return high
}

func unit(random uint64) float64 { return float64(random>>11) * 0x1p-53 }

func scatter(rank uint64) uint64 { return rank * 0x9e3779b900000001 }

// firstBits masks the bits of the scattered word that go into the first 8 bytes of a
// placed key, as in rm_key_place() in runner/keys.h.
var firstBits uint64

// place sets the bytes in which the cell's string keys differ.
func place(differs string) {
	firstBits = 0
	if differs == "middle" {
		firstBits = 0xffffffff00000000
	}
}

func mixOf(rank uint64) uint64 { return seedOf(0x726d, rank) }

// valueOf is like rm_value_of() in C: 20 bits of sequence, 12 bits of writer, 32 bits of rank.
func valueOf(rank uint64, writer int, sequence uint64) uint64 {
	return sequence<<44 | uint64(writer&0xfff)<<32 | uint64(uint32(rank))
}
