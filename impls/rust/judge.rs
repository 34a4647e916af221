// SPDX-License-Identifier: Apache-2.0
//! What was answered wrongly, or not done as asked: runner/trial/judge.c.

use crate::keys::{mix_of, value_of};
use crate::table::Table;
use crate::team::{Member, Team};
use crate::worker::{Account, Counts, Kind};
use std::time::Duration;

/// Over the members: the window, and what all answers add up to.
#[derive(Default)]
pub struct Totals {
    pub window: Counts,
    all: Counts,
    pub renewed: Counts, // before the warm-up
    pub account: Account,
    pub held_keys: u64,
    pub held_sum: u64,
    held: u64,
    pub keys_before: u64,
    pub wrong: u64, // threads that saw a wrong value
    again: f64,
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
            sum.again += w.again();
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

    /// Tells what was answered wrongly.
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
                "lost update: prefill + written - returned is not what is \
                 held"
                    .into(),
            );
        }
        if cell.settles() && self.keys_before != load.resident {
            return Some(format!(
                "prefill not exact: {} keys, expected {}",
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
                "key sums differ: the map holds {} keys, its answers say {}",
                self.held_keys, self.expected_keys
            ));
        }
        self.mismatch_of_kind(load.kind)
    }

    fn mismatch_of_kind(&self, kind: Kind) -> Option<String> {
        let all = &self.all;
        // Ranks of fresh keys are drawn once: a key that is there already is
        // one that was not put in, and its answer hides that from the sums.
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
                "{} of {puts} upserts of fresh keys found one",
                puts - all.inserts
            )),
            _ => None,
        }
    }

    /// Tells what was done that was not asked for.
    pub fn unasked<T: Table>(&self, team: &Team) -> Option<String> {
        let (c, l) = (&self.window, team.load);
        let asked = team.request.cell.write_share;
        // as the loop has it: a share of 1 is all but one of 2^32
        let share = f64::from(l.write_below) / 4_294_967_296.0;
        let lookups = c.lookups();
        let absent = absent_share(team);

        if !plausible(c.decisions(), c.iterations, share, 0.0) {
            let got = ratio(c.writes, c.operations());
            return Some(format!(
                "achieved write share {got:.5}, asked {asked:.5}"
            ));
        }
        if T::HOLDS
            && !plausible(c.misses_absent, lookups, absent, self.again)
        {
            let got = ratio(c.misses(), lookups);
            return Some(format!(
                "achieved miss share {got:.5}, asked {:.5}",
                l.misses
            ));
        }
        let gone = c.misses_resident;
        (gone as f64 > explained(team, lookups)).then(|| {
            format!("{gone} of {lookups} lookups missed resident keys")
        })
    }
}

/// How many look-ups may have missed keys that other threads had just taken
/// out or not yet put in: one key each, and at worst the one that is looked up
/// most. A single thread ends a write before it looks.
fn explained(team: &Team, lookups: u64) -> f64 {
    let load = team.load;

    if load.threads == 1 {
        return 0.0;
    }
    let even = 1.0 / load.resident as f64;
    let most = team.skew.as_ref().map_or(even, |skew| skew.most());
    lookups as f64 * (0.001 + load.threads as f64 * most) + 64.0
}

/// count ln(count / expected), which is 0 of none.
fn surprise(count: f64, expected: f64) -> f64 {
    if count == 0.0 {
        return 0.0;
    }
    count * (count / expected).ln()
}

/// Whether n draws of probability p may give so many hits, by Chernoff's bound:
/// plausible() in judge.c.
fn plausible(hits: u64, n: u64, p: f64, more: f64) -> bool {
    let (draws, found) = (n as f64, hits as f64);
    let apart = surprise(found, draws * p)
        + surprise(draws - found, draws * (1.0 - p));
    apart * draws <= 1e9_f64.ln() * (draws + more)
}

/// The share of look-ups that draw an absent rank. Of streams it is the cell's,
/// whatever whole number of ranks that is.
fn absent_share(team: &Team) -> f64 {
    let l = team.load;
    if l.span <= l.resident {
        return 0.0;
    }
    match team.members[0].worker.is_uniform() {
        true => (l.span - l.resident) as f64 / l.span as f64,
        false => l.misses,
    }
}

/// From the first start to the last end.
pub fn elapsed(team: &Team) -> Duration {
    let times = || team.members.iter().filter_map(|m| m.times);
    let start = times().map(|[start, _]| start).min();
    let end = times().map(|[_, end]| end).max();
    start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start)
}

/// Tells how the measurement is not what was asked.
pub fn misplaced(team: &Team) -> Option<String> {
    let elapsed = elapsed(team);
    let why = |(slot, m)| misplaced_member(team, slot, m, elapsed);

    team.members.iter().enumerate().find_map(why).or_else(|| {
        let least_ns = 1000.0 * team.clock_cost_ns.max(team.clock_step_ns);
        ((elapsed.as_nanos() as f64) < least_ns)
            .then(|| "the window is shorter than 1000 clock readings".into())
    })
}

fn misplaced_member(
    team: &Team,
    slot: usize,
    m: &Member,
    elapsed: Duration,
) -> Option<String> {
    let cell = &team.request.cell;
    let own = m.times.map_or(Duration::ZERO, |[start, end]| end - start);

    if m.misplaced.is_some() {
        return m.misplaced.clone();
    }
    if m.cpu.is_some() && m.cpus != [m.cpu; 2] {
        return Some(format!(
            "thread {slot} ran on CPU {:?}, placed on {:?}",
            m.cpus, m.cpu
        ));
    }
    if m.worker.counts.iterations == 0 {
        return Some(format!(
            "thread {slot} was never scheduled in the window"
        ));
    }
    let away = own < elapsed / 2 && !cell.shares_cpu(slot);
    (cell.window_ns > 0 && away).then(|| {
        format!(
            "thread {slot} was there for {own:?} of {elapsed:?}: its CPU was \
             busy"
        )
    })
}
