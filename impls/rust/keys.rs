// SPDX-License-Identifier: Apache-2.0
//! Produces the same numbers as runner/base/rng.h, runner/keys.h and impls/support/hash.h.
//! tests/go/sequence.tsv checks the first two.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hash, Hasher};

/// Returns the low and the high half of the product.
fn product(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    (product as u64, (product >> 64) as u64)
}

/// Returns the exclusive or of both halves of the product, like rm_multiply_fold() in C.
fn mum(a: u64, b: u64) -> u64 {
    let (low, high) = product(a, b);
    low ^ high
}

/// Like rm_next() in C: wyrand.
pub fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0xa076_1d64_78bd_642f);
    mum(*state, *state ^ 0xe703_7ed1_a0b4_28db)
}

/// Like rm_seed() in C.
pub fn seed_of(seed: u64, n: u64) -> u64 {
    let step = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut z = seed.wrapping_add(step);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// Like rm_below() in C.
pub fn below(random: u64, n: u64) -> u64 {
    ((u128::from(random) * u128::from(n)) >> 64) as u64
}

/// Like rm_unit() in C.
pub fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / 9_007_199_254_740_992.0
}

/// Returns the 64-bit key of a rank, like rm_scatter() in C.
pub fn scatter(rank: u64) -> u64 {
    rank.wrapping_mul(0x9e37_79b9_0000_0001)
}

/// Like rm_rank_mix() in C.
pub fn mix_of(rank: u64) -> u64 {
    seed_of(0x726d, rank)
}

/// Like rm_value_of() in C: 20 bits of sequence, 12 bits of writer, 32 bits of rank.
pub fn value_of(rank: u64, writer: u64, sequence: u64) -> u64 {
    sequence << 44 | (writer & 0xfff) << 32 | u64::from(rank as u32)
}

/// Returns 0 if the value was written for the rank.
pub fn rank_mismatch(value: u64, rank: u64) -> u64 {
    u64::from(value as u32 ^ rank as u32)
}

/// A kind of key. Maps store Self, and lookups use a View of it.
pub trait Key:
    Borrow<Self::View> + Clone + Debug + Eq + Hash + Send + Sync + 'static
{
    type View: Eq + Hash + ?Sized;
    fn stored_key(rank: u64) -> Self;
    fn view<R>(rank: u64, use_key: impl FnOnce(&Self::View) -> R) -> R;
}

impl Key for u64 {
    type View = u64;

    fn stored_key(rank: u64) -> u64 {
        scatter(rank)
    }

    fn view<R>(rank: u64, use_key: impl FnOnce(&u64) -> R) -> R {
        use_key(&scatter(rank))
    }
}

/// The 16 bytes of a string key. A lookup uses the bytes in a buffer; an upsert stores a copy, like
/// a program that reads its keys from a connection.
pub type Text = Box<[u8]>;

pub fn line_of(rank: u64) -> [u8; 16] {
    (u128::from(rank) << 64 | u128::from(scatter(rank))).to_le_bytes()
}

impl Key for Text {
    type View = [u8];

    fn stored_key(rank: u64) -> Text {
        Box::new(line_of(rank))
    }

    fn view<R>(rank: u64, use_key: impl FnOnce(&[u8]) -> R) -> R {
        use_key(&line_of(rank))
    }
}

/// A string key whose distinguishing bytes are in the middle or at the end, as with
/// rm_key_place() in C.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Placed<const FIRST: u64>(Text);

pub type Middle = Placed<0xffff_ffff_0000_0000>;
pub type Last = Placed<0>;

impl<const FIRST: u64> Placed<FIRST> {
    pub fn line_of(rank: u64) -> [u8; 16] {
        let word = scatter(rank);
        (u128::from(word & !FIRST) << 64 | u128::from(word & FIRST))
            .to_le_bytes()
    }
}

impl<const FIRST: u64> Borrow<[u8]> for Placed<FIRST> {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl<const FIRST: u64> Key for Placed<FIRST> {
    type View = [u8];

    fn stored_key(rank: u64) -> Self {
        Placed(Box::new(Self::line_of(rank)))
    }

    fn view<R>(rank: u64, use_key: impl FnOnce(&[u8]) -> R) -> R {
        use_key(&Self::line_of(rank))
    }
}

/// Computes rm_hash() with a seed. All maps use it, so that they do not differ by their hash
/// function.
#[derive(Clone, Copy, Default)]
pub struct Common {
    seed: u64,
    hash: u64,
}

const A: u64 = 0x8bb8_4b93_962e_acc9;
const B: u64 = 0x4b33_a62e_d433_d4a3;
const C: u64 = 0x2d35_8dcc_aa6c_78a5;
const D: u64 = 0x4d5a_2da5_1de1_aa47;

impl Common {
    pub fn new(seed: u64) -> Common {
        Common { seed, hash: 0 }
    }

    /// Returns rm_hash() of 16 bytes, or of a word, for which `high` is 0 and the length is 8.
    fn mix(&self, low: u64, high: u64, length: u64) -> u64 {
        let (low, high) = product(
            low ^ A.wrapping_add(self.seed),
            high ^ B.wrapping_sub(self.seed),
        );
        mum(low ^ C ^ length, high ^ D)
    }
}

impl BuildHasher for Common {
    type Hasher = Common;

    fn build_hasher(&self) -> Common {
        *self
    }
}

impl Hasher for Common {
    fn finish(&self) -> u64 {
        self.hash
    }

    fn write_u64(&mut self, word: u64) {
        self.hash = self.mix(word, 0, 8);
    }

    /// Ignores the length, which Rust hashes before a slice, since it is always 16 bytes.
    fn write_usize(&mut self, _: usize) {}

    fn write(&mut self, bytes: &[u8]) {
        let word = |at| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        self.hash = self.mix(word(0), word(8), 16);
    }
}
