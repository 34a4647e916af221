// SPDX-License-Identifier: Apache-2.0
//! Replaces the crate criterion in benchmarks of papaya and scc, and its clock by the CPU time of
//! the thread. The program's arguments are the name of a benchmark, the number of its iterations,
//! and of the lookups in each of them. Prints the picoseconds of a lookup.

#[allow(dead_code)]
mod keys;

pub use keys::{scatter, Common};
pub use std::hint::black_box;
use std::time::Duration;

/// The CPU time of this thread, in ns.
fn cpu_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

pub struct Instant(u64);

impl Instant {
    pub fn now() -> Instant {
        Instant(cpu_ns())
    }

    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(cpu_ns() - self.0)
    }
}

pub struct Bencher {
    iterations: u64,
    lookups: u64,
}

impl Bencher {
    fn print(&self, spent: Duration) {
        let lookups = u128::from(self.iterations * self.lookups);
        println!("{} ps per lookup", spent.as_nanos() * 1000 / lookups);
    }

    pub fn iter<R>(&mut self, mut body: impl FnMut() -> R) {
        black_box(body()); // warms caches
        let start = Instant::now();
        for _ in 0..self.iterations {
            black_box(body());
        }
        self.print(start.elapsed());
    }

    /// Calls the body with the number of lookups, since it fills a map with as many keys.
    pub fn iter_custom(&mut self, mut body: impl FnMut(u64) -> Duration) {
        body(self.lookups);
        let spent = (0..self.iterations).map(|_| body(self.lookups)).sum();
        self.print(spent);
    }

    pub fn to_async<E>(&mut self, _: E) -> Asynchronous {
        Asynchronous
    }
}

/// Asynchronous benchmarks are not run.
pub struct Asynchronous;

impl Asynchronous {
    pub fn iter<R>(&mut self, _: impl FnMut() -> R) {}
    pub fn iter_custom(&mut self, _: impl AsyncFnMut(u64) -> Duration) {}
}

pub mod async_executor {
    pub struct FuturesExecutor;
}

pub enum Throughput {
    Elements(u64),
}

#[derive(Default)]
pub struct Criterion {
    group: String,
}

pub type BenchmarkGroup = Criterion;

impl Criterion {
    pub fn benchmark_group(&mut self, name: &str) -> BenchmarkGroup {
        Criterion { group: format!("{name}/") }
    }

    pub fn bench_function(&mut self, name: &str, body: impl FnOnce(&mut Bencher)) {
        let words: Vec<String> = std::env::args().collect();
        if self.group.clone() + name == words[1] {
            let number = |at: usize| words[at].parse().expect("a number");
            body(&mut Bencher { iterations: number(2), lookups: number(3) });
        }
    }

    pub fn throughput(&mut self, _: Throughput) {}
    pub fn finish(self) {}
}

#[macro_export]
macro_rules! criterion_group {
    ($name:ident, $($function:path),+ $(,)?) => {
        fn $name() {
            let mut criterion = $crate::Criterion::default();
            $($function(&mut criterion);)+
        }
    };
}

#[macro_export]
macro_rules! criterion_main {
    ($name:ident) => {
        fn main() {
            $name()
        }
    };
}
