// SPDX-License-Identifier: Apache-2.0

package main

const sysGetcpu = 309 // package syscall lacks this constant
