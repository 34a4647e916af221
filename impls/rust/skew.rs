// SPDX-License-Identifier: Apache-2.0
//! Zipf and hot draws, as in runner/skew.h and runner/trial/key_stream.c.

use crate::keys::seed_of;
use crate::worker::Load;

const BITS: u32 = 10;
const RANGES: usize = 1 << BITS;
const UNIT: u64 = 1 << (32 - BITS);
const ABSENT: usize = RANGES - 1; // number of the range of absent ranks
const ALL: f64 = 4_294_967_296.0;

pub enum Popularity {
    Zipf { theta: f64 },
    Hot { keys: f64, operations: f64 },
}

pub struct Skew {
    split: [u32; RANGES],
    start: [u32; RANGES + 1],
    present: u64,
    mask: u64, // used for the permutation, like key and shift
    key: [u64; 3],
    shift: u32,
    weight: [u64; RANGES],
}

impl Skew {
    /// Like rm_skew_init() in C.
    pub fn new(popularity: &Popularity, load: &Load, seed: u64) -> Skew {
        let present = load.resident.min(load.span);
        let bits = 64 - (present - 1).leading_zeros();
        let mask = (1 << bits) - 1;
        let mut skew = Skew {
            split: [0; RANGES],
            start: [0; RANGES + 1],
            present,
            mask,
            key: [0, 1, 2].map(|round| seed_of(seed, round) & mask),
            shift: (bits + 1) / 2,
            weight: [0; RANGES],
        };
        let mass = match *popularity {
            Popularity::Zipf { theta } => skew.zipf(theta),
            Popularity::Hot { keys, operations } => {
                skew.hot(keys, operations)
            }
        };
        let misses = load.span > load.resident;

        skew.start[RANGES] = if misses { load.span } else { present } as u32;
        skew.weigh(if misses { load.misses } else { 0.0 }, &mass);
        skew.split();
        skew
    }

    /// Like rm_skew_rank() in C.
    #[inline(always)]
    pub fn rank(&self, y: u64) -> u64 {
        let mut i = (y >> (64 - BITS)) as usize;
        let split = self.split[i];

        if (y >> 32 & (UNIT - 1)) >= u64::from(split >> BITS) {
            i = split as usize & (RANGES - 1);
        }
        let from = u64::from(self.start[i]);
        let width = u64::from(self.start[i + 1]) - from;
        from + (u64::from(y as u32) * width >> 32)
    }

    #[inline(always)]
    fn round(&self, at: u64, round: usize, odd: u64) -> u64 {
        let product = (at ^ self.key[round]).wrapping_mul(odd) & self.mask;
        product ^ product >> self.shift
    }

    /// Like rm_skew_key() in C.
    #[inline(always)]
    pub fn key(&self, rank: u64) -> u64 {
        if rank >= self.present {
            return rank;
        }
        let mut at = rank;
        loop {
            at = self.round(at, 0, 0x9e37_79b9_7f4a_7c15);
            at = self.round(at, 1, 0xbf58_476d_1ce4_e5b9);
            at = self.round(at, 2, 0x94d0_49bb_1331_11eb);
            if at < self.present {
                return at;
            }
        }
    }

    fn ranges(&mut self, steepness: u64) -> bool {
        let (mut i, mut from) = (0, 0);

        while i < ABSENT && from < self.present {
            self.start[i] = from as u32;
            from = (from + (from / steepness).max(1)).min(self.present);
            i += 1;
        }
        self.start[i..=ABSENT].fill(self.present as u32);
        from == self.present
    }

    fn zipf(&mut self, theta: f64) -> [f64; RANGES] {
        let mut mass = [0.0; RANGES];
        let mut steepness = RANGES as u64;

        while !self.ranges(steepness) {
            steepness = steepness * 15 / 16;
        }
        for i in 0..ABSENT {
            let [from, to] = [i, i + 1].map(|at| f64::from(self.start[at]));
            if to - from == 1.0 {
                mass[i] = to.powf(-theta);
            } else if to > from {
                mass[i] =
                    integral(theta, to + 0.5) - integral(theta, from + 0.5);
            }
        }
        mass
    }

    fn hot(&mut self, keys: f64, operations: f64) -> [f64; RANGES] {
        let mut mass = [0.0; RANGES];
        let n = self.present as f64;
        let edge = (keys * n * (1.0 - f64::EPSILON * 4.0)).ceil().min(n);

        self.start[1..=ABSENT].fill(n as u32);
        self.start[1] = edge as u32;
        mass[0] = if edge < n { operations } else { 1.0 };
        mass[1] = 1.0 - mass[0];
        mass
    }

    fn weigh(&mut self, absent_share: f64, mass: &[f64; RANGES]) {
        let rounded = |weight: f64| (weight + 0.5).floor() as u64;
        let absent = rounded(absent_share * ALL);
        let mut left = ALL as u64 - absent;
        let whole = left as f64;
        let (mut sum, mut heaviest) = (0.0, 0);

        for i in 0..ABSENT {
            sum += mass[i];
            if mass[i] > mass[heaviest] {
                heaviest = i;
            }
        }
        for i in 0..ABSENT {
            self.weight[i] = rounded(mass[i] / sum * whole);
            left = left.wrapping_sub(self.weight[i]);
        }
        self.weight[heaviest] = self.weight[heaviest].wrapping_add(left);
        self.weight[ABSENT] = absent;
    }

    fn split(&mut self) {
        let mut weight = self.weight;
        let (mut light, mut heavy) = (Vec::new(), Vec::new());

        for i in 0..RANGES {
            self.split[i] = i as u32;
            if weight[i] < UNIT { &mut light } else { &mut heavy }.push(i);
        }
        while let Some(i) = light.pop() {
            let from = heavy[heavy.len() - 1];

            self.split[i] = (weight[i] as u32) << BITS | from as u32;
            weight[from] -= UNIT - weight[i];
            if weight[from] < UNIT {
                light.extend(heavy.pop());
            }
        }
    }
}

/// Returns the integral of x^-theta, shifted so that it is stable around theta = 1.
fn integral(theta: f64, x: f64) -> f64 {
    let log = x.ln();
    let t = (1.0 - theta) * log;
    if t.abs() > 1e-8 {
        t.exp_m1() / t * log
    } else {
        (1.0 + t / 2.0) * log
    }
}
