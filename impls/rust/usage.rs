// SPDX-License-Identifier: Apache-2.0
//! The kernel's counts of threads and of the process, and the CPUs of threads.

use std::mem::{size_of, zeroed};
use std::time::Instant;

/// Counts of one thread or of the process.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    pub cpu_ns: i64,
    pub voluntary: i64,
    pub involuntary: i64,
    pub minor_faults: i64,
    pub major_faults: i64,
    pub waited_ns: Option<i64>, // time on the run queue
}

fn usage(who: i32) -> Option<Usage> {
    // SAFETY: a struct of numbers, which the kernel fills
    let (failed, u) = unsafe {
        let mut u: libc::rusage = zeroed();
        (libc::getrusage(who, &mut u), u)
    };
    let ns = |t: libc::timeval| t.tv_sec * 1_000_000_000 + t.tv_usec * 1000;

    (failed == 0).then(|| Usage {
        cpu_ns: ns(u.ru_utime) + ns(u.ru_stime),
        voluntary: u.ru_nvcsw,
        involuntary: u.ru_nivcsw,
        minor_faults: u.ru_minflt,
        major_faults: u.ru_majflt,
        waited_ns: None,
    })
}

/// Returns how long the calling thread has waited for a CPU, the second number of schedstat. Of all
/// readings around a window, this one takes the longest.
pub fn waited_ns() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

/// Returns the counts of the calling thread. The CPU time comes from a clock, as in C, since
/// getrusage() returns a running thread's time only up to the last tick, which may be milliseconds
/// ago.
pub fn thread() -> Option<Usage> {
    let usage_without_cpu = usage(libc::RUSAGE_THREAD)?;
    // SAFETY: a struct of numbers, which the kernel fills
    let (failed, used) = unsafe {
        let mut used: libc::timespec = zeroed();
        let clock = libc::CLOCK_THREAD_CPUTIME_ID;
        (libc::clock_gettime(clock, &mut used), used)
    };

    (failed == 0).then(|| Usage {
        cpu_ns: used.tv_sec * 1_000_000_000 + used.tv_nsec,
        ..usage_without_cpu
    })
}

pub fn process() -> Option<Usage> {
    usage(libc::RUSAGE_SELF)
}

/// Binds the calling thread to a CPU and checks the result.
pub fn pin(cpu: usize) -> Result<(), String> {
    // SAFETY: a set of bits; CPU_SET() panics for numbers beyond its size
    let failed = unsafe {
        let mut set: libc::cpu_set_t = zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    if failed != 0 {
        let error = std::io::Error::last_os_error();
        let what = "thread could not be placed on CPU";
        return Err(format!("{what} {cpu}: {error}"));
    }
    match current_cpu() {
        Some(actual_cpu) if actual_cpu == cpu => Ok(()),
        actual_cpu => {
            Err(format!("thread placed on CPU {cpu} runs on {actual_cpu:?}"))
        }
    }
}

/// Returns the CPU on which the calling thread runs.
pub fn current_cpu() -> Option<usize> {
    // SAFETY: no arguments
    usize::try_from(unsafe { libc::sched_getcpu() }).ok()
}

/// Returns the resident memory of the process in bytes.
pub fn rss() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    // SAFETY: takes and returns only a number
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(page).ok()?)
}

/// Returns the peak of rss() in bytes. Does not use getrusage(), because that peak includes the
/// peak of the parent process, which exec() keeps.
pub fn rss_peak() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// Returns how long one reading of the clock takes, in ns. Takes the smallest of many rounds, since
/// other threads may use the CPU at the same time.
pub fn clock_cost_ns() -> f64 {
    const READINGS: u32 = 100;
    let round = |_| {
        let start = Instant::now();
        (0..READINGS).fold(start, |_, _| Instant::now()) - start
    };
    let least = (0..50).map(round).min().unwrap_or_default();
    least.as_nanos() as f64 / f64::from(READINGS)
}

/// Returns the smallest difference between two readings of the clock, in ns.
pub fn clock_step_ns() -> f64 {
    let readings: Vec<Instant> = (0..1000).map(|_| Instant::now()).collect();
    let steps = readings.windows(2).map(|pair| pair[1] - pair[0]);
    let least = steps.filter(|step| !step.is_zero()).min();
    least.map_or(f64::INFINITY, |step| step.as_nanos() as f64)
}
