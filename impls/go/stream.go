// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// distribution of ranks: uniform, zipf:THETA, hot:KEYS%:OPERATIONS% or
// sequential. a and b are as in struct rm_cell: theta, or the two shares.
type distribution struct {
	name string
	a, b float64
}

func distributionOf(text string) (d distribution, err error) {
	parts := strings.Split(text, ":")
	d.name = parts[0]
	switch {
	case text == "uniform" || text == "sequential":
	case d.name == "zipf" && len(parts) == 2:
		d.a, err = strconv.ParseFloat(parts[1], 64)
	case d.name == "hot" && len(parts) == 3:
		if d.a, err = percent(parts[1]); err == nil {
			d.b, err = percent(parts[2])
		}
	default:
		err = fmt.Errorf("no distribution %q here", text)
	}
	return d, err
}

func percent(text string) (float64, error) {
	share, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	return share / 100, err
}

// zipf is rm_zipf_next() with what it needs: rejection-inversion.
type zipf struct{ theta, n, x1, xn, s float64 }

// integral of x^-theta, shifted so that it is stable around theta = 1.
func integral(theta, x float64) float64 {
	logX := math.Log(x)
	t := (1 - theta) * logX
	if math.Abs(t) > 1e-8 {
		return math.Expm1(t) / t * logX
	}
	return (1 + t/2) * logX
}

func inverse(theta, y float64) float64 {
	t := math.Max(y*(1-theta), -1)
	if math.Abs(t) > 1e-8 {
		return math.Exp(math.Log1p(t) / t * y)
	}
	return math.Exp((1 - t/2) * y)
}

func newZipf(n uint64, theta float64) zipf {
	return zipf{theta: theta, n: float64(n), x1: integral(theta, 1.5) - 1,
		xn: integral(theta, float64(n)+0.5),
		s:  2 - inverse(theta, integral(theta, 2.5)-math.Pow(2, -theta))}
}

func (z *zipf) next(rng *uint64) uint64 {
	for {
		u := z.xn + unit(next(rng))*(z.x1-z.xn)
		x := inverse(z.theta, u)
		k := math.Min(math.Max(math.Floor(x+0.5), 1), z.n)
		if k-x <= z.s || u >= integral(z.theta, k+0.5)-math.Pow(k, -z.theta) {
			return uint64(k) - 1
		}
	}
}

func between(rng *uint64, from, to uint64) uint64 {
	return from + below(next(rng), to-from)
}

// hotRanks is hot_ranks() of key_stream.c.
func (d *distribution) hotRanks(resident uint64) float64 {
	return math.Ceil(d.a * float64(resident) * (1 - 0x1p-50))
}

func (d *distribution) hot(resident uint64, rng *uint64) uint64 {
	edge := uint64(d.hotRanks(resident))
	if edge >= resident || unit(next(rng)) < d.b {
		return between(rng, 0, edge)
	}
	return between(rng, edge, resident)
}

// most is rm_stream_most(): the share of draws that the one drawn most has.
func (d *distribution) most(resident uint64) float64 {
	n := float64(resident)
	edge := d.hotRanks(resident)
	switch {
	case d.name == "zipf":
		z := newZipf(resident, d.a)
		return math.Min(1/(z.xn-z.x1), 1)
	case d.name == "hot" && edge < n:
		return math.Max(d.b/edge, (1-d.b)/(n-edge))
	}
	return 1 / n
}

func streamLength(threads int) int {
	length := 1 << 20
	for length > 4096 && length*threads*4 > 64<<20 {
		length /= 2
	}
	return length
}

// streamOf is rm_stream_create(): ranks drawn before the window, a power of
// two of them. Fresh: the resident ranks without the guard at their two ends.
func (d *distribution) streamOf(l *load, slot int, seed uint64) []uint32 {
	present := l.resident
	if l.span < present {
		present = l.span
	}
	rng, z := seedOf(seed, uint64(slot)), newZipf(present, d.a)
	sequential := present / uint64(l.threads) * uint64(slot)
	ranks := make([]uint32, streamLength(l.threads))
	for i := range ranks {
		switch {
		case l.span > l.resident && unit(next(&rng)) < l.misses:
			ranks[i] = uint32(between(&rng, l.resident, l.span))
		case d.name == "zipf":
			ranks[i] = uint32(z.next(&rng))
		case d.name == "hot":
			ranks[i] = uint32(d.hot(present, &rng))
		default:
			ranks[i] = uint32(sequential % present)
			sequential++
		}
	}
	return ranks
}
