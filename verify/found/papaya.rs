// SPDX-License-Identifier: Apache-2.0
//! Tests papaya's HashMap, pinned for each operation.
include!(env!("READMOSTLY_RS"));

struct Tested(papaya::HashMap<u64, u64>);

impl Map for Tested {
    fn new(_expected_keys: usize) -> Self {
        Tested(papaya::HashMap::new())
    }
    fn lookup(&self, key: u64) -> Option<u64> {
        self.0.pin().get(&key).copied()
    }
    fn upsert(&self, key: u64, value: u64) -> Option<u64> {
        self.0.pin().insert(key, value).copied()
    }
    fn remove(&self, key: u64) -> Option<u64> {
        self.0.pin().remove(&key).copied()
    }
}

readmostly_map!(Tested, "papaya", "none", "blocking");
