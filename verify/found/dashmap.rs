// SPDX-License-Identifier: Apache-2.0
//! Tests DashMap.
include!(env!("READMOSTLY_RS"));

struct Tested(dashmap::DashMap<u64, u64>);

impl Map for Tested {
    fn new(_expected_keys: usize) -> Self {
        Tested(dashmap::DashMap::new())
    }
    fn lookup(&self, key: u64) -> Option<u64> {
        self.0.get(&key).map(|entry| *entry)
    }
    fn upsert(&self, key: u64, value: u64) -> Option<u64> {
        self.0.insert(key, value)
    }
    fn remove(&self, key: u64) -> Option<u64> {
        self.0.remove(&key).map(|(_, value)| value)
    }
}

readmostly_map!(Tested, "DashMap", "none", "blocking");
