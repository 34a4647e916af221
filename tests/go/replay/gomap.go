// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"unsafe"
)

// header is the header of a native map in Go 1.0 to 1.23.
type header struct {
	count      int
	flags      uint8
	log2       uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
	nevacuate  uintptr
	extra      unsafe.Pointer
}

const (
	slots    = 8
	sameSize = 8 // a bit of header.flags
	emptyOne = 1
	live     = 5 // lowest tophash of an entry
)

//go:linkname memhash64 runtime.memhash64
func memhash64(p unsafe.Pointer, seed uintptr) uintptr

//go:linkname strhash runtime.strhash
func strhash(p unsafe.Pointer, seed uintptr) uintptr

// kind has the functions that make, hash and read keys of one type.
type kind[K comparable] struct {
	of   func(rank uint64) K
	hash func(key unsafe.Pointer, seed uintptr) uintptr
	word func(key K) uint64
}

var words = kind[uint64]{wordOf, memhash64, func(key uint64) uint64 { return key }}
var texts = kind[string]{textOf, strhash, wordIn}

// bucket has the layout of a bucket of a native map.
type bucket[K comparable] struct {
	tophash  [slots]uint8
	keys     [slots]K
	values   [slots]uint64
	overflow *bucket[K]
}

func bucketAt[K comparable](array unsafe.Pointer, i uint64) *bucket[K] {
	return (*bucket[K])(unsafe.Add(array, i*uint64(unsafe.Sizeof(bucket[K]{}))))
}

func headerOf[K comparable](m map[K]uint64) *header {
	return *(**header)(unsafe.Pointer(&m))
}

func bit(set bool) uint64 {
	if set {
		return 1
	}
	return 0
}

// chain adds every slot of a chain to the digest: its state, key and value.
func chain[K comparable](k *kind[K], digest uint64, b *bucket[K]) uint64 {
	for ; b != nil; b = b.overflow {
		for i := range b.tophash {
			digest = seed(digest, uint64(b.tophash[i]))
			if b.tophash[i] >= live {
				digest = seed(digest, k.word(b.keys[i]))
				digest = seed(digest, b.values[i])
			}
		}
	}
	return digest
}

// layout returns a digest of all entries with their places. For an old bucket
// that was moved, it covers only this fact.
func layout[K comparable](k *kind[K], h *header) (digest uint64) {
	if h.buckets == nil {
		return 0
	}
	size := uint64(1) << h.log2
	for i := uint64(0); i < size; i++ {
		digest = chain(k, digest, bucketAt[K](h.buckets, i))
	}
	if h.oldbuckets == nil {
		return digest
	}
	if h.flags&sameSize == 0 {
		size /= 2
	}
	for i := uint64(0); i < size; i++ {
		b := bucketAt[K](h.oldbuckets, i)
		if top := b.tophash[0]; top > emptyOne && top < live {
			digest = seed(digest, 2)
		} else {
			digest = chain(k, digest, b)
		}
	}
	return digest
}

// hashes prints the seed, and the low 16 and the top 8 bits of the hash of every
// key. These suffice for a map of fewer than 2^16 buckets.
func hashes[K comparable](t *trace, k *kind[K], hash0 uint32, log *logger) {
	for rank := 0; rank < t.keys; rank++ {
		if rank%1000 == 0 {
			if rank > 0 {
				log.out.WriteByte('\n')
			}
			fmt.Fprintf(log.out, "h %08x %d ", hash0, rank)
		}
		key := k.of(uint64(rank))
		hash := uint64(k.hash(unsafe.Pointer(&key), uintptr(hash0)))
		fmt.Fprintf(log.out, "%06x", hash>>56<<16|hash&0xffff)
	}
	log.out.WriteByte('\n')
}

func playNative(t *trace, log *logger) {
	if t.key == "string" {
		playNativeOf(t, &texts, log)
	} else {
		playNativeOf(t, &words, log)
	}
}

// playNativeOf logs after each step: count, B, noverflow, nevacuate, whether the
// map is growing and to the same size, the number of seeds, layout() and the
// results of operations.
func playNativeOf[K comparable](t *trace, k *kind[K], log *logger) {
	m := make(map[K]uint64, t.hint)
	h := headerOf(m)
	var seeds, inside, results uint64
	hash0 := h.hash0
	hashes(t, k, hash0, log)
	for i := range t.steps {
		results = doNative(m, k, &t.steps[i], results)
		n := i + 1
		if n%t.deep == 0 {
			inside = layout(k, h)
		}
		drawn := h.hash0 != hash0
		if drawn {
			hash0 = h.hash0
			seeds++
		}
		log.state(n, []uint64{uint64(h.count), uint64(h.log2),
			uint64(h.noverflow), uint64(h.nevacuate),
			bit(h.oldbuckets != nil), bit(h.flags&sameSize != 0),
			seeds, inside, results}, drawn)
		if drawn && n < len(t.steps) {
			hashes(t, k, hash0, log)
		}
	}
}

func doNative[K comparable](m map[K]uint64, k *kind[K], s *step, results uint64) uint64 {
	key := k.of(s.rank)
	got, ok := uint64(0), false
	switch s.operation {
	case load:
		got, ok = m[key]
	case store:
		m[key] = s.value
	case remove:
		delete(m, key)
	case visit:
		for key, value := range m {
			got += seed(k.word(key), value)
		}
	case clearAll:
		for key := range m { // the compiler replaces this loop by a clear of the whole map
			delete(m, key)
		}
	}
	return result(results, got, ok)
}

// playNil logs length and results. If an operation panics, it first logs the
// message.
func playNil(t *trace, log *logger) {
	var m map[uint64]uint64
	var results uint64
	for i := range t.steps {
		results = doNil(m, &t.steps[i], results, log)
		log.state(i+1, []uint64{uint64(len(m)), results}, true)
	}
}

func doNil(m map[uint64]uint64, s *step, results uint64, log *logger) uint64 {
	defer func() {
		if said := recover(); said != nil {
			fmt.Fprintf(log.out, "n panic: %v\n", said)
		}
	}()
	return doNative(m, &words, s, results)
}

// playGrowth logs the counts at which B changes. These do not depend on hashes.
func playGrowth(t *trace, log *logger) {
	m := make(map[uint64]uint64, t.hint)
	h := headerOf(m)
	log2 := h.log2
	log.state(0, []uint64{0, uint64(log2)}, true)
	for i := range t.steps {
		m[wordOf(t.steps[i].rank)] = t.steps[i].value
		if h.log2 != log2 || i+1 == len(t.steps) {
			log2 = h.log2
			log.state(i+1, []uint64{uint64(h.count), uint64(log2)}, true)
		}
	}
}
