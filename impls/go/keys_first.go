// SPDX-License-Identifier: Apache-2.0

//go:build !placed

package main

// placed is true if string keys may differ only after their first 8 bytes. As in C (RM_PLACED), a
// separate program has such keys, so that other cells have no extra branch.
const placed = false
