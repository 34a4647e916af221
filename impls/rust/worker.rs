// SPDX-License-Identifier: Apache-2.0
//! One thread's state in the loop, and the loop: runner/driver.h in Rust.

use crate::keys::{
    below, mix_of, next, rank_mismatch, scatter, seed_of, value_of,
};
use crate::request::Cell;
use crate::skew::Skew;
use crate::table::Table;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const BATCH: u64 = 64; // iterations between two checks of `stop`
const REDRAWS: u64 = 64; // as RM_REDRAWS in C

// Time limit that plans expect for verifications of maps with O(keys) writes.
const SLOW_LIMIT: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Update,
    Churn,
    Fresh,
}

/// State shared by all workers of a cell.
pub struct Load {
    pub kind: Kind,
    pub threads: usize,
    pub misses: f64,
    pub resident: u64, // as in struct rm_worker, like span and guard
    pub span: u64,
    pub guard: u64,
    pub write_below: u32,
    heads: Vec<Done>,    // one per thread, if writes are fresh; see struct rm_fresh
    left: AtomicI64,     // writes of a verification that have not begun
    pub stop: AtomicBool,
}

impl Load {
    pub fn new(cell: &Cell) -> Load {
        let kind = match &*cell.write_kind {
            "update" => Kind::Update,
            "churn" => Kind::Churn,
            _ => Kind::Fresh,
        };
        let resident = cell.keys;
        let misses = cell.miss_share;
        let (mut guard, mut span) =
            (0, (resident as f64 / (1.0 - misses)).round() as u64);
        if kind == Kind::Fresh && cell.write_share > 0.0 {
            let own_keys = resident / cell.threads as u64;
            // twice the number of writes between two published values
            guard = (own_keys / 4).min(128);
            span = match own_keys {
                0 => resident,
                _ => (own_keys - guard) * cell.threads as u64,
            };
        }
        let base = guard * cell.threads as u64;
        let below = decisions(kind, cell.write_share) * 4_294_967_296.0;
        Load {
            kind,
            threads: cell.threads,
            misses,
            resident,
            span,
            guard,
            write_below: below as u32, // share of 2^32, saturated
            heads: (0..cell.threads).map(|_| Done(base.into())).collect(),
            left: AtomicI64::new(cell.verify_ops as i64),
            stop: AtomicBool::new(false),
        }
    }

    pub fn stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Like rm_lookup_base() in C; only fresh writes change it.
    #[inline(always)]
    pub fn base(&self, rank: u64) -> u64 {
        match self.kind {
            Kind::Fresh => self.heads[self.owner(rank)].0.load(Relaxed),
            _ => 0,
        }
    }

    fn owner(&self, rank: u64) -> usize {
        (rank as u32 % self.threads as u32) as usize
    }

    /// Takes a batch of writes from the shared budget.
    fn take_batch(&self) -> bool {
        self.left.fetch_sub(BATCH as i64, Relaxed) > 0
    }
}

/// Like rm_cell_write_decision_share() in C. A pair of writes is one decision.
pub fn decisions(kind: Kind, share: f64) -> f64 {
    match kind {
        Kind::Update => share,
        _ => share / (2.0 - share),
    }
}

/// Counts of one thread, as in runner/worker.h.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    pub iterations: u64,
    pub writes: u64,
    pub pairs: u64,
    pub inserts: u64,
    pub removes: u64,
    pub idle_removes: u64,
    pub misses_absent: u64,
    pub misses_resident: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.iterations += other.iterations;
        self.writes += other.writes;
        self.pairs += other.pairs;
        self.inserts += other.inserts;
        self.removes += other.removes;
        self.idle_removes += other.idle_removes;
        self.misses_absent += other.misses_absent;
        self.misses_resident += other.misses_resident;
    }

    pub fn operations(&self) -> u64 {
        self.iterations + self.pairs
    }

    pub fn decisions(&self) -> u64 {
        self.writes - self.pairs
    }

    pub fn lookups(&self) -> u64 {
        self.iterations - self.decisions()
    }

    pub fn misses(&self) -> u64 {
        self.misses_absent + self.misses_resident
    }
}

/// The record of a verification. Each value that was put in must come out once or be held.
#[derive(Clone, Copy, Default)]
pub struct Account {
    pub written: u64, // sums of values
    pub returned: u64,
    pub puts: u64,
    pub outs: u64,
    pub stopped_early: bool, // true if it stopped at SLOW_LIMIT
}

/// A number on its own cache lines: a worker's operations, for the watcher of the
/// warm-up, or the published base of its fresh writes.
#[derive(Default)]
#[repr(align(128))]
pub struct Done(pub AtomicU64);

/// Aligned so that two workers share neither a line nor a pair of lines.
#[repr(align(128))]
pub struct Worker<'a> {
    pub load: &'a Load,
    pub slot: usize,
    pub limit: u64, // most iterations
    pub counts: Counts,
    pub account: Account,
    pub wrong: u64, // bits in which a value differed
    pub key_sum: u64,
    pub done: Arc<Done>,
    skew: Option<Arc<Skew>>, // None unless the distribution is zipf or hot
    stream: Vec<u32>, // empty unless the distribution is sequential
    rng: u64,
    position: usize,
    sequence: u64, // sequence number of this thread's values
    fresh: u64,    // number of fresh writes of this thread
    #[cfg(feature = "concread")]
    stored_bases: Vec<u64>, // see store_bases()
}

impl<'a> Worker<'a> {
    pub fn new(
        load: &'a Load,
        slot: usize,
        rng: u64,
        skew: Option<Arc<Skew>>,
        stream: Vec<u32>,
    ) -> Worker<'a> {
        Worker {
            load,
            slot,
            limit: u64::MAX,
            counts: Counts::default(),
            account: Account::default(),
            wrong: 0,
            key_sum: 0,
            done: Arc::default(),
            skew,
            stream,
            rng,
            position: 0,
            sequence: 0,
            fresh: 0,
            #[cfg(feature = "concread")]
            stored_bases: Vec::new(),
        }
    }

    /// Like rm_drive_mix() in C. Runs batches until the stop flag is set or the limit is reached.
    pub fn drive<T: Table>(&mut self, table: &T) {
        loop {
            table.batch(self);
            self.counts.iterations =
                self.counts.iterations.wrapping_add(BATCH);
            self.done.0.store(self.counts.operations(), Relaxed);
            if self.load.stopped() || self.counts.iterations >= self.limit {
                return;
            }
        }
    }

    /// Stores the bases that are published now, for a map whose lookups share one consistent view.
    #[cfg(feature = "concread")]
    pub fn store_bases(&mut self) {
        let heads = self.load.heads.iter().map(|head| head.0.load(Relaxed));
        self.stored_bases.clear();
        self.stored_bases.extend(heads);
    }

    #[cfg(feature = "concread")]
    pub fn stored_base(&self, rank: u64) -> u64 {
        match self.load.kind {
            Kind::Fresh => self.stored_bases[self.load.owner(rank)],
            _ => 0,
        }
    }

    /// Like rm_fresh_oldest() in C.
    fn oldest(&self) -> u64 {
        self.slot as u64 + self.fresh * self.load.threads as u64
    }

    /// Like rm_fresh_next() in C.
    pub fn newest(&self) -> u64 {
        let threads = self.load.threads as u64;
        let own_keys =
            (self.load.resident + threads - 1 - self.slot as u64) / threads;
        self.oldest() + own_keys * threads
    }

    /// Like rm_fresh_publish() in C.
    fn wrote_fresh(&mut self) {
        self.fresh += 1;
        if self.fresh % 64 == 0 || self.load.guard < 128 {
            let base =
                (self.fresh + self.load.guard) * self.load.threads as u64;
            self.load.heads[self.slot].0.store(base, Relaxed);
        }
    }

    /// `base` returns the offset to add to a drawn rank.
    #[inline(always)]
    pub fn batch<T: Table>(
        &mut self,
        table: &T,
        base: impl Fn(&Self, u64) -> u64,
        lookup: impl Fn(u64) -> Option<u64>,
    ) {
        let (span, write_below) = (self.load.span, self.load.write_below);
        let mut wrong = 0;

        for left in (0..BATCH).rev() {
            let x = next(&mut self.rng);
            let rank = self.draw(x, span);

            if (x as u32) < write_below {
                self.write_drawn(table, x, rank);
                if self.load.stopped() {
                    // the rest of the batch is neither done nor counted
                    self.counts.iterations =
                        self.counts.iterations.wrapping_sub(left);
                    break;
                }
                continue;
            }
            let lookup_rank = base(self, rank) + rank;
            match lookup(lookup_rank) {
                Some(value) => wrong |= rank_mismatch(value, lookup_rank),
                None => self.missed(rank),
            }
        }
        self.wrong |= wrong;
    }

    #[inline(always)]
    fn draw(&mut self, x: u64, span: u64) -> u64 {
        if let Some(skew) = &self.skew {
            return skew.key(skew.rank(next(&mut self.rng)));
        }
        if self.stream.is_empty() {
            return below(x, span);
        }
        let rank = self.stream[self.position & (self.stream.len() - 1)];
        self.position += 1;
        u64::from(rank)
    }

    #[cold]
    fn missed(&mut self, rank: u64) {
        if rank >= self.load.resident {
            self.counts.misses_absent += 1;
        } else {
            self.counts.misses_resident += 1;
        }
    }

    /// Not inlined, as in C.
    #[inline(never)]
    fn write_drawn<T: Table>(&mut self, table: &T, x: u64, drawn: u64) {
        let rank = if drawn < self.load.resident {
            drawn
        } else {
            self.draw_resident(x) // the key was drawn to miss
        };
        self.write::<T, false>(table, rank);
    }

    /// Like rm_draw_resident() in C.
    fn draw_resident(&self, x: u64) -> u64 {
        if let Some(skew) = &self.skew {
            return (0..REDRAWS)
                .map(|i| skew.rank(seed_of(x, i)))
                .find(|&rank| rank < self.load.resident)
                .map(|rank| skew.key(rank))
                .unwrap_or_else(|| below(seed_of(x, 0), self.load.resident));
        }
        let tries = if self.stream.is_empty() { 0 } else { REDRAWS };
        let mask = self.stream.len().wrapping_sub(1);
        (0..tries)
            .map(|i| u64::from(self.stream[seed_of(x, i) as usize & mask]))
            .find(|&rank| rank < self.load.resident)
            .unwrap_or_else(|| below(seed_of(x, 0), self.load.resident))
    }

    /// Makes a write of the cell's kind.
    fn write<T: Table, const ACCOUNT: bool>(&mut self, table: &T, rank: u64) {
        match self.load.kind {
            Kind::Update => self.put::<T, ACCOUNT>(table, rank),
            Kind::Churn => {
                self.take::<T, ACCOUNT>(table, rank);
                self.put::<T, ACCOUNT>(table, rank);
                self.counts.pairs += 1;
            }
            Kind::Fresh => {
                self.put::<T, ACCOUNT>(table, self.newest());
                self.take::<T, ACCOUNT>(table, self.oldest());
                self.wrote_fresh();
                self.counts.pairs += 1;
            }
        }
    }

    /// Makes a fresh write as in the window, or removes and reinserts a key.
    pub fn renew<T: Table>(&mut self, table: &T, rank: u64) {
        if self.load.kind == Kind::Fresh {
            self.write::<T, false>(table, rank);
        } else {
            self.take::<T, false>(table, rank);
            self.put::<T, false>(table, rank);
        }
    }

    fn put<T: Table, const ACCOUNT: bool>(&mut self, table: &T, rank: u64) {
        self.sequence += 1;
        // the writer of the prefill is 0
        let writer = self.slot as u64 + u64::from(ACCOUNT);
        let value = value_of(rank, writer, self.sequence);
        let old = table.upsert(rank, value);

        self.counts.writes += 1;
        if old.is_none() {
            self.counts.inserts += 1;
            self.key_sum = self.key_sum.wrapping_add(mix_of(rank));
        }
        if ACCOUNT {
            let a = &mut self.account;
            a.written = a.written.wrapping_add(value);
            a.puts += 1;
            self.note_removed(rank, old);
        }
    }

    fn take<T: Table, const ACCOUNT: bool>(&mut self, table: &T, rank: u64) {
        let old = table.remove(rank);

        self.counts.writes += 1;
        if old.is_some() {
            self.counts.removes += 1;
            self.key_sum = self.key_sum.wrapping_sub(mix_of(rank));
        } else {
            self.counts.idle_removes += 1;
        }
        if ACCOUNT {
            self.note_removed(rank, old);
        }
    }

    /// Records a value that was removed from the map.
    fn note_removed(&mut self, rank: u64, old: Option<u64>) {
        if let Some(value) = old {
            let a = &mut self.account;
            a.returned = a.returned.wrapping_add(value);
            a.outs += 1;
            self.wrong |= rank_mismatch(value, rank);
        }
    }

    /// Like runner/trial/accounting.c. Makes writes of the cell's kind on few keys, and lookups
    /// concurrent with writes of other threads.
    pub fn verify<T: Table>(&mut self, table: &T) {
        let start = Instant::now();

        while !self.account.stopped_early && self.load.take_batch() {
            let until = self.counts.writes + BATCH;
            while self.counts.writes < until {
                let rank = below(next(&mut self.rng), self.load.resident);
                self.write::<T, true>(table, rank);
                let rank = below(next(&mut self.rng), self.load.resident);
                if let Some(value) = table.lookup(rank) {
                    self.wrong |= rank_mismatch(value, rank);
                }
            }
            self.account.stopped_early =
                T::SLOW_WRITES && start.elapsed() > SLOW_LIMIT;
        }
        self.counts.pairs = 0;
        self.counts.iterations = self.counts.writes;
    }
}

/// A map that only computes a digest of the operations and keys, in their order.
/// tests/unit/trial/test_sequence.c does the same in C.
pub struct Folding {
    pub line_of: Option<fn(u64) -> [u8; 16]>, // None unless keys are strings
    pub sum: AtomicU64,
}

impl Folding {
    fn fold(&self, rank: u64, operation: u64, value: u64) -> Option<u64> {
        let sum = self.sum.load(Relaxed);
        let sum = match self.line_of {
            None => seed_of(sum ^ scatter(rank), operation),
            Some(line_of) => {
                let line = u128::from_le_bytes(line_of(rank));
                let sum = seed_of(sum ^ line as u64, operation);
                seed_of(sum ^ (line >> 64) as u64, u64::MAX)
            }
        };
        self.sum.store(sum ^ value, Relaxed);
        Some(rank)
    }
}

impl Table for Folding {
    fn create(_: usize, _: u64) -> Self {
        unreachable!("Folding holds no entries, so no trial measures it")
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        self.fold(rank, 0, 0)
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        self.fold(rank, 1, value)
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        self.fold(rank, 2, 0)
    }
}
