// SPDX-License-Identifier: Apache-2.0
//! A HashMap under std's RwLock, the first choice of most Rust programs. A lookup writes
//! the lock's word twice.

use crate::keys::{Common, Key};
use crate::table::Table;
use std::collections::HashMap;
use std::sync::RwLock;

pub struct Locked<K: Key> {
    map: RwLock<HashMap<K, u64, Common>>,
}

/// A panic of a thread ends the process, so locks are never poisoned.
const NOT_POISONED: &str = "a panic ends the process";

impl<K: Key> Table for Locked<K> {
    fn create(size: usize, seed: u64) -> Self {
        let hash = Common::new(seed);
        let map = HashMap::with_capacity_and_hasher(size, hash);
        Locked { map: RwLock::new(map) }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| {
            self.map.read().expect(NOT_POISONED).get(key).copied()
        })
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        let key = K::stored_key(rank);
        self.map.write().expect(NOT_POISONED).insert(key, value)
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.write().expect(NOT_POISONED).remove(key))
    }
}
