// SPDX-License-Identifier: Apache-2.0

//go:build !placed

package main

// placed is true if string keys may differ only after their first 8 bytes. As in C (RM_PLACED),
// such keys have a separate program, so that other cells have no extra branch.
const placed = false
