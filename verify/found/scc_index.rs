// SPDX-License-Identifier: Apache-2.0
//! Tests scc's HashIndex, whose entries are replaced by OccupiedEntry::update().
include!(env!("READMOSTLY_RS"));
use scc::hash_index::{Entry, HashIndex};

struct Tested(HashIndex<u64, u64>);

impl Map for Tested {
    fn new(_expected_keys: usize) -> Self {
        Tested(HashIndex::new())
    }
    fn lookup(&self, key: u64) -> Option<u64> {
        self.0.peek_with(&key, |_, value| *value)
    }
    fn upsert(&self, key: u64, value: u64) -> Option<u64> {
        match self.0.entry_sync(key) {
            Entry::Occupied(mut entry) => {
                let old = *entry.get();
                entry.update(value);
                Some(old)
            }
            Entry::Vacant(entry) => {
                entry.insert_entry(value);
                None
            }
        }
    }
    fn remove(&self, key: u64) -> Option<u64> {
        let entry = self.0.get_sync(&key)?;
        let old = *entry.get();
        entry.remove_entry();
        Some(old)
    }
}

readmostly_map!(Tested, "scc HashIndex", "none", "blocking");
