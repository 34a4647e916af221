// SPDX-License-Identifier: Apache-2.0
//! The interface between loops and maps. Each map is a file, generic over its kind of
//! key, so that its operations are compiled into the loop.

use crate::keys::value_of;
use crate::worker::Worker;

pub trait Table: Send + Sized + Sync + 'static {
    /// True if the map has entries to verify.
    const HOLDS: bool = true;
    /// True if a write costs O(keys): SLOW_WRITES in maps.tsv.
    const SLOW_WRITES: bool = false;

    /// `size` is the expected number of keys. If it is 0, the map starts small and grows.
    fn create(size: usize, seed: u64) -> Self;
    fn lookup(&self, rank: u64) -> Option<u64>;
    /// Like remove, returns the old value.
    fn upsert(&self, rank: u64, value: u64) -> Option<u64>;
    fn remove(&self, rank: u64) -> Option<u64>;

    /// Inserts one thread's share of the prefill.
    fn fill(&self, ranks: &mut dyn Iterator<Item = u64>) {
        for rank in ranks {
            self.upsert(rank, value_of(rank, 0, 0));
        }
    }

    /// Runs a batch of the measured loop. A map whose lookups share one consistent view takes the
    /// view here.
    fn batch(&self, worker: &mut Worker) {
        let base = |worker: &Worker, rank| worker.load.base(rank);
        worker.batch(self, base, |rank| self.lookup(rank));
    }
}
