// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/bits"
	"unsafe"
)

// long values have 8, 24, 64, 256 or 1,024 bytes (docs/adr/0030), each length a type. All words are
// functions of word 0, so a table exchanges only that word with callers and checks the others
// itself.
type long interface {
	[1]uint64 | [3]uint64 | [8]uint64 | [32]uint64 | [128]uint64
}

// key is the type of a key, as worker.view or worker.storedKey makes it.
type key interface{ uint64 | string }

// viewOf is worker.view for strings and scatter for words.
func viewOf[K key](w *worker, rank uint64) (made K) {
	switch at := any(&made).(type) {
	case *uint64:
		*at = scatter(rank)
	case *string:
		*at = w.view(rank)
	}
	return made
}

// storedKeyOf is worker.storedKey for strings and scatter for words.
func storedKeyOf[K key](w *worker, rank uint64) (made K) {
	switch at := any(&made).(type) {
	case *uint64:
		*at = scatter(rank)
	case *string:
		*at = w.storedKey(rank)
	}
	return made
}

// longOf returns the value whose word 0 is given.
func longOf[V long](word uint64) (value V) {
	lengthen(wordsOf(&value), word)
	return value
}

func wordsOf[V long](value *V) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(value)),
		unsafe.Sizeof(*value)/8)
}

const wordStep = 0x9e3779b97f4a7c15 // the constant of rm_value_word()

// lengthen is like rm_value_long() in C.
func lengthen(words []uint64, word uint64) {
	words[0] = word
	if len(words) == 1 {
		return
	}
	words[1] = ^word
	next := bits.RotateLeft64(word, 21)
	for i := 2; i < len(words); i++ {
		words[i] = next
		next += wordStep
	}
}

// longMismatch is like rm_value_errors() in C. It returns 0 if the value was written for the rank
// and all its words by the same write.
func longMismatch(words []uint64, rank uint64) uint64 {
	word := words[0]
	wrong := rankMismatch(word, rank) | words[1] ^ ^word
	next := bits.RotateLeft64(word, 21)
	for i := 2; i < len(words); i++ {
		wrong |= words[i] ^ next
		next += wordStep
	}
	return wrong
}

// copyMismatch is longMismatch for a copy. Since it does not take the address of the caller's
// value, a one-word value stays in a register.
func copyMismatch[V long](value V, rank uint64) uint64 {
	return longMismatch(wordsOf(&value), rank)
}

// checkWord checks a value that was found and returns its word 0.
func checkWord[V long](w *worker, rank uint64, value *V) uint64 {
	w.wrong |= rankMismatch((*value)[0], rank)
	if len(*value) > 1 {
		w.wrong |= longMismatch(wordsOf(value), rank)
	}
	return (*value)[0]
}

// checkLookup returns the result of a lookup after a check of its value.
func checkLookup[V long](w *worker, rank uint64, value *V, ok bool) (uint64, bool) {
	if !ok {
		return 0, false
	}
	return checkWord(w, rank, value), true
}

// longs is Go's native map of long values. The caller holds the lock.
type longs[K comparable, V long] map[K]V

func (m longs[K, V]) replace(w *worker, rank uint64, key K, value *V, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		m.copyOld(w, rank, key, old)
	}
	m[key] = *value
	return len(m) == before
}

func (m longs[K, V]) removeKey(w *worker, rank uint64, key K, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		m.copyOld(w, rank, key, old)
	}
	delete(m, key)
	return len(m) != before
}

//go:noinline
func (m longs[K, V]) copyOld(w *worker, rank uint64, key K, old *uint64) {
	if value, ok := m[key]; ok {
		*old = checkWord(w, rank, &value)
	}
}
