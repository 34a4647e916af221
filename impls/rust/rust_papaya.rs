// SPDX-License-Identifier: Apache-2.0
//! papaya's HashMap with a guard for each operation, as in its examples: map.pin(). The guard
//! writes the thread's own reservation; a lookup writes nothing shared.

use crate::keys::{Common, Key};
use crate::table::Table;
use papaya::HashMap;

pub struct Guarded<K: Key> {
    map: HashMap<K, u64, Common>,
}

impl<K: Key> Table for Guarded<K> {
    fn create(size: usize, seed: u64) -> Self {
        let hash = Common::new(seed);
        Guarded { map: HashMap::with_capacity_and_hasher(size, hash) }
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
}
