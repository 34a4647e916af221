// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"os"
	"strings"
	"time"
)

// ticks reads the time counter of the CPU, which is faster than now().
func ticks() uint64

// ticksPerNs is like rm_ticks_per_ns() in C. It measures the rate of ticks() during 2 ms of now(),
// or returns 0 if the kernel's clock does not use this counter.
func ticksPerNs() float64 {
	source, _ := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	switch strings.TrimSpace(string(source)) {
	case "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter":
	default:
		return 0
	}
	firstTicks, firstNs := readBoth()
	time.Sleep(2 * time.Millisecond)
	lastTicks, lastNs := readBoth()
	return (lastTicks - firstTicks) / (lastNs - firstNs)
}

// readBoth reads ticks and clock at the same instant, using the shortest of several readings.
func readBoth() (atTicks, atNs float64) {
	shortest := uint64(math.MaxUint64)
	for i := 0; i < 100; i++ {
		before, ns := ticks(), now()
		if apart := ticks() - before; apart < shortest {
			shortest = apart
			atTicks, atNs = float64(before)+float64(apart)/2, float64(ns)
		}
	}
	return atTicks, atNs
}

// spin waits until the operation is due and returns the time, like spin_until_due() of
// runner/trial/open_loop.c. Go has no pause instruction.
func (p *pace) spin() uint64 {
	for {
		before := ticks()
		at := now()
		apart := ticks() - before
		if at >= p.intended {
			return at
		}
		left := p.intended - at
		if left > nearNs || p.ticksPerNs <= 0 {
			continue
		}
		if apart < p.shortestApart {
			p.shortestApart = apart
		}
		if apart > p.shortestApart+p.shortestApart/4 {
			continue // interrupted, so ticks and clock were read at different times
		}
		target := before + apart/2 + uint64(float64(left)*p.ticksPerNs)
		end := ticks()
		for end < target {
			end = ticks()
		}
		return p.intended + uint64(float64(end-target)/p.ticksPerNs)
	}
}
