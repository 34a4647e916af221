// SPDX-License-Identifier: Apache-2.0
//! The result of a trial, docs/reference/trial-protocol.md, member by member.

use crate::judge::{elapsed, placement_error, ratio, Totals};
use crate::table::Table;
use crate::team::{Member, Team, SLICE};
use crate::usage::{self, Usage};
use serde_json::{json, Map, Value};

pub fn report<T: Table>(team: &Team) -> Value {
    let sum = Totals::of(team);
    let cell = &team.request.cell;
    let mismatch = sum.mismatch::<T>(team);
    let void_reason = match mismatch {
        None if !cell.verifies() => placement_error(team),
        _ => None,
    };
    let status = match (&mismatch, &void_reason) {
        (Some(_), _) => "failed",
        (None, Some(_)) => "void",
        (None, None) => "ok",
    };
    let mut result = json!({
        "status": status,
        "reason": mismatch.as_ref().or(void_reason.as_ref()),
        "elapsed_ns": elapsed(team).as_nanos() as u64,
        "keys_before": cell.settles().then_some(sum.keys_before),
        "keys_after": T::HOLDS.then_some(sum.held_keys),
        "verification": verification::<T>(team, &sum, mismatch),
        "by_thread": team.members.iter().map(thread).collect::<Value>(),
        "phases_ns": phases(team),
        "latency": null,
        "late_starts": null,
        "collections": null,
        "counters": null,
        "counters_reason": "readmostly-rust has no counters",
        "footprint": footprint(team),
        "stats": stats(team),
        "warm_up": {
            "slice_ns": SLICE.as_nanos() as u64,
            "ns_per_op": team.warm_up.slices,
            "steady": team.warm_up.steady(),
        },
        "environment": {
            "aslr": null,
            "clock_cost_ns": team.clock_cost_ns,
            "clock_step_ns": team.clock_step_ns,
            "rust": option_env!("RUST_VERSION"),
        },
    });
    counts(team, &sum, &mut result);
    result
}

/// The positive control executes more operations than it reports.
fn counts(team: &Team, sum: &Totals, result: &mut Value) {
    let c = &sum.window;
    let control_scale = 1.0 + team.request.control_extra;
    let entry = json!({
        "ops": (c.operations() as f64 / control_scale) as u64,
        "lookups": c.lookups(),
        "writes": c.writes,
        "hits": c.lookups() - c.misses(),
        "misses_absent": c.misses_absent,
        "misses_resident": c.misses_resident,
        "inserts": c.inserts,
        "removes": c.removes,
        "idle_removes": c.idle_removes,
        "achieved_write_share": ratio(c.writes, c.operations()),
        "achieved_miss_share": ratio(c.misses(), c.lookups()),
        "renewed": renewed(team, sum),
    });
    if let (Value::Object(result), Value::Object(entry)) = (result, entry) {
        result.extend(entry);
    }
}

/// Like rm_renewal_result() in C.
fn renewed(team: &Team, sum: &Totals) -> Option<Value> {
    let times = team.members.iter().filter_map(|m| m.renewal);
    let first = times.clone().map(|[start, _]| start).min();
    let last = times.map(|[_, end]| end).max();
    let elapsed = last.zip(first).map(|(last, first)| last - first);

    (team.request.cell.renewals() > 0).then(|| {
        json!({
            "keys": sum.renewed.removes,
            "elapsed_ns": elapsed.unwrap_or_default().as_nanos() as u64,
        })
    })
}

fn verification<T: Table>(
    team: &Team,
    sum: &Totals,
    mismatch: Option<String>,
) -> Value {
    let verifies = team.request.cell.verifies();
    let hex = |value: u64| T::HOLDS.then(|| format!("{value:016x}"));
    let nothing = || (!T::HOLDS).then(|| "the map holds nothing".to_string());

    json!({
        "status": if mismatch.is_some() { "failed" } else { "ok" },
        "keys_expected": T::HOLDS.then_some(sum.expected_keys),
        "keys_held": T::HOLDS.then_some(sum.held_keys),
        "sum_expected": hex(sum.expected_sum),
        "sum_held": hex(sum.held_sum),
        "wrong_values": sum.wrong,
        "written": verifies.then_some(sum.account.puts),
        "returned": verifies.then_some(sum.account.outs),
        "accounting": verifies.then_some("values"),
        "stopped_early": verifies.then_some(sum.account.stopped_early),
        "reason": mismatch.or_else(nothing),
    })
}

fn thread(member: &Member) -> Value {
    let between = |count: fn(&Usage) -> i64| match &member.usage {
        [Some(a), Some(b)] => Some(count(b) - count(a)),
        _ => None,
    };
    let waited = match &member.usage {
        [Some(a), Some(b)] => a.waited_ns.zip(b.waited_ns).map(|(a, b)| b - a),
        _ => None,
    };
    let window_time = member.times.map(|[start, end]| end - start);

    json!({
        "slot": member.worker.slot,
        "cpu": member.cpu,
        "cpu_start": member.cpus[0],
        "cpu_end": member.cpus[1],
        "ops": member.worker.counts.operations(),
        "writes": member.worker.counts.writes,
        "elapsed_ns": window_time.map(|window_time| window_time.as_nanos() as u64),
        "cpu_ns": between(|u| u.cpu_ns),
        "voluntary_switches": between(|u| u.voluntary),
        "involuntary_switches": between(|u| u.involuntary),
        "minor_faults": between(|u| u.minor_faults),
        "major_faults": between(|u| u.major_faults),
        "migrations": null,
        "runqueue_wait_ns": waited,
    })
}

fn phases(team: &Team) -> Value {
    let mut entry = Map::new();
    for (name, time) in &team.phases {
        entry.insert(name.to_string(), json!(time.as_nanos() as u64));
    }
    entry.insert("leave".into(), json!(0));
    Value::Object(entry)
}

fn footprint(team: &Team) -> Value {
    json!({
        "prefill_threads": (team.members.len() as u64).min(team.load.resident),
        "rss_empty_bytes": team.rss[0],
        "rss_filled_bytes": team.rss[1],
        "rss_peak_bytes": usage::rss_peak(),
        "page_nodes": null,
        "page_nodes_reason": "readmostly-rust does not record it",
        "huge_bytes": null,
    })
}

/// Background is the CPU time of other threads than those of the loops. It shows that Rust has
/// neither collector nor compiler threads.
fn stats(team: &Team) -> Value {
    let loops_ns: Option<i64> = team
        .members
        .iter()
        .map(|m| Some(m.usage[1]?.cpu_ns - m.usage[0]?.cpu_ns))
        .sum();
    let all = match team.process {
        [Some(a), Some(b)] => Some(b.cpu_ns - a.cpu_ns),
        _ => None,
    };
    let cores = all.map(|ns| ns as f64 / elapsed(team).as_nanos() as f64);
    let background = all.zip(loops_ns).map(|(all, loops_ns)| all - loops_ns);

    json!([
        {"name": "background_cpu", "unit": "ns", "value": background},
        {"name": "cores_used", "unit": "1", "value": cores},
    ])
}
