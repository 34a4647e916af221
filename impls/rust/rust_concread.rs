// SPDX-License-Identifier: Apache-2.0
//! concread's HashMap: a tree whose nodes are copied by a write. A batch's
//! look-ups are one read transaction, which sees one moment; a write is a
//! transaction of its own, one writer at a time.

use crate::keys::{value_of, Key};
use crate::table::Table;
use crate::worker::Worker;
use concread::hashmap::HashMap;

pub struct Transactions<K: Key> {
    map: HashMap<K, u64>,
}

impl<K: Key> Table for Transactions<K> {
    /// It takes neither a size nor a hash.
    fn create(_: usize, _: u64) -> Self {
        Transactions { map: HashMap::new() }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.read().get(key).copied())
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        let mut write = self.map.write();
        let old = write.insert(K::own(rank), value);
        write.commit();
        old
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        let mut write = self.map.write();
        let old = write.remove(&K::own(rank));
        write.commit();
        old
    }

    /// One transaction for all of them.
    fn fill(&self, ranks: &mut dyn Iterator<Item = u64>) {
        let mut write = self.map.write();
        for rank in ranks {
            write.insert(K::own(rank), value_of(rank, 0, 0));
        }
        write.commit();
    }

    /// The moment is after the batch's bases were read, which stay: no key that
    /// it may ask for was put in later, and none that the view has leaves it.
    fn batch(&self, worker: &mut Worker) {
        worker.note_bases();
        let read = self.map.read();
        worker.batch(self, Worker::noted_base, |rank| {
            K::view(rank, |key| read.get(key).copied())
        });
    }
}
