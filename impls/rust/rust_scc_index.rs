// SPDX-License-Identifier: Apache-2.0
//! scc's HashIndex, its map for lookups: they take no lock and write only the thread's own epoch.
//! Writes lock their bucket. Values are atomic, as in its examples. OccupiedEntry::update() would
//! insert a new entry and remove the old one, and lookups would miss the key in between.

use crate::keys::{Common, Key};
use crate::table::Table;
use scc::hash_index::Entry;
use scc::HashIndex;
use std::sync::atomic::{AtomicU64, Ordering};

pub struct Indexed<K: Key> {
    map: HashIndex<K, AtomicU64, Common>,
}

impl<K: Key> Table for Indexed<K> {
    fn create(size: usize, seed: u64) -> Self {
        let hash = Common::new(seed);
        Indexed { map: HashIndex::with_capacity_and_hasher(size, hash) }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        let load = |_: &K, value: &AtomicU64| value.load(Ordering::Acquire);
        K::view(rank, |key| self.map.peek_with(key, load))
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        match self.map.entry_sync(K::stored_key(rank)) {
            Entry::Occupied(entry) => {
                Some(entry.get().swap(value, Ordering::AcqRel))
            }
            Entry::Vacant(entry) => {
                entry.insert_entry(value.into());
                None
            }
        }
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        let entry = K::view(rank, |key| self.map.get_sync(key))?;
        let old = entry.get().load(Ordering::Acquire);
        entry.remove_entry();
        Some(old)
    }
}
