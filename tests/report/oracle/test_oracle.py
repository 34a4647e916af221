# SPDX-License-Identifier: Apache-2.0
"""Compares report.decide.result.build() with oracle.py on synthetic and real campaigns. The folder
campaigns/ has two runs of `readmostly run --counters none` on a virtual machine with 2 CPUs. The
variable ORACLE_CAMPAIGN adds the campaign in another folder."""
import json
import math
import os
import random
import shutil
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import make_journal  # noqa: E402
import oracle  # noqa: E402
import seal  # noqa: E402
import synthetic  # noqa: E402
from make_shape import SHAPES, Shape  # noqa: E402

from report import load, stats  # noqa: E402
from report.decide import answer, groups, result, trust  # noqa: E402
from report.model.place import Group  # noqa: E402
from report.model.result import Result  # noqa: E402
from report.stats import interval, signed_rank  # noqa: E402

REAL = sorted((Path(__file__).parent / "campaigns").glob("*"))
SHAPED = {path.stem: Shape(path) for path in sorted(SHAPES.glob("*.txt"))}
MORE = [Path(p) for p in filter(None, [os.environ.get("ORACLE_CAMPAIGN")])]


def same(value: object, expected: object) -> bool:
    """Compares numbers with a tolerance of 1e-9, also inside tuples."""
    if isinstance(expected, tuple):
        return isinstance(value, tuple) and len(value) == len(expected) and all(
            map(same, value, expected))
    if isinstance(expected, float) and isinstance(value, float):
        return math.isclose(value, expected, rel_tol=1e-9)
    return value == expected


def ends(estimate: object) -> tuple[float | None, ...]:
    """Returns the centre and the interval of an Estimate."""
    return tuple(getattr(estimate, k) for k in ("value", "low", "high"))


def of_group(found: Group, expected: oracle.Group) -> Iterable[tuple[object, object]]:
    """Yields (value, expected) for everything that is concluded about a place."""
    yield expected.may_lead(found.leader), True
    yield (found.outcome.value, found.front), expected.outcome(found.leader)
    yield found.needs, expected.needs
    yield {e.map for e in found.entries}, set(expected.cells)
    yield {e.map for e in found.entries if e.ranked and e.rate.n}, set(expected.able)
    for entry in found.entries:
        rates = expected.cells[entry.map].rates.values()
        yield (*ends(entry.rate), entry.rate.n), (
            *oracle.interval(rates, 0.05, expected.level), len(rates))
    yield {c.against for c in found.comparisons}, set(expected.able) - {found.leader}
    for c in found.comparisons:
        alone, joint, word = expected.verdict(found.leader, c.against)
        yield (ends(c.ratio), (c.low, c.high), c.verdict.value), (alone, joint, word)
        yield c.ratio.n, len(expected.ratios(found.leader, c.against))
        entry = found.entry(c.against)
        yield entry and entry.slower, c.ratio


def of_page(found: Result, campaign: oracle.Campaign) -> Iterable[tuple[object, object]]:
    """Yields (value, expected) for a whole result."""
    expected = {frozenset(c.id for c in g.cells.values()): g for g in campaign.groups}
    known = {frozenset(e.cell for e in g.entries): g for g in found.groups}
    yield set(known), set(expected)
    for ids, group in known.items():
        yield from of_group(group, expected[ids])
    yield set(found.runs.missing), campaign.missing()
    yield {name for name, _ in found.runs.failed_maps}, campaign.failed
    lows = [(c.low, c.against) for c in found.groups[0].comparisons if c.low is not None] \
        if found.groups else []
    nearest = found.groups[0].comparisons[:1] if lows else ()  # the comparison may lack an interval
    runner_up = min(lows)[1] if lows else None
    yield found.answer.runner_up, next(
        (c.against for c in nearest if c.low is None), runner_up)
    for row in found.latency.rows if found.latency else ():
        cell = next(c for c in campaign.cells.values() if c.map == row.map
                    and c.plan["measure"] == "latency" and c.ok
                    and c.plan["rate_per_s"] == found.latency.rate
                    and c.plan["write_kind"] == found.latency.place.write_kind)
        for estimate, p in ((row.median, 0.5), (row.p99, 0.99)):
            yield ends(estimate), oracle.look_up_times(campaign, cell, p)


def differences(folder: Path) -> list[tuple[object, object]]:
    """Returns the values in which report/ and the oracle differ."""
    campaign, second = load.read(folder), oracle.Campaign(folder)
    pairs = list(of_page(result.build(campaign), second))
    assert len(pairs) > 4
    for cell, estimate in trust.copies(campaign):
        x = [math.log(r) for r in second.copy_ratios(cell.id)]
        k = oracle.end_rank(len(x), 0.08)
        pairs.append((ends(estimate), tuple(map(math.exp, (
            oracle.statistics.median(oracle.averages(x)), oracle.averages(x)[k - 1],
            oracle.averages(x)[-k]))) if k else (None, None, None)))
    for c in campaign.cells.values():
        pairs.append((ends(answer.bytes_per_entry(c)),
                      oracle.bytes_per_entry(second.cells[c.id])))
    return [(a, b) for a, b in pairs if not same(a, b)]


def repeated(folder: Path) -> None:
    """Adds second attempts, which count. Also adds lines that do not count: a third attempt without
    a second, and a repeated line."""
    make_journal.make(folder, threads=(1, 2), keys=(4096, 65536), blocks=8,
                      kinds=("update", "fresh"))
    lines = [json.loads(t) for t in (folder / "trials.jsonl").read_text("utf-8").splitlines()]
    more = []
    for i, t in enumerate(lines):
        copy = json.loads(json.dumps(t))
        if t["result"]:
            copy["result"]["ops"] = 3 * t["result"]["ops"] // 2
        more += [t] + [copy | {"attempt": 1 + i % 4}] * (i % 3)
    (folder / "trials.jsonl").write_text("".join(json.dumps(t) + "\n" for t in more))


def with_arms(folder: Path) -> None:
    """Adds an A/A arm, a void trial, a trial without operations, a map with a wrong answer, and a
    map whose trials crash."""
    make_journal.make(folder, threads=(1, 2, 4), keys=(65536,), blocks=12, kinds=("update",),
                      plant={"control": "ok", "void": [("syncmap", 3)],
                             "fail_verify": ["snapshot"], "crash": ["rwlock_probe"]})
    change(folder, lambda t: t["block"] == 5 and "/gomap_rw/" in t["cell"], ops=0)


def slower_leader(folder: Path) -> None:
    """Removes trials of syncmap in a slow phase. It then has the highest centre, although gomap_rw
    is faster in all blocks that both maps have."""
    make_journal.make(folder, maps=("gomap_rw", "syncmap", "gomap_mutex"), threads=(2,),
                      keys=(65536,), kinds=("update",), blocks=24, plant={
                          "mops": lambda c, b: {"gomap_rw": 41 if b < 14 else 20,
                                                "syncmap": 39, "gomap_mutex": 10}[c["map"]]
                          * (1 + (b * 7 % 5) / 1000),
                          "void": [("syncmap", b) for b in range(14, 24)]})


def change(folder: Path, which: Callable[[dict], bool], **members: object) -> None:
    """Changes members in the results of some trials."""
    lines = [json.loads(t) for t in (folder / "trials.jsonl").read_text("utf-8").splitlines()]
    for t in lines:
        if t["result"] and which(t):
            t["result"].update(members)
    (folder / "trials.jsonl").write_text("".join(json.dumps(t) + "\n" for t in lines))


MADE: dict[str, Callable[[Path], None]] = {
    "repeated": repeated, "with-arms": with_arms, "slower-leader": slower_leader}


def made(name: str, parent: Path) -> Path:
    """Writes the campaign with this name."""
    if name in SHAPED:
        return Path(SHAPED[name].make(parent))
    folder = parent / name
    if name in MADE:
        MADE[name](folder)
    else:
        shutil.copytree(next(p for p in REAL + MORE if p.name == name), folder)
        invent_histograms(folder)
    return folder


def invent_histograms(folder: Path) -> None:
    """Writes histograms that a campaign names but that this tree does not contain."""
    lines = list(map(json.loads, (folder / "trials.jsonl").read_text("utf-8").splitlines()))
    for trial in lines:
        for e in (trial["result"] or {}).get("latency") or ():
            file, rng = folder / f"{e['histogram']}.hlog", random.Random(e["histogram"])
            if not file.exists():
                file.parent.mkdir(exist_ok=True)
                text = synthetic.hlog(synthetic.encoded({
                    synthetic.bucket(rng.lognormvariate(7, 1)): 7 for _ in range(150)}))
                file.write_text(text)
                e["hlog_crc32"] = f"{zlib.crc32(text.encode()):08x}"
    (folder / "trials.jsonl").write_text("".join(map(seal.sealed, lines)))


@pytest.mark.parametrize("name", [*MADE, *(p.name for p in REAL + MORE), *SHAPED])
def test_the_result_follows_from_the_trials(name: str, tmp_path: Path) -> None:
    assert differences(made(name, tmp_path)) == []


def test_a_leader_is_no_slower_than_a_rival_in_common_blocks(tmp_path: Path) -> None:
    [group] = result.build(load.read(made("slower-leader", tmp_path))).groups
    rates = {e.map: e.rate.value for e in group.entries}
    assert group.leader == "gomap_rw" and rates["syncmap"] > rates["gomap_rw"]


# ---- errors injected into report/ -----------------------------------------------

def plain_median(patch: pytest.MonkeyPatch) -> None:
    right = interval.serial_interval
    patch.setattr(interval, "serial_interval", lambda x, *more: (
        np.median(x, axis=-1), *right(x, *more)[1:]))


def independent_blocks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(signed_rank, "widening", lambda x, **_: np.ones(len(x)))


def no_shared_noise(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stats, "shared_lag1", lambda x: math.nan)


def leads_by_its_centre(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(groups, "overtaken", lambda *_: False)


def void_trials_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(load.Trial, "usable", property(lambda t: t.result is not None))


def first_attempt_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(load.journal, "judged", lambda cell, trial: load.journal.dataclasses.replace(
        trial, result=None) if trial.attempt > 1 else trial)


@pytest.mark.parametrize("fault, name", [
    (plain_median, "with-arms"), (independent_blocks, "with-arms"),
    (no_shared_noise, "with-arms"), (leads_by_its_centre, "slower-leader"),
    (void_trials_count, "void-many"), (first_attempt_counts, "repeated")])
def test_the_oracle_detects_injected_errors(
        fault: Callable[[pytest.MonkeyPatch], None], name: str, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)
    assert differences(made(name, tmp_path))
