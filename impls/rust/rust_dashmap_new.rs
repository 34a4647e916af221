// SPDX-License-Identifier: Apache-2.0
//! DashMap 6: shards of a hash table, each under its own lock. Their number is its default
//! (4 per CPU, a power of two). A lookup writes its shard's lock twice.

use crate::keys::{Common, Key};
use crate::table::Table;
use dashmap_new::DashMap;

pub struct Sharded<K: Key> {
    map: DashMap<K, u64, Common>,
}

impl<K: Key> Table for Sharded<K> {
    fn create(size: usize, seed: u64) -> Self {
        let hash = Common::new(seed);
        Sharded { map: DashMap::with_capacity_and_hasher(size, hash) }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.get(key).map(|entry| *entry))
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        self.map.insert(K::stored_key(rank), value)
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.remove(key).map(|(_, value)| value))
    }
}
