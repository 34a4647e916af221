// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"syscall"
	"unsafe"
)

// The buckets are those of runner/base/histogram.h. tests/go/arrivals.tsv checks both
// implementations.
const (
	halfBits        = 10
	histogramHalf   = 1 << halfBits
	histogramMax    = 1<<41 - 1 // ns: 36 minutes
	histogramLength = (41 - halfBits + 1) * histogramHalf
)

// histogram of latencies in ns. It has no pointers and is stored outside Go's heap.
type histogram struct {
	count, min, max, saturated uint64
	sum                        float64
	counts                     [histogramLength]uint64
}

// outside allocates n zeroed values without pointers outside Go's heap. On Go's heap they would
// enlarge the heap, so that garbage is collected less often during the trial. A page takes memory
// only once it is touched.
func outside[T any](n int) []T {
	var one T
	bytes, err := syscall.Mmap(-1, 0, n*int(unsafe.Sizeof(one)),
		syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		fmt.Fprintln(os.Stderr, "no memory for the latencies:", err)
		os.Exit(3)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&bytes[0])), n)
}

// touch writes to each page of values from outside(), so that later writes cause no page
// faults.
func touch[T any](values []T) {
	if len(values) == 0 {
		return
	}
	n := len(values) * int(unsafe.Sizeof(values[0]))
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), n)
	for i := 0; i < n; i += 4096 { // smallest page size of any machine
		bytes[i] = 0
	}
	bytes[n-1] = 0
}

// bucketOf is like rm_histogram_index() in C; lowOf is like rm_histogram_low().
func bucketOf(value uint64) int {
	if value > histogramMax {
		value = histogramMax
	}
	shift := bits.Len64(value|(2*histogramHalf-1)) - halfBits - 1
	return shift<<halfBits + int(value>>shift)
}

func lowOf(bucket int) uint64 {
	if bucket < 2*histogramHalf {
		return uint64(bucket)
	}
	return uint64(bucket%histogramHalf+histogramHalf) << (bucket>>halfBits - 1)
}

func highOf(bucket int) uint64 { return lowOf(bucket+1) - 1 }

func (h *histogram) record(value uint64) {
	if value > histogramMax {
		h.saturated++
		value = histogramMax
	}
	h.counts[bucketOf(value)]++
	h.sum += float64(value)
	h.extend(value, value)
	h.count++
}

// extend extends the range of values. It must be called before count is incremented, since the
// first value sets min.
func (h *histogram) extend(min, max uint64) {
	if h.count == 0 || min < h.min {
		h.min = min
	}
	if max > h.max {
		h.max = max
	}
}

// add records a value that is known only by its bucket.
func (h *histogram) add(bucket int) {
	h.counts[bucket]++
	h.extend(lowOf(bucket), highOf(bucket))
	h.count++
}

func (h *histogram) merge(from *histogram) {
	if from.count == 0 {
		return
	}
	for i := bucketOf(from.min); i <= bucketOf(from.max); i++ {
		h.counts[i] += from.counts[i]
	}
	h.extend(from.min, from.max)
	h.count += from.count
	h.saturated += from.saturated
	h.sum += from.sum
}

// clear touches only pages that contain values.
func (h *histogram) clear() {
	for i := bucketOf(h.min); h.count > 0 && i <= bucketOf(h.max); i++ {
		h.counts[i] = 0
	}
	h.count, h.min, h.max, h.saturated, h.sum = 0, 0, 0, 0, 0
}

// quantile is like rm_histogram_quantile() in C.
func (h *histogram) quantile(share float64) uint64 {
	wanted := uint64(math.Max(1, math.Ceil(share*float64(h.count))))
	seen := uint64(0)
	for i := range h.counts {
		if seen += h.counts[i]; seen >= wanted {
			if high := highOf(i); high < h.max {
				return high
			}
			break
		}
	}
	return h.max
}
