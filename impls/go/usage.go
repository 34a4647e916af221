// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const (
	rusageThread    = 1 // RUSAGE_THREAD
	clockThreadTime = 3 // CLOCK_THREAD_CPUTIME_ID
)

// usage holds the kernel's counts for one thread.
type usage struct {
	cpuNs                  int64
	voluntary, involuntary int64
	minorFaults, bigFaults int64
	ok                     bool
	waitedNs               int64 // time on the run queue; -1 if unknown
}

// threadUsage reads a clock for the CPU time, as in C, since getrusage() returns a running thread's
// time only up to the last tick, which may be milliseconds ago.
func threadUsage() usage {
	var u syscall.Rusage
	var used syscall.Timespec
	err := syscall.Getrusage(rusageThread, &u)
	_, _, failed := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME,
		clockThreadTime, uintptr(unsafe.Pointer(&used)), 0)
	if err != nil || failed != 0 {
		return usage{}
	}
	return usage{used.Nano(), u.Nvcsw, u.Nivcsw, u.Minflt, u.Majflt, true, -1}
}

// threadWaited returns the second number of schedstat, the time on the run queue. It makes system
// calls directly, since a file of package os has a finalizer and waits through the runtime's
// poller.
func threadWaited() int64 {
	var text [96]byte
	file, err := syscall.Open("/proc/thread-self/schedstat",
		syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	n, err := syscall.Read(file, text[:])
	syscall.Close(file)
	if err != nil {
		return -1
	}
	words := strings.Fields(string(text[:n]))
	if len(words) < 2 {
		return -1
	}
	waited, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return -1
	}
	return waited
}

// process holds the counts of the runtime and the kernel for all threads together.
type process struct {
	memory  runtime.MemStats
	cpuNs   int64   // used by all threads; -1 if unknown
	collect float64 // used by the collector, as estimated by the runtime, ns
	parked  float64 // result of parkedNs()
}

var started = time.Now()

func processNow() (p process) {
	var u syscall.Rusage
	runtime.ReadMemStats(&p.memory)
	p.cpuNs = -1
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil {
		p.cpuNs = u.Utime.Nano() + u.Stime.Nano()
	}
	p.collect = collectorNs(&p.memory)
	p.parked = parkedNs()
	return p
}

// collectorNs estimates the CPU time of the collector. Go 1.19 only reports its share of the time
// of all GOMAXPROCS CPUs, from the start to the last collection.
func collectorNs(m *runtime.MemStats) float64 {
	if m.NumGC == 0 {
		return 0
	}
	span := time.Unix(0, int64(m.LastGC)).Sub(started)
	return m.GCCPUFraction * float64(span.Nanoseconds()) *
		float64(runtime.GOMAXPROCS(0))
}

// processors returns the value for GOMAXPROCS. As in Go itself, this is the number of threads of
// the cell, or of its CPUs if that is smaller. So the collector runs on the measured CPUs. The
// environment variable GOMAXPROCS overrides it.
func processors(c *cell) int {
	if n, err := strconv.Atoi(os.Getenv("GOMAXPROCS")); err == nil && n > 0 {
		return n
	}
	distinct := map[int]bool{}
	for _, cpu := range *c.CPUs {
		distinct[cpu] = true
	}
	if len(distinct) > 0 { // there is one CPU per thread
		return len(distinct)
	}
	if *c.Threads < runtime.NumCPU() {
		return *c.Threads
	}
	return runtime.NumCPU()
}

type cpuSet [128]uint64 // enough for 8,192 CPUs

func setAffinity(thread int, set *cpuSet) error {
	_, _, err := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY,
		uintptr(thread), unsafe.Sizeof(*set), uintptr(unsafe.Pointer(set)))
	if err != 0 {
		return err
	}
	return nil
}

// pinAll binds every thread of the runtime to these CPUs, and later threads inherit that. If there
// are no CPUs, it does nothing.
func pinAll(cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	set, err := setOf(cpus)
	if err != nil {
		return err
	}
	threads, err := os.ReadDir("/proc/self/task")
	for _, entry := range threads {
		thread, _ := strconv.Atoi(entry.Name())
		err := setAffinity(thread, set)
		if err != nil && err != syscall.ESRCH { // the thread has just ended
			return fmt.Errorf("thread could not be placed on CPU %s: %v",
				strings.Trim(fmt.Sprint(cpus), "[]"), err)
		}
	}
	return err
}

// boundTo returns the CPUs that the process may run on, or nil if they are unknown.
func boundTo() []int {
	set, cpus := &cpuSet{}, []int{}
	_, _, err := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY,
		uintptr(os.Getpid()), unsafe.Sizeof(*set), uintptr(unsafe.Pointer(set)))
	if err != 0 {
		return nil
	}
	for cpu := 0; cpu < len(set)*64; cpu++ {
		if set[cpu/64]&(1<<(cpu%64)) != 0 {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

func setOf(cpus []int) (*cpuSet, error) {
	set := &cpuSet{}
	for _, cpu := range cpus {
		if cpu < 0 || cpu >= len(set)*64 {
			return nil, fmt.Errorf("no CPU %d", cpu)
		}
		set[cpu/64] |= 1 << (cpu % 64)
	}
	return set, nil
}

// pin binds the calling thread to one CPU.
func pin(cpu int) error {
	set, err := setOf([]int{cpu})
	if err == nil {
		err = setAffinity(0, set)
	}
	if err != nil {
		return fmt.Errorf("thread could not be placed on CPU %d: %v", cpu, err)
	}
	return nil
}

// cpuNow returns the CPU that the thread runs on, or -1 if it is unknown.
func cpuNow() int {
	var cpu uint32
	_, _, err := syscall.RawSyscall(sysGetcpu, uintptr(unsafe.Pointer(&cpu)), 0, 0)
	if err != 0 {
		return -1
	}
	return int(cpu)
}

// rss returns the resident memory of the process in bytes, or -1 if it is unknown.
func rss() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return -1
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return -1
	}
	return pages * int64(os.Getpagesize())
}

// clockStep returns the smallest difference between two readings of the clock, in ns.
func clockStep() float64 {
	least, last := int64(math.MaxInt64), time.Now()
	for i := 0; i < 1000; i++ {
		now := time.Now()
		if step := now.Sub(last).Nanoseconds(); step > 0 && step < least {
			least = step
		}
		last = now
	}
	return float64(least)
}

// rssPeak returns the peak of rss. It does not use getrusage(), because that peak includes the peak
// of the parent process, which exec() keeps.
func rssPeak() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return -1
	}
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "VmHWM:" {
			continue
		}
		kib, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return -1
		}
		return kib * 1024
	}
	return -1
}

// clockCost returns the time that one reading of the clock takes, in ns. It takes the smallest of
// many rounds, since other threads may use the CPU at the same time.
func clockCost() float64 {
	const rounds, readings = 50, 100
	least := uint64(1 << 62)
	for round := 0; round < rounds; round++ {
		start := now()
		for i := 0; i < readings; i++ {
			now()
		}
		if elapsed := now() - start; elapsed < least {
			least = elapsed
		}
	}
	return float64(least) / readings
}
