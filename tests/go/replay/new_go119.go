// SPDX-License-Identifier: Apache-2.0

//go:build !go1.23

package main

import "sync"

// doNew executes the operations that Go 1.20 and 1.23 added.
func doNew(*sync.Map, *step, any, any) (any, bool) {
	panic("this Go has no such operation: the trace is of set full")
}
