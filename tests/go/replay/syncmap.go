// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Internals of sync.Map, Go 1.9 to 1.23.
type entry struct{ p unsafe.Pointer } // *any

type readOnly struct {
	m       map[any]*entry
	amended bool
}

// inside points to the fields of a sync.Map.
type inside struct {
	read   **readOnly
	dirty  *map[any]*entry
	misses *int
}

// look finds the fields of a sync.Map. Up to Go 1.19, `read` is an atomic.Value,
// whose second word points to the readOnly. Later it is an atomic.Pointer.
func look(m *sync.Map) *inside {
	kind := reflect.TypeOf(m).Elem()
	at := func(name string) uintptr {
		field, ok := kind.FieldByName(name)
		if !ok {
			panic("sync.Map has no field " + name)
		}
		return field.Offset
	}
	read := at("read")
	if field, _ := kind.FieldByName("read"); field.Type == reflect.TypeOf(atomic.Value{}) {
		read += unsafe.Sizeof(read)
	}
	base := unsafe.Pointer(m)
	return &inside{
		read:   (**readOnly)(unsafe.Add(base, read)),
		dirty:  (*map[any]*entry)(unsafe.Add(base, at("dirty"))),
		misses: (*int)(unsafe.Add(base, at("misses"))),
	}
}

// expunged is the value that package sync stores in an entry that was deleted
// before dirty was built.
var expunged = func() unsafe.Pointer {
	var m sync.Map
	m.Store(1, 1)
	m.Range(func(_, _ any) bool { return true }) // a miss that promotes dirty to read
	m.Delete(1)
	m.Store(2, 2) // a store that builds dirty
	return (*look(&m).read).m[1].p
}()

// half summarises one of the two maps inside a sync.Map.
type half struct {
	count, empty, expunged, digest uint64
}

func walk(m map[any]*entry) (h half) {
	h.count = uint64(len(m))
	for k, e := range m {
		switch p := atomic.LoadPointer(&e.p); p {
		case nil:
			h.empty++
		case expunged:
			h.expunged++
		default:
			h.digest += seed(keyWord(k), (*(*any)(p)).(uint64))
		}
	}
	return h
}

func keyWord(key any) uint64 {
	if word, ok := key.(uint64); ok {
		return word
	}
	return wordIn(key.(string))
}

// state returns entries in read, amended (0 or 1), entries in dirty, misses, nil
// entries in read, nil entries in dirty, expunged entries. Two digests of the
// live pairs in read and in dirty follow.
func (in *inside) state() []uint64 {
	var read, dirty half
	var amended uint64
	if header := *in.read; header != nil {
		read = walk(header.m)
		if header.amended {
			amended = 1
		}
	}
	dirty = walk(*in.dirty)
	return []uint64{read.count, amended, dirty.count, uint64(*in.misses),
		read.empty, dirty.empty, read.expunged + dirty.expunged, read.digest,
		dirty.digest}
}

func playSync(t *trace, log *logger) {
	var m sync.Map
	in := look(&m)
	results := uint64(0)
	for i := range t.steps {
		results = doSync(&m, &t.steps[i], t.key == "string", results)
		if n := i + 1; n%t.deep == 0 {
			log.state(n, append(in.state(), results), false)
		}
	}
}

func number(value any) uint64 {
	if value == nil {
		return 0
	}
	return value.(uint64)
}

// doSync executes one step and adds its result to the digest of results.
func doSync(m *sync.Map, s *step, str bool, results uint64) uint64 {
	var key, value any = wordOf(s.rank), s.value
	var got any
	var ok bool
	if str {
		key = textOf(s.rank)
	}
	switch s.operation {
	case load:
		got, ok = m.Load(key)
	case store:
		m.Store(key, value)
	case remove:
		m.Delete(key)
	case visit:
		sum := uint64(0)
		m.Range(func(k, v any) bool {
			sum += seed(keyWord(k), v.(uint64))
			return true
		})
		got = sum
	case loadOrStore:
		got, ok = m.LoadOrStore(key, value)
		if !ok {
			got = nil
		}
	case loadAndDelete:
		got, ok = m.LoadAndDelete(key)
	default:
		got, ok = doNew(m, s, key, value)
	}
	return result(results, number(got), ok)
}
