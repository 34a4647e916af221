// SPDX-License-Identifier: Apache-2.0

package main

// words is Go's native map; the caller holds the lock. A write compares the length of the map
// before and after, to find out whether the key was present. A second lookup would add a cost that
// real programs do not have. The code is repeated for each kind of key, since Go 1.19 does not
// inline generic methods.

type words map[uint64]uint64

func (m words) replace(key, value uint64, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		*old = m[key]
	}
	m[key] = value
	return len(m) == before
}

func (m words) removeKey(key uint64, old *uint64) (wasThere bool) {
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

func (m texts) removeKey(key string, old *uint64) (wasThere bool) {
	before := len(m)
	if old != nil {
		*old = m[key]
	}
	delete(m, key)
	return len(m) != before
}
