// SPDX-License-Identifier: Apache-2.0
//! Finds wrong results, like runner/trial/judge.c.

use crate::keys::{mix_of, value_of};
use crate::table::Table;
use crate::team::Team;
use crate::worker::{Account, Counts, Kind};
use std::time::Duration;

/// Sums over the members.
#[derive(Default)]
pub struct Totals {
    pub window: Counts,
    all: Counts,
    pub renewed: Counts, // counts before the warm-up
    pub account: Account,
    pub held_keys: u64,
    pub held_sum: u64,
    held: u64,
    pub keys_before: u64,
    pub wrong: u64, // number of threads that saw a wrong value
    pub expected_keys: u64,
    pub expected_sum: u64,
}

pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / (whole as f64).max(1.0)
}

impl Totals {
    pub fn of(team: &Team) -> Totals {
        let mut sum = Totals::default();
        let a = &mut sum.account;
        for m in &team.members {
            let w = &m.worker;
            sum.renewed.add(&m.renewed);
            sum.all.add(&m.warm_up);
            sum.all.add(&w.counts);
            sum.window.add(&w.counts);
            sum.expected_sum = sum.expected_sum.wrapping_add(w.key_sum);
            sum.held_keys += m.held_keys;
            sum.held_sum = sum.held_sum.wrapping_add(m.held_sum);
            sum.held = sum.held.wrapping_add(m.held);
            sum.keys_before += m.settled;
            sum.wrong += u64::from(w.wrong != 0);
            a.written = a.written.wrapping_add(w.account.written);
            a.returned = a.returned.wrapping_add(w.account.returned);
            a.puts += w.account.puts;
            a.outs += w.account.outs;
            a.stopped_early |= w.account.stopped_early;
        }
        for rank in 0..team.load.resident {
            sum.expected_sum = sum.expected_sum.wrapping_add(mix_of(rank));
            a.written = a.written.wrapping_add(value_of(rank, 0, 0));
        }
        sum.expected_keys =
            team.load.resident + sum.all.inserts - sum.all.removes;
        sum
    }

    /// Returns a description of the first wrong result, if any.
    pub fn mismatch<T: Table>(&self, team: &Team) -> Option<String> {
        let (cell, load) = (&team.request.cell, team.load);
        let a = &self.account;

        if self.wrong > 0 {
            return Some("an operation returned another key's value".into());
        }
        if !T::HOLDS {
            return None;
        }
        if cell.verifies() && a.written.wrapping_sub(a.returned) != self.held
        {
            return Some(
                "lost update: the values loaded and written, minus those \
                 replaced, differ from those held"
                    .into(),
            );
        }
        if cell.settles() && self.keys_before != load.resident {
            return Some(format!(
                "the map held {} keys after loading, expected {}",
                self.keys_before, load.resident
            ));
        }
        let renewals = cell.renewals() * load.resident;
        let (out, back) = (self.renewed.removes, self.renewed.inserts);
        if out != renewals || back != renewals {
            return Some(format!(
                "{renewals} keys were to be renewed: {out} were taken out and \
                 {back} put in"
            ));
        }
        if self.held_keys != self.expected_keys
            || self.held_sum != self.expected_sum
        {
            return Some(format!(
                "key sums differ: the map holds {} keys, its answers imply {}",
                self.held_keys, self.expected_keys
            ));
        }
        self.mismatch_of_kind(load.kind)
    }

    fn mismatch_of_kind(&self, kind: Kind) -> Option<String> {
        let all = &self.all;
        // A fresh rank is drawn only once. If an upsert reports such a key as present, it has not
        // inserted the key, and the key sums cannot show that.
        let puts = all.pairs + self.account.puts;

        match kind {
            Kind::Update if all.misses_resident > 0 => Some(format!(
                "{} lookups missed keys that were never removed",
                all.misses_resident
            )),
            Kind::Update if all.inserts > 0 => Some(format!(
                "{} upserts of resident keys found no key",
                all.inserts
            )),
            Kind::Fresh if all.inserts != puts => Some(format!(
                "{} of {puts} upserts of fresh keys found the key present",
                puts - all.inserts
            )),
            _ => None,
        }
    }
}

/// Returns the time from the first start to the last end.
pub fn elapsed(team: &Team) -> Duration {
    let times = || team.members.iter().filter_map(|m| m.times);
    let start = times().map(|[start, _]| start).min();
    let end = times().map(|[_, end]| end).max();
    start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start)
}

/// Returns the reason why a member could not be placed, if there is one.
pub fn placement_error(team: &Team) -> Option<String> {
    team.members.iter().find_map(|m| m.placement_error.clone())
}
