// SPDX-License-Identifier: Apache-2.0
//! Runs a whole trial, phase by phase.

use crate::keys::{mix_of, rank_mismatch, seed_of};
use crate::request::Request;
use crate::stream::Distribution;
use crate::table::Table;
use crate::usage::{self, Usage};
use crate::worker::{Counts, Done, Kind, Load, Worker, BATCH};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

// Streams of the seed, as in runner/trial/phases.c and team.c.
const SEED_MAP: u64 = 1;
const SEED_OPERATIONS: u64 = 100;
const SEED_KEYS: u64 = 100_000;

/// One thread of a trial.
pub struct Member<'a> {
    pub worker: Worker<'a>,
    pub warm_up: Counts,
    pub cpu: Option<usize>, // planned CPU of the thread
    pub cpus: [Option<usize>; 2], // CPUs at the start and at the end of the window
    pub times: Option<[Instant; 2]>,
    pub usage: [Option<Usage>; 2],
    pub settled: u64,
    pub renewed: Counts,
    pub renewal: Option<[Instant; 2]>,
    pub held_keys: u64,
    pub held_sum: u64,
    pub held: u64, // sum of the values held
    pub placement_error: Option<String>,
}

impl Member<'_> {
    fn pin(&mut self) {
        if let Some(Err(why)) = self.cpu.map(usage::pin) {
            self.placement_error = Some(why);
        }
    }

    /// Returns the member's share of the first n ranks.
    fn ranks(&self, n: u64) -> impl Iterator<Item = u64> {
        (self.worker.slot as u64..n).step_by(self.worker.load.threads)
    }

    /// Looks up every resident key once, as C does.
    fn settle<T: Table>(&mut self, table: &T) {
        for rank in self.ranks(self.worker.load.resident) {
            if let Some(value) = table.lookup(rank) {
                self.settled += 1;
                self.worker.wrong |= rank_mismatch(value, rank);
            }
        }
    }

    /// Like rm_renew_keys() in runner/trial/renewal.c.
    fn renew<T: Table>(&mut self, table: &T, renewals: u64) {
        const STRIDE: u64 = 2_654_435_761;
        let worker = &mut self.worker;
        let (slot, threads) =
            (worker.slot as u64, worker.load.threads as u64);
        let own_keys = (worker.load.resident + threads - 1 - slot) / threads;
        let counts = std::mem::take(&mut worker.counts);
        let start = Instant::now();
        for _ in 0..renewals {
            for i in 0..own_keys {
                worker.renew(table, slot + i * STRIDE % own_keys * threads);
            }
        }
        self.renewal = Some([start, Instant::now()]);
        self.renewed = std::mem::replace(&mut worker.counts, counts);
    }

    fn window<T: Table>(&mut self, table: &T, verifies: bool) {
        let waited_ns = usage::waited_ns();
        self.usage[0] = usage::thread().map(|u| Usage { waited_ns, ..u });
        self.cpus[0] = usage::current_cpu();
        let start = Instant::now();
        if verifies {
            self.worker.verify(table);
        } else {
            self.worker.drive(table);
        }
        self.times = Some([start, Instant::now()]);
        self.cpus[1] = usage::current_cpu();
        let used = usage::thread();
        let waited_ns = usage::waited_ns();
        self.usage[1] = used.map(|u| Usage { waited_ns, ..u });
    }

    fn verify<T: Table>(&mut self, table: &T, universe: u64) {
        for rank in self.ranks(universe) {
            if let Some(value) = table.lookup(rank) {
                self.held_keys += 1;
                self.held_sum = self.held_sum.wrapping_add(mix_of(rank));
                self.held = self.held.wrapping_add(value);
                self.worker.wrong |= rank_mismatch(value, rank);
            }
        }
    }
}

/// Nanoseconds per operation in each slice of the warm-up.
#[derive(Default)]
pub struct WarmUp {
    pub slices: Vec<f64>,
}

pub const SLICE: Duration = Duration::from_millis(100);
const ALIKE: usize = 5; // number of slices that must be similar
const DIFFER: f64 = 0.03;

impl WarmUp {
    fn watch(&mut self, done: &[Arc<Done>], length: Duration) {
        let start = Instant::now();
        let (mut last, mut before) = (start, 0);

        while last - start < length {
            thread::sleep((length - (last - start)).min(SLICE));
            let now = Instant::now();
            let sum: u64 = done.iter().map(|one| one.0.load(Relaxed)).sum();
            if now - last >= SLICE {
                let ns = (now - last).as_nanos() as f64 * done.len() as f64;
                self.slices.push(ns / (sum - before).max(1) as f64);
            }
            (last, before) = (now, sum);
        }
    }

    /// True if the last slices were similar, or None if there are too few slices.
    pub fn steady(&self) -> Option<bool> {
        let last = &self.slices[self.slices.len().checked_sub(ALIKE)?..];
        let least = last.iter().copied().fold(f64::INFINITY, f64::min);
        let most = last.iter().copied().fold(0.0, f64::max);
        Some(most - least < DIFFER * least)
    }
}

pub struct Team<'a> {
    pub request: &'a Request,
    pub load: &'a Load,
    pub members: Vec<Member<'a>>,
    pub phases: Vec<(&'static str, Duration)>,
    pub warm_up: WarmUp,
    pub rss: [Option<u64>; 2],
    pub process: [Option<Usage>; 2],
    pub clock_cost_ns: f64,
    pub clock_step_ns: f64,
}

impl<'a> Team<'a> {
    pub fn new(request: &'a Request, load: &'a Load) -> Team<'a> {
        let cell = &request.cell;
        let dist = match Distribution::read(&cell.dist) {
            Some(dist) if !cell.verifies() => dist,
            _ => Distribution::Uniform,
        };
        let keys = seed_of(request.seed, SEED_KEYS);
        let skew = dist.skew(load, keys).map(Arc::new);
        let member = |slot| {
            let stream = dist.stream(load, slot, keys);
            let rng = seed_of(request.seed, SEED_OPERATIONS + slot as u64);
            Member {
                worker: Worker::new(load, slot, rng, skew.clone(), stream),
                warm_up: Counts::default(),
                cpu: cell.cpus.get(slot).copied(),
                cpus: [None; 2],
                times: None,
                usage: [None; 2],
                settled: 0,
                renewed: Counts::default(),
                renewal: None,
                held_keys: 0,
                held_sum: 0,
                held: 0,
                placement_error: None,
            }
        };
        Team {
            request,
            load,
            members: (0..cell.threads).map(member).collect(),
            phases: Vec::new(),
            warm_up: WarmUp::default(),
            rss: [None; 2],
            process: [None; 2],
            clock_cost_ns: 0.0,
            clock_step_ns: 0.0,
        }
    }

    pub fn run<T: Table>(&mut self) {
        let cell = &self.request.cell;
        let (warm_up, window) = match cell.verifies() {
            true => (0, 0),
            false => (cell.warm_up_ns, cell.window_ns),
        };
        self.clock_cost_ns = usage::clock_cost_ns();
        self.clock_step_ns = usage::clock_step_ns();
        self.phases.push(("setup", Duration::ZERO));
        self.rss[0] = usage::rss();
        let table: T = self.create();
        self.phase("prefill", 0, |m| {
            table.fill(&mut m.ranks(m.worker.load.resident));
        });
        self.rss[1] = usage::rss();
        if cell.settles() {
            let renewals = if T::HOLDS { cell.renewals() } else { 0 };
            self.phase("settle", 0, |m| {
                m.settle(&table);
                if renewals > 0 {
                    m.renew(&table, renewals);
                }
            });
        } else {
            self.phases.push(("settle", Duration::ZERO));
        }
        self.phase("warm_up", warm_up, |m| {
            if warm_up > 0 {
                m.worker.drive(&table);
            }
            m.warm_up = std::mem::take(&mut m.worker.counts);
        });
        self.limit();
        self.process[0] = usage::process();
        self.phase("window", window, |m| m.window(&table, cell.verifies()));
        self.process[1] = usage::process();
        let universe = self.universe();
        self.phase("verify", 0, |m| {
            if T::HOLDS {
                m.verify(&table, universe);
            }
        });
        let start = Instant::now();
        drop(table);
        self.phases.push(("destroy", start.elapsed()));
    }

    /// Creates the table on the CPU of the first member, as in C.
    fn create<T: Table>(&mut self) -> T {
        let cell = &self.request.cell;
        let size = if cell.presize { self.load.resident as usize } else { 0 };
        let seed = seed_of(self.request.seed, SEED_MAP);
        let first = &mut self.members[0];
        let start = Instant::now();
        let table = thread::scope(|scope| {
            let made = scope.spawn(|| {
                first.pin();
                T::create(size, seed)
            });
            made.join().expect("a panic ends the process")
        });
        self.phases.push(("create", start.elapsed()));
        table
    }

    /// Returns a number above the highest rank that may be present.
    fn universe(&self) -> u64 {
        let least = self.load.span.max(self.load.resident);
        match self.load.kind {
            Kind::Fresh => {
                let newest = self.members.iter().map(|m| m.worker.newest());
                newest.fold(least, u64::max)
            }
            _ => least,
        }
    }

    /// The positive control executes more operations than it reports.
    fn limit(&mut self) {
        let request = self.request;
        let ops = request.cell.window_ops as f64;
        let most = (ops * (1.0 + request.control_extra)).max(BATCH as f64);
        if ops > 0.0 {
            for member in &mut self.members {
                member.worker.limit = most as u64;
            }
        }
    }

    /// Runs `work` once for each member, in a thread on the member's CPU. Sets the stop
    /// flag after `length_ns`.
    fn phase(
        &mut self,
        name: &'static str,
        length_ns: u64,
        work: impl Fn(&mut Member<'a>) + Sync,
    ) {
        let (load, work) = (self.load, &work);
        let length = Duration::from_nanos(length_ns);
        let start = Instant::now();

        load.stop.store(false, Relaxed);
        let done: Vec<_> =
            self.members.iter().map(|m| m.worker.done.clone()).collect();
        thread::scope(|scope| {
            for member in &mut self.members {
                scope.spawn(move || {
                    member.pin();
                    work(member);
                });
            }
            if length_ns > 0 {
                match name {
                    "warm_up" => self.warm_up.watch(&done, length),
                    _ => thread::sleep(length),
                }
                load.stop.store(true, Relaxed);
            }
        });
        self.phases.push((name, start.elapsed()));
    }
}
