// SPDX-License-Identifier: Apache-2.0

package main

// Go's native map, for whoever holds the lock. Whether a write found its key is
// told by the length: a second look-up would cost a write what no program pays.
// Written out for each kind of key, since Go 1.19 inlines no generic method.

type words map[uint64]uint64

func (m words) replace(key, value uint64, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		*old = m[key]
	}
	m[key] = value
	return len(m) == before
}

func (m words) takeOut(key uint64, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		*old = m[key]
	}
	delete(m, key)
	return len(m) != before
}

type texts map[string]uint64

func (m texts) replace(key string, value uint64, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		*old = m[key]
	}
	m[key] = value
	return len(m) == before
}

func (m texts) takeOut(key string, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		*old = m[key]
	}
	delete(m, key)
	return len(m) != before
}
