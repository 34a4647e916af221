// SPDX-License-Identifier: Apache-2.0

package main

import "math"

// Constants for Zipf and hot draws, as in runner/skew.h and runner/trial/key_stream.c.
const (
	skewBits   = 10
	skewRanges = 1 << skewBits
	skewUnit   = 1 << (32 - skewBits)
	absent     = skewRanges - 1 // number of the range of absent ranks
)

type skew struct {
	split   [skewRanges]uint32
	start   [skewRanges + 1]uint32
	key     [3]uint64 // used for the permutation, like mask and shift
	mask    uint64
	shift   uint
	present uint64
	weight  [skewRanges]uint64
}

// rank is like rm_skew_rank() in C.
func (s *skew) rank(y uint64) uint64 {
	i := y >> (64 - skewBits)
	split := s.split[i]
	if y>>32&(skewUnit-1) >= uint64(split>>skewBits) {
		i = uint64(split & (skewRanges - 1))
	}
	from := uint64(s.start[i])
	return from + uint64(uint32(y))*(uint64(s.start[i+1])-from)>>32
}

func (s *skew) round(at uint64, round int, odd uint64) uint64 {
	at = (at ^ s.key[round]) * odd & s.mask
	return at ^ at>>(s.shift&63)
}

// keyOf is like rm_skew_key() in C.
func (s *skew) keyOf(rank uint64) uint64 {
	if rank >= s.present {
		return rank
	}
	at := rank
	for {
		at = s.round(at, 0, 0x9e3779b97f4a7c15)
		at = s.round(at, 1, 0xbf58476d1ce4e5b9)
		at = s.round(at, 2, 0x94d049bb133111eb)
		if at < s.present {
			return at
		}
	}
}

func (s *skew) draw(rng *uint64) uint64 { return s.keyOf(s.rank(next(rng))) }

// skewOf is like rm_skew_init() in C; it returns nil for other distributions.
func (d *distribution) skewOf(l *load, seed uint64) *skew {
	s, mass := &skew{present: l.present()}, [skewRanges]float64{}
	switch d.name {
	case "zipf":
		s.setZipf(d.a, &mass)
	case "hot":
		s.setHot(d, &mass)
	default:
		return nil
	}
	absentShare := 0.0
	s.start[skewRanges] = uint32(s.present)
	if l.span > l.resident {
		absentShare, s.start[skewRanges] = l.misses, uint32(l.span)
	}
	s.setWeights(absentShare, &mass)
	s.setSplits()
	s.permute(seed)
	return s
}

func (s *skew) setRanges(steepness uint64) bool {
	i, from := 0, uint64(0)
	for ; i < absent && from < s.present; i++ {
		s.start[i] = uint32(from)
		from = min64(from+max64(from/steepness, 1), s.present)
	}
	for ; i <= absent; i++ {
		s.start[i] = uint32(s.present)
	}
	return from == s.present
}

func (s *skew) setZipf(theta float64, mass *[skewRanges]float64) {
	for steepness := uint64(skewRanges); !s.setRanges(steepness); {
		steepness = steepness * 15 / 16
	}
	for i := 0; i < absent; i++ {
		from, to := s.start[i], s.start[i+1]
		if to-from == 1 {
			mass[i] = math.Pow(float64(to), -theta)
		} else if to > from {
			mass[i] = integral(theta, float64(to)+0.5) -
				integral(theta, float64(from)+0.5)
		}
	}
}

func (s *skew) setHot(d *distribution, mass *[skewRanges]float64) {
	n := float64(s.present)
	edge := math.Min(math.Ceil(d.a*n*(1-0x1p-50)), n)
	for i := 1; i <= absent; i++ {
		s.start[i] = uint32(n)
	}
	s.start[1] = uint32(edge)
	mass[0] = 1
	if edge < n {
		mass[0] = d.b
	}
	mass[1] = 1 - mass[0]
}

func (s *skew) setWeights(absentShare float64, mass *[skewRanges]float64) {
	s.weight[absent] = uint64(math.Floor(absentShare*0x1p32 + 0.5))
	left := 1<<32 - s.weight[absent]
	whole, sum, heaviest := float64(left), 0.0, 0
	for i := 0; i < absent; i++ {
		sum += mass[i]
		if mass[i] > mass[heaviest] {
			heaviest = i
		}
	}
	for i := 0; i < absent; i++ {
		s.weight[i] = uint64(math.Floor(mass[i]/sum*whole + 0.5))
		left -= s.weight[i]
	}
	s.weight[heaviest] += left
}

func (s *skew) setSplits() {
	weight := s.weight
	var light, heavy []uint32
	for i := range weight {
		s.split[i] = uint32(i)
		if weight[i] < skewUnit {
			light = append(light, uint32(i))
		} else {
			heavy = append(heavy, uint32(i))
		}
	}
	for len(light) > 0 {
		i, from := light[len(light)-1], heavy[len(heavy)-1]
		light = light[:len(light)-1]
		s.split[i] = uint32(weight[i])<<skewBits | from
		weight[from] -= skewUnit - weight[i]
		if weight[from] < skewUnit {
			heavy = heavy[:len(heavy)-1]
			light = append(light, from)
		}
	}
}

func (s *skew) permute(seed uint64) {
	bits := uint(0)
	for 1<<bits < s.present {
		bits++
	}
	s.mask, s.shift = 1<<bits-1, (bits+1)/2
	for round := range s.key {
		s.key[round] = seedOf(seed, uint64(round)) & s.mask
	}
}

func min64(a, b uint64) uint64 {
	if a < b {
		return a
	}
	return b
}

func max64(a, b uint64) uint64 {
	if a > b {
		return a
	}
	return b
}
