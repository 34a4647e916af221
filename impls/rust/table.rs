// SPDX-License-Identifier: Apache-2.0
//! What the loops ask of a map. Each map is a file, generic over its kind of
//! key, so that the loop is compiled with its operations inside.

use crate::keys::value_of;
use crate::worker::Worker;

pub trait Table: Send + Sized + Sync + 'static {
    /// Whether there is anything to be verified.
    const HOLDS: bool = true;
    /// Whether a write costs O(keys): SLOW_WRITES of maps.tsv.
    const SLOW_WRITES: bool = false;

    /// `size`: the keys that it is made for; 0: it grows.
    fn create(size: usize, seed: u64) -> Self;
    fn lookup(&self, rank: u64) -> Option<u64>;
    /// These return what was there.
    fn upsert(&self, rank: u64, value: u64) -> Option<u64>;
    fn remove(&self, rank: u64) -> Option<u64>;

    /// A thread's share of the prefill.
    fn fill(&self, ranks: &mut dyn Iterator<Item = u64>) {
        for rank in ranks {
            self.upsert(rank, value_of(rank, 0, 0));
        }
    }

    /// A batch of the measured loop; a map whose look-ups share a view of one
    /// moment takes that here.
    fn batch(&self, worker: &mut Worker) {
        let base = |worker: &Worker, rank| worker.load.base(rank);
        worker.batch(self, base, |rank| self.lookup(rank));
    }
}
