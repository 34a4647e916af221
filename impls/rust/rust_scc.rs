// SPDX-License-Identifier: Apache-2.0
//! scc's HashMap: buckets of 32 entries, each bucket under a reader-writer lock. A lookup writes
//! its bucket's lock twice, and the thread's own epoch.

use crate::keys::{Common, Key};
use crate::table::Table;
use scc::HashMap;

pub struct Buckets<K: Key> {
    map: HashMap<K, u64, Common>,
}

impl<K: Key> Table for Buckets<K> {
    fn create(size: usize, seed: u64) -> Self {
        let hash = Common::new(seed);
        Buckets { map: HashMap::with_capacity_and_hasher(size, hash) }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.read_sync(key, |_, value| *value))
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        self.map.upsert_sync(K::stored_key(rank), value)
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.remove_sync(key).map(|(_, value)| value))
    }
}
