// SPDX-License-Identifier: Apache-2.0
//! ArcSwap of a HashMap: a lookup uses the current map. A write clones it, changes the
//! clone and publishes it, and starts over if another write was first.

use crate::keys::{value_of, Common, Key};
use crate::table::Table;
use arc_swap::ArcSwap;
use std::collections::HashMap;

type Map<K> = HashMap<K, u64, Common>;

pub struct Snapshots<K: Key> {
    map: ArcSwap<Map<K>>,
}

impl<K: Key> Snapshots<K> {
    fn change<R>(&self, edit: impl Fn(&mut Map<K>) -> R) -> R {
        let mut result = None;
        self.map.rcu(|map| {
            let mut copy = Map::clone(map);
            result = Some(edit(&mut copy));
            copy
        });
        result.expect("rcu() has called it")
    }
}

impl<K: Key> Table for Snapshots<K> {
    const SLOW_WRITES: bool = true;

    fn create(size: usize, seed: u64) -> Self {
        let hash = Common::new(seed);
        let map = Map::with_capacity_and_hasher(size, hash);
        Snapshots { map: ArcSwap::from_pointee(map) }
    }

    fn lookup(&self, rank: u64) -> Option<u64> {
        K::view(rank, |key| self.map.load().get(key).copied())
    }

    fn upsert(&self, rank: u64, value: u64) -> Option<u64> {
        self.change(|map| map.insert(K::stored_key(rank), value))
    }

    fn remove(&self, rank: u64) -> Option<u64> {
        self.change(|map| K::view(rank, |key| map.remove(key)))
    }

    /// Makes one clone for all ranks.
    fn fill(&self, ranks: &mut dyn Iterator<Item = u64>) {
        let ranks: Vec<u64> = ranks.collect();
        self.change(|map| {
            for &rank in &ranks {
                map.insert(K::stored_key(rank), value_of(rank, 0, 0));
            }
        });
    }
}
