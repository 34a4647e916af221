// SPDX-License-Identifier: Apache-2.0
//! The list of maps, and the trial of one. A map whose crate is missing is not built, since its
//! feature is off.

use crate::keys::{line_of, Last, Middle, Text};
use crate::request::{Request, PROTOCOL};
use crate::result::report;
use crate::rust_null::{Numbers, Texts};
use crate::rust_rwlock::Locked;
use crate::table::Table;
use crate::team::Team;
use crate::worker::{Folding, Load};
use serde_json::{json, Value};
use std::sync::atomic::AtomicU64;

/// How to run one map with one shape.
pub struct Maps {
    pub holds: bool,
    pub run: fn(&Request) -> Value,
}

fn maps<T: Table>() -> Option<Maps> {
    Some(Maps { holds: T::HOLDS, run: run::<T> })
}

/// Selects among maps of numbers, of default strings, and of strings that differ in the
/// middle or at the end.
fn select_maps<N: Table, S: Table, M: Table, L: Table>(
    shape: &str,
    differs: &str,
) -> Option<Maps> {
    match (shape, differs) {
        ("u64x8", "first") => maps::<N>(),
        ("str16x8", "first") => maps::<S>(),
        ("str16x8", "middle") => maps::<M>(),
        ("str16x8", "last") => maps::<L>(),
        _ => None,
    }
}

macro_rules! each_key {
    ($map:ident, $shape:expr, $differs:expr) => {
        select_maps::<$map<u64>, $map<Text>, $map<Middle>, $map<Last>>(
            $shape, $differs,
        )
    };
}

pub fn maps_of(map: &str, shape: &str, differs: &str) -> Option<Maps> {
    match map {
        #[cfg(feature = "arc-swap")]
        "rust_arc_swap" => {
            use crate::rust_arc_swap::Snapshots;
            each_key!(Snapshots, shape, differs)
        }
        #[cfg(feature = "concread")]
        "rust_concread" => {
            use crate::rust_concread::Transactions;
            each_key!(Transactions, shape, differs)
        }
        #[cfg(feature = "dashmap")]
        "rust_dashmap" => {
            use crate::rust_dashmap::Sharded;
            each_key!(Sharded, shape, differs)
        }
        #[cfg(feature = "dashmap-new")]
        "rust_dashmap_new" => {
            use crate::rust_dashmap_new::Sharded;
            each_key!(Sharded, shape, differs)
        }
        "rust_null" => {
            select_maps::<Numbers, Texts<Text>, Texts<Middle>, Texts<Last>>(
                shape, differs,
            )
        }
        #[cfg(feature = "papaya")]
        "rust_papaya" => {
            use crate::rust_papaya::Guarded;
            each_key!(Guarded, shape, differs)
        }
        #[cfg(feature = "papaya")]
        "rust_papaya_pinned" => {
            use crate::rust_papaya_pinned::Pinned;
            each_key!(Pinned, shape, differs)
        }
        "rust_rwlock" => each_key!(Locked, shape, differs),
        #[cfg(feature = "scc")]
        "rust_scc" => {
            use crate::rust_scc::Buckets;
            each_key!(Buckets, shape, differs)
        }
        #[cfg(feature = "scc")]
        "rust_scc_index" => {
            use crate::rust_scc_index::Indexed;
            each_key!(Indexed, shape, differs)
        }
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
            let maps = maps_of(&cell.map, &cell.shape, cell.differs());
            (maps.expect("refusal() has looked").run)(request)
        }
    };

    result["protocol"] = json!(PROTOCOL);
    result["cell"] = json!(cell.id);
    result.to_string()
}

/// Runs the loop of the cell's first thread.
pub fn sequence(request: &Request) -> String {
    // leaked, since a table requires 'static
    let load: &'static Load = Box::leak(Box::new(Load::new(&request.cell)));
    let mut team = Team::new(request, load);
    let folding = Folding {
        line_of: match request.cell.differs() {
            _ if !request.cell.shape.starts_with("str") => None,
            "middle" => Some(Middle::line_of),
            "last" => Some(Last::line_of),
            _ => Some(line_of),
        },
        sum: AtomicU64::new(0),
    };
    let worker = &mut team.members[0].worker;

    worker.limit = request.cell.window_ops;
    worker.drive(&folding);
    format!("{:016x}", folding.sum.into_inner())
}
