// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"strings"
)

// operations are the letters of tests/go/trace.h, in the same order.
const operations = "LSDRZOTWCX"

const (
	load = iota
	store
	remove
	visit
	clearAll
	loadOrStore
	loadAndDelete
	swap
	compareAndSwap
	compareAndDelete
)

type step struct {
	operation, rank, value, expected uint64
}

type trace struct {
	name, set, key          string
	keys, count, hint, deep int
	steps                   []step
}

// readTrace reads one trace. It returns io.EOF at the end of the input.
func readTrace(in *bufio.Reader) (*trace, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	t := &trace{}
	if _, err := fmt.Sscanf(line, "trace %s %s %s %d %d %d %d", &t.name, &t.set,
		&t.key, &t.keys, &t.count, &t.hint, &t.deep); err != nil {
		return nil, fmt.Errorf("%q: %v, expected a trace's first line", line, err)
	}
	if players[t.set] == nil {
		return nil, fmt.Errorf("%s: unknown set %s", t.name, t.set)
	}
	t.steps = make([]step, t.count)
	for i := range t.steps {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, fmt.Errorf("%s: step %d: %v", t.name, i+1, err)
		}
		t.steps[i] = parseStep(line)
	}
	return t, nil
}

// parseStep reads a letter and three decimal numbers.
func parseStep(line []byte) step {
	numbers := [3]uint64{}
	at := -1
	for _, c := range line[1:] {
		if c >= '0' && c <= '9' {
			numbers[at] = numbers[at]*10 + uint64(c-'0')
		} else {
			at++
		}
	}
	return step{uint64(strings.IndexByte(operations, line[0])), numbers[0],
		numbers[1], numbers[2]}
}

// digest returns the digest of all steps, which trace_next() in trace.h computes
// in the same way.
func (t *trace) digest() (digest uint64) {
	for _, s := range t.steps {
		digest = seed(digest, s.operation)
		digest = seed(digest, s.rank)
		digest = seed(digest, s.value)
		digest = seed(digest, s.expected)
	}
	return digest
}

// seed equals rm_seed() in runner/base/rng.h.
func seed(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// wordOf returns the uint64 key of a rank, like rm_scatter() in runner/keys.h.
func wordOf(rank uint64) uint64 {
	return rank * 0x9e3779b900000001
}

// textOf returns the string key of a rank, like rm_key_of() in runner/keys.h.
func textOf(rank uint64) string {
	var bytes [16]byte
	binary.LittleEndian.PutUint64(bytes[:], wordOf(rank))
	binary.LittleEndian.PutUint64(bytes[8:], rank)
	return string(bytes[:])
}

// wordIn returns the first word of a string key.
func wordIn(text string) uint64 {
	return binary.LittleEndian.Uint64([]byte(text[:8]))
}

// result adds the result of an operation to the digest of results.
func result(results, value uint64, ok bool) uint64 {
	if ok {
		return seed(results, value<<1|1)
	}
	return seed(results, value<<1)
}
