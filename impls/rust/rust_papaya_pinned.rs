// SPDX-License-Identifier: Apache-2.0
//! papaya's HashMap with one guard for a batch of 64 operations. Lookups still return the
//! current values. Memory that is retired meanwhile is freed after the batch.

use crate::keys::{Common, Key};
use crate::table::Table;
use crate::worker::Worker;
use papaya::HashMap;

pub struct Pinned<K: Key> {
    map: HashMap<K, u64, Common>,
}

impl<K: Key> Table for Pinned<K> {
    fn create(size: usize, seed: u64) -> Self {
        let hash = Common::new(seed);
        Pinned { map: HashMap::with_capacity_and_hasher(size, hash) }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.pin().get(key).copied())
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        self.map.pin().insert(K::stored_key(rank), value).copied()
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.pin().remove(key).copied())
    }

    /// The guard of a write only increments a counter, since the thread is pinned already.
    fn batch(&self, worker: &mut Worker) {
        let pinned = self.map.pin();
        let base = |worker: &Worker, rank| worker.load.base(rank);
        worker.batch(self, base, |rank| {
            K::view(rank, |key| pinned.get(key).copied())
        });
    }
}
