// SPDX-License-Identifier: Apache-2.0
//! concread's HashMap: a tree whose nodes a write copies. All lookups of a batch are one
//! read transaction with one consistent view. Each write is a transaction, one writer at
//! a time.

use crate::keys::{value_of, Key};
use crate::table::Table;
use crate::worker::Worker;
use concread::hashmap::HashMap;

pub struct Transactions<K: Key> {
    map: HashMap<K, u64>,
}

impl<K: Key> Table for Transactions<K> {
    /// The constructor takes neither a size nor a hash.
    fn create(_: usize, _: u64) -> Self {
        Transactions { map: HashMap::new() }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.read().get(key).copied())
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        let mut write = self.map.write();
        let old = write.insert(K::stored_key(rank), value);
        write.commit();
        old
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        let mut write = self.map.write();
        let old = write.remove(&K::stored_key(rank));
        write.commit();
        old
    }

    /// Uses one transaction for all ranks.
    fn fill(&self, ranks: &mut dyn Iterator<Item = u64>) {
        let mut write = self.map.write();
        for rank in ranks {
            write.insert(K::stored_key(rank), value_of(rank, 0, 0));
        }
        write.commit();
    }

    /// Reads the bases first, keeps them fixed, and takes the view afterwards. So the batch looks
    /// up no key that was inserted after the view was taken, and all its keys are in the view.
    fn batch(&self, worker: &mut Worker) {
        worker.store_bases();
        let read = self.map.read();
        worker.batch(self, Worker::stored_base, |rank| {
            K::view(rank, |key| read.get(key).copied())
        });
    }
}
