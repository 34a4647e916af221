// SPDX-License-Identifier: Apache-2.0

//go:build placed

package main

const placed = true
