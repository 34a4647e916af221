// SPDX-License-Identifier: Apache-2.0
//! Distributions of ranks: uniform, zipf:THETA, hot:KEYS%:OPERATIONS% or sequential;
//! streams of sequential ranks.

use crate::keys::{below, next, seed_of, unit};
use crate::skew::{Popularity, Skew};
use crate::worker::Load;

#[derive(Clone, Copy, PartialEq)]
pub enum Distribution {
    Uniform,
    Sequential,
    Zipf { theta: f64 },
    Hot { keys: f64, operations: f64 },
}

fn percent(text: &str) -> Option<f64> {
    Some(text.strip_suffix('%')?.parse::<f64>().ok()? / 100.0)
}

impl Distribution {
    pub fn read(text: &str) -> Option<Distribution> {
        let parts: Vec<&str> = text.split(':').collect();

        match parts[..] {
            ["uniform"] => Some(Distribution::Uniform),
            ["sequential"] => Some(Distribution::Sequential),
            ["zipf", theta] => {
                Some(Distribution::Zipf { theta: theta.parse().ok()? })
            }
            ["hot", keys, operations] => Some(Distribution::Hot {
                keys: percent(keys)?,
                operations: percent(operations)?,
            }),
            _ => None,
        }
    }

    /// Returns None if the cell is neither zipf nor hot.
    pub fn skew(&self, load: &Load, seed: u64) -> Option<Skew> {
        let popularity = match *self {
            Distribution::Zipf { theta } => Popularity::Zipf { theta },
            Distribution::Hot { keys, operations } => {
                Popularity::Hot { keys, operations }
            }
            _ => return None,
        };
        Some(Skew::new(&popularity, load, seed))
    }

    /// Returns the ranks of a sequential cell, like rm_stream_create() in C. Their number is a
    /// power of two. If writes are fresh, they are the resident ranks without the guard at both
    /// ends. Empty if the cell is not sequential.
    pub fn stream(&self, load: &Load, slot: usize, seed: u64) -> Vec<u32> {
        if *self != Distribution::Sequential {
            return Vec::new();
        }
        let present = load.resident.min(load.span);
        let mut rng = seed_of(seed, slot as u64);
        let mut sequential = present / load.threads as u64 * slot as u64;
        let mut draw = || {
            if load.span > load.resident && unit(next(&mut rng)) < load.misses
            {
                let absent = load.span - load.resident;
                return load.resident + below(next(&mut rng), absent);
            }
            sequential += 1;
            (sequential - 1) % present
        };
        (0..length(load)).map(|_| draw() as u32).collect()
    }
}

fn length(load: &Load) -> usize {
    let mut length = 1 << 20;
    while length > 4096 && length * load.threads * 4 > 64 << 20 {
        length /= 2;
    }
    while length < 1 << 30 && ((length * load.threads) as u64) < load.span {
        length *= 2;
    }
    length
}
