// SPDX-License-Identifier: Apache-2.0
//! A request of docs/reference/trial-protocol.md.

use crate::stream::Distribution;
use crate::trial::maps_of;
use serde::Deserialize;
use serde_json::Value;

/// The version of the protocol.
pub const PROTOCOL: u64 = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub protocol: u64,
    pub cell: Cell,
    pub seed: u64,
    pub control_extra: f64,
    counters: Value,
}

/// A cell. Optional members are absent if they have their default; members with an
/// underscore have no effect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    pub id: String,
    #[serde(rename = "workload")]
    _workload: String,
    pub map: String,
    pub shape: String,
    pub keys: u64,
    pub write_share: f64,
    pub miss_share: f64,
    pub write_kind: String,
    pub dist: String,
    #[serde(rename = "loop")]
    pub kind: String,
    #[serde(rename = "rate_per_s")]
    _rate_per_s: f64,
    #[serde(rename = "arrivals")]
    _arrivals: String,
    pub threads: usize,
    #[serde(rename = "placement")]
    _placement: String,
    pub memory: String,
    pub cpus: Vec<usize>,
    pub presize: bool,
    pub warm_up_ns: u64,
    pub window_ns: u64,
    pub window_ops: u64,
    pub deadline_ns: u64,
    pub verify_ops: u64,
    pub measure: String,

    trace: Option<Value>,
    settle: Option<String>,
    #[serde(rename = "clock_rate")]
    _clock_rate: Option<String>,
    allocator: Option<String>,
    huge_pages: Option<String>,
    #[serde(rename = "goroutines")]
    _goroutines: Option<String>,
    key_differs: Option<String>,
}

impl Cell {
    pub fn verifies(&self) -> bool {
        self.measure == "verify"
    }

    /// Returns which 8 bytes of a string key differ between keys.
    pub fn differs(&self) -> &str {
        self.key_differs.as_deref().unwrap_or("first")
    }

    pub fn settles(&self) -> bool {
        self.settle.as_deref() != Some("no")
    }

    /// Returns N if `settle` is "renewed:N", otherwise 0.
    pub fn renewals(&self) -> u64 {
        let settle = self.settle.as_deref().unwrap_or("");
        let text = settle.strip_prefix("renewed:").unwrap_or("0");
        text.parse().unwrap_or(0)
    }
}

impl Request {
    /// Reads one request. Every member must be present, and no other.
    pub fn read(text: &str) -> Result<Request, String> {
        let request: Request =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        request.wrong().map_or(Ok(request), Err)
    }

    /// Returns an error that every program would find in the request, if any.
    fn wrong(&self) -> Option<String> {
        let c = &self.cell;
        let cpus = c.cpus.len();

        if self.protocol != PROTOCOL {
            return Some(format!("protocol is not {PROTOCOL}"));
        }
        if c.threads < 1 || c.keys < 1 || cpus != 0 && cpus != c.threads {
            return Some("keys, threads or cpus out of range".into());
        }
        let settle = c.settle.as_deref().unwrap_or("yes");
        if !["yes", "no"].contains(&settle)
            && !(1..=100).contains(&c.renewals())
        {
            return Some(
                "settle: expected yes, no or renewed:1 to renewed:100".into(),
            );
        }
        let windows = (c.window_ns == 0) != (c.window_ops == 0);
        if c.verifies() && c.verify_ops > 0 || !c.verifies() && windows {
            return None;
        }
        Some(
            "exactly one of window_ns and window_ops is needed, and \
             verify_ops to verify"
                .into(),
        )
    }

    /// Returns the reason why this program cannot run the cell, if there is one.
    pub fn refusal(&self) -> Option<String> {
        let c = &self.cell;
        let unusual = |value: &Option<String>, usual| {
            value.as_deref().map_or(false, |value| value != usual)
        };
        let maps = match maps_of(&c.map, &c.shape, c.differs()) {
            Some(maps) => maps,
            None => {
                return Some(format!(
                    "readmostly-rust has no map {} for {} with key_differs {}",
                    c.map,
                    c.shape,
                    c.differs()
                ))
            }
        };
        let why = if c.verifies() && c.renewals() > 0 {
            "a verification does not renew keys"
        } else if c.verifies() && !maps.holds {
            "this map holds nothing that could be verified"
        } else if c.kind != "mix"
            || c.measure != "throughput" && !c.verifies()
        {
            "readmostly-rust measures throughput of the loop mix"
        } else if !["update", "churn", "fresh"].contains(&&*c.write_kind) {
            "readmostly-rust has no such write kind"
        } else if c.trace.is_some() || Distribution::read(&c.dist).is_none() {
            "readmostly-rust draws its keys: it cannot replay a trace"
        } else if c.memory != "first-touch"
            || unusual(&c.allocator, "glibc")
            || unusual(&c.huge_pages, "system")
        {
            "readmostly-rust supports only allocator = glibc and memory = first-touch"
        } else if self.counters["backend"] != "none" {
            "readmostly-rust has no counters"
        } else {
            return None;
        };
        Some(why.into())
    }
}
