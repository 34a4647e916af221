// SPDX-License-Identifier: Apache-2.0
//! Distributions of ranks: uniform, zipf:THETA, hot:KEYS%:OPERATIONS% or
//! sequential; and streams of ranks, drawn before the window.

use crate::keys::{below, next, seed_of, unit};
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

    /// rm_stream_most(): the share of draws that the one drawn most has.
    pub fn most(&self, resident: u64) -> f64 {
        let n = resident as f64;

        match *self {
            Distribution::Zipf { theta } => {
                let zipf = Zipf::new(resident, theta);
                (1.0 / (zipf.xn - zipf.x1)).min(1.0)
            }
            Distribution::Hot { keys, operations } => {
                let edge = hot_ranks(keys, resident);
                match edge < n {
                    true => (operations / edge)
                        .max((1.0 - operations) / (n - edge)),
                    false => 1.0 / n,
                }
            }
            _ => 1.0 / n,
        }
    }

    /// rm_stream_create(): a power of two of ranks. Fresh: the resident ranks
    /// without the guard at their two ends.
    pub fn stream(&self, load: &Load, slot: usize, seed: u64) -> Vec<u32> {
        let present = load.resident.min(load.span);
        let mut rng = seed_of(seed, slot as u64);
        let mut sequential = present / load.threads as u64 * slot as u64;
        let zipf = match *self {
            Distribution::Zipf { theta } => Some(Zipf::new(present, theta)),
            _ => None,
        };
        let mut draw = || {
            if load.span > load.resident && unit(next(&mut rng)) < load.misses
            {
                return between(&mut rng, load.resident, load.span);
            }
            match (self, &zipf) {
                (_, Some(zipf)) => zipf.next(&mut rng),
                (&Distribution::Hot { keys, operations }, _) => {
                    hot(keys, operations, present, &mut rng)
                }
                _ => {
                    sequential += 1;
                    (sequential - 1) % present
                }
            }
        };
        (0..length(load.threads)).map(|_| draw() as u32).collect()
    }
}

fn length(threads: usize) -> usize {
    let mut length = 1 << 20;
    while length > 4096 && length * threads * 4 > 64 << 20 {
        length /= 2;
    }
    length
}

fn between(rng: &mut u64, from: u64, to: u64) -> u64 {
    from + below(next(rng), to - from)
}

/// hot_ranks() of key_stream.c
fn hot_ranks(keys: f64, resident: u64) -> f64 {
    (keys * resident as f64 * (1.0 - f64::EPSILON * 4.0)).ceil()
}

fn hot(keys: f64, operations: f64, resident: u64, rng: &mut u64) -> u64 {
    let edge = hot_ranks(keys, resident) as u64;
    if edge >= resident || unit(next(rng)) < operations {
        between(rng, 0, edge)
    } else {
        between(rng, edge, resident)
    }
}

/// rm_zipf_next() with what it needs: rejection-inversion.
struct Zipf {
    theta: f64,
    n: f64,
    x1: f64,
    xn: f64,
    s: f64,
}

impl Zipf {
    fn new(n: u64, theta: f64) -> Zipf {
        let n = n as f64;
        let mut zipf = Zipf { theta, n, x1: 0.0, xn: 0.0, s: 0.0 };
        zipf.x1 = zipf.integral(1.5) - 1.0;
        zipf.xn = zipf.integral(n + 0.5);
        zipf.s =
            2.0 - zipf.inverse(zipf.integral(2.5) - 2f64.powf(-theta));
        zipf
    }

    /// Of x^-theta, shifted so that it is stable around theta = 1.
    fn integral(&self, x: f64) -> f64 {
        let log = x.ln();
        let t = (1.0 - self.theta) * log;
        if t.abs() > 1e-8 {
            t.exp_m1() / t * log
        } else {
            (1.0 + t / 2.0) * log
        }
    }

    fn inverse(&self, y: f64) -> f64 {
        let t = (y * (1.0 - self.theta)).max(-1.0);
        if t.abs() > 1e-8 {
            (t.ln_1p() / t * y).exp()
        } else {
            ((1.0 - t / 2.0) * y).exp()
        }
    }

    fn next(&self, rng: &mut u64) -> u64 {
        loop {
            let u = self.xn + unit(next(rng)) * (self.x1 - self.xn);
            let x = self.inverse(u);
            let k = (x + 0.5).floor().max(1.0).min(self.n);
            let above = self.integral(k + 0.5) - k.powf(-self.theta);
            if k - x <= self.s || u >= above {
                return k as u64 - 1;
            }
        }
    }
}
