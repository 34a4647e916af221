// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// distribution describes how ranks are drawn: uniform, zipf:THETA, hot:KEYS%:OPERATIONS% or
// sequential. As in struct rm_cell, a and b are theta, or the two shares.
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
		err = fmt.Errorf("unknown distribution %q", text)
	}
	return d, err
}

func percent(text string) (float64, error) {
	share, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	return share / 100, err
}

// integral returns the integral of x^-theta, shifted so that it is stable around theta = 1.
func integral(theta, x float64) float64 {
	logX := math.Log(x)
	t := (1 - theta) * logX
	if math.Abs(t) > 1e-8 {
		return math.Expm1(t) / t * logX
	}
	return (1 + t/2) * logX
}

func streamLength(l *load) int {
	length := 1 << 20
	for length > 4096 && length*l.threads*4 > 64<<20 {
		length /= 2
	}
	for length < 1<<30 && uint64(length*l.threads) < l.span {
		length *= 2
	}
	return length
}

// streamOf is like rm_stream_create() in C. It returns the ranks of a sequential cell; their number
// is a power of two. If writes are fresh, they are the resident ranks without the guard at both
// ends.
func streamOf(l *load, slot int, seed uint64) []uint32 {
	present := l.present()
	rng := seedOf(seed, uint64(slot))
	sequential := present / uint64(l.threads) * uint64(slot)
	ranks := make([]uint32, streamLength(l))
	for i := range ranks {
		if l.span > l.resident && unit(next(&rng)) < l.misses {
			ranks[i] = uint32(l.resident + below(next(&rng), l.span-l.resident))
			continue
		}
		ranks[i] = uint32(sequential % present)
		sequential++
	}
	return ranks
}
