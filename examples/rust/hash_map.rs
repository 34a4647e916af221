// SPDX-License-Identifier: Apache-2.0
//! hash_map.rs - std's RwLock<HashMap> with an adapter: `readmostly check examples/rust/hash_map.rs`.
//! RUSTFLAGS='--cfg bug' injects a bug: an update looks the key up under the shared lock, and inserts later.
include!(env!("READMOSTLY_RS"));

use std::collections::HashMap;
use std::sync::RwLock;

struct SharedMap(RwLock<HashMap<u64, u64>>);

impl Map for SharedMap {
    fn new(expected_keys: usize) -> Self {
        SharedMap(RwLock::new(HashMap::with_capacity(expected_keys)))
    }
    fn lookup(&self, key: u64) -> Option<u64> {
        self.0.read().unwrap().get(&key).copied()
    }
    fn upsert(&self, key: u64, value: u64) -> Option<u64> {
        let old = self.lookup(key);
        let replaced = self.0.write().unwrap().insert(key, value);
        if cfg!(bug) { old } else { replaced }
    }
    fn remove(&self, key: u64) -> Option<u64> {
        self.0.write().unwrap().remove(&key)
    }
}

extern "C" fn length(map: Handle) -> usize {
    of::<SharedMap>(map).0.read().unwrap().len()
}

readmostly_map!(SharedMap, "Rust HashMap", "none", "blocking", length: Some(length));
