// SPDX-License-Identifier: Apache-2.0
//! Tests scc's HashMap.
include!(env!("READMOSTLY_RS"));

struct Tested(scc::HashMap<u64, u64>);

impl Map for Tested {
    fn new(_expected_keys: usize) -> Self {
        Tested(scc::HashMap::new())
    }
    fn lookup(&self, key: u64) -> Option<u64> {
        self.0.read_sync(&key, |_, value| *value)
    }
    fn upsert(&self, key: u64, value: u64) -> Option<u64> {
        self.0.upsert_sync(key, value)
    }
    fn remove(&self, key: u64) -> Option<u64> {
        self.0.remove_sync(&key).map(|(_, value)| value)
    }
}

readmostly_map!(Tested, "scc HashMap", "none", "blocking");
