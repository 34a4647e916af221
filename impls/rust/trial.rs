// SPDX-License-Identifier: Apache-2.0
//! Which maps there are, and the trial of one. A map whose crate is not here is
//! not built: its feature is off.

use crate::keys::Text;
use crate::request::{Request, PROTOCOL};
use crate::result::report;
use crate::rust_null::{Numbers, Texts};
use crate::rust_rwlock::Locked;
use crate::table::Table;
use crate::team::Team;
use crate::worker::{Folding, Load};
use serde_json::{json, Value};
use std::sync::atomic::AtomicU64;

/// A map and shape.
pub struct Maps {
    pub holds: bool,
    pub run: fn(&Request) -> Value,
}

fn maps<T: Table>() -> Option<Maps> {
    Some(Maps { holds: T::HOLDS, run: run::<T> })
}

/// A map of numbers and one of strings.
fn either<N: Table, S: Table>(shape: &str) -> Option<Maps> {
    match shape {
        "u64x8" => maps::<N>(),
        "str16x8" => maps::<S>(),
        _ => None,
    }
}

pub fn maps_of(map: &str, shape: &str) -> Option<Maps> {
    match map {
        #[cfg(feature = "arc-swap")]
        "rust_arc_swap" => {
            use crate::rust_arc_swap::Snapshots;
            either::<Snapshots<u64>, Snapshots<Text>>(shape)
        }
        #[cfg(feature = "concread")]
        "rust_concread" => {
            use crate::rust_concread::Transactions;
            either::<Transactions<u64>, Transactions<Text>>(shape)
        }
        #[cfg(feature = "dashmap")]
        "rust_dashmap" => {
            use crate::rust_dashmap::Sharded;
            either::<Sharded<u64>, Sharded<Text>>(shape)
        }
        "rust_null" => either::<Numbers, Texts>(shape),
        "rust_rwlock" => either::<Locked<u64>, Locked<Text>>(shape),
        _ => None,
    }
}

fn run<T: Table>(request: &Request) -> Value {
    let load = Load::new(&request.cell);
    let mut team = Team::new(request, &load);

    team.run::<T>();
    report::<T>(&team)
}

pub fn trial(request: &Request) -> String {
    let cell = &request.cell;
    let mut result = match request.refusal() {
        Some(reason) => json!({"status": "failed", "reason": reason}),
        None => {
            let maps = maps_of(&cell.map, &cell.shape);
            (maps.expect("refusal() has looked").run)(request)
        }
    };

    result["protocol"] = json!(PROTOCOL);
    result["cell"] = json!(cell.id);
    result.to_string()
}

/// Runs the loop of the cell's first thread.
pub fn sequence(request: &Request) -> String {
    // a table lives as long as it likes, and this one has it
    let load: &'static Load = Box::leak(Box::new(Load::new(&request.cell)));
    let mut team = Team::new(request, load);
    let folding = Folding {
        strings: request.cell.shape.starts_with("str"),
        sum: AtomicU64::new(0),
    };
    let worker = &mut team.members[0].worker;

    worker.limit = request.cell.window_ops;
    worker.drive(&folding);
    format!("{:016x}", folding.sum.into_inner())
}
