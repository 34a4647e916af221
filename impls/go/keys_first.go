// SPDX-License-Identifier: Apache-2.0

//go:build !placed

package main

// placed: string keys differ elsewhere than in their first 8 bytes. As in C
// (RM_PLACED) this is a separate program, so that other cells pay no branch.
const placed = false
