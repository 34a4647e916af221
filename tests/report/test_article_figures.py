# SPDX-License-Identifier: Apache-2.0
"""Tests the rows about articles on the page. The table of figures must be complete. A reduced `make
bench SET=articles`, which runs every workload of the articles, must provide the figures, except
those that this machine cannot provide."""
import collections
import dataclasses
import json
import re
import shutil
import subprocess

import pytest
import synthetic
from built_maps import BUILD, ROOT, listed
from made_claims import campaign as made_of, of_trials, trial

from report import load
from report.claims import articles, statistic
from report.claims.cells import Cells
from report.load import Cell
from report.load.decode import decode
from report.load.trial import Latency, Status, Thread
from report.staged import Cells as Plan

# Maps that this build lacks, such as Go's own maps if Go is not installed. Figures that need these
# maps are missing.
ABSENT = set(listed()[1])


def rows_of(path):
    """Returns the rows of the articles that a workload file serves."""
    return " ".join(re.findall(r"^article\s*=\s*(.*)$", path.read_text(),
                               re.M)).split()


def is_here(*sides):
    """True if this build has the maps that a figure compares."""
    return ABSENT.isdisjoint(side.split()[0] for side in sides if side)


FIGURES = [f for f in articles.read() if is_here(f.subject, f.against)]
MODE = ROOT / "workloads/modes/articles-quick.conf"
CUT = ROOT / "tests/fixtures/articles-cut.conf"
# Planned time of all reduced workloads together on 2 CPUs, including Go's own maps. The workloads
# with production traffic are not included; together, all take at most three minutes.
MOST_S = 85
# Reasons for which a reduced run may lack a figure: nothing grows within a second, and a busy
# machine makes trials void. Only a limited share of all figures may be missing.
LOAD = re.compile("CPU was busy|CPUs were busy|could not be kept|overloaded|"
                  "clock readings")
SMALL = re.compile(f"no trial has a slope|{LOAD.pattern}")
MOST_LACKING = 0.1
# Workloads and rows that may have no value, because other programs may disturb their trials.
MOST_BARE = 2
# If other programs delay threads, the threads may never wait for the same lock. The share of
# contended acquisitions then has a divisor of 0.
NEVER_MET = "its divisor is 0"


def sections(text):
    """Parses sections into keys and values. The key "" holds the head of the file, and workload
    lines are joined."""
    found = {"": {}}
    name = ""
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line.startswith("["):
            name = line.strip("[]")
            found.setdefault(name, {})
        elif line:
            key, value = re.split(r"\s*=\s*", line, maxsplit=1)
            if key == "workloads":
                value = f"{found[name].get(key, '')} {value}".strip()
            found[name][key] = value
    return found


def mode_of(folder):
    """Writes the reduced mode file of the articles next to the workloads."""
    (folder / "modes").mkdir(parents=True)
    for file in (ROOT / "workloads").glob("*.conf"):
        shutil.copy(file, folder)
    full, small = sections(MODE.read_text()), sections(CUT.read_text())
    every, names = small.pop(""), full.pop("")["workloads"].split()
    assert set(small) <= set(names)  # each reduction belongs to a workload of the mode
    lines = ["budget = 2min", *(f"{k} = {v}" for k, v in every.items()),
             *(f"workloads = {' '.join(names[i::6])}" for i in range(6))]
    for name in names:
        merged = {k: v for k, v in full.get(name, {}).items()
                  if k not in every} | small.get(name, {})
        lines += [f"[{name}]", *(f"{k} = {v}" for k, v in merged.items())]
    (folder / "modes/articles.conf").write_text("\n".join(lines) + "\n")
    return folder / "modes/articles.conf"


@pytest.fixture(scope="module")
def mode(tmp_path_factory):
    return mode_of(tmp_path_factory.mktemp("workloads"))


@pytest.fixture(scope="module")
def ran(mode, tmp_path_factory):
    """Returns the folder of a campaign in the reduced mode."""
    folder = tmp_path_factory.mktemp("articles") / "c"
    done = subprocess.run(
        [BUILD / "readmostly", "run", "--mode", mode, "--busy-ok",
         "--set", "control=none", "--counters", "none", "--seed", "1", "-o", folder],
        capture_output=True, text=True, cwd=ROOT)
    assert done.returncode in (0, 3), done.stderr  # 3: some trials are void
    return folder


def planned_cells(mode):
    done = subprocess.run([BUILD / "readmostly", "plan", "--json", "--mode", mode],
                          capture_output=True, text=True, check=True)
    return decode(Plan, json.loads(done.stdout)).cells


@pytest.fixture(scope="module")
def campaign(ran):
    return load.read(ran)


# ---- the table of figures -------------------------------------------------


@pytest.mark.parametrize("workload", sorted({f.workload for f in FIGURES}))
def test_figures_use_the_workload_of_their_row(workload):
    for f in FIGURES:
        if f.workload == workload:
            assert f.row.split()[0] in rows_of(
                ROOT / f"workloads/{workload}.conf"), f


@pytest.mark.long
def test_each_figure_of_the_mode_names_one_planned_cell_a_side():
    """The cells are checked at full size. A pattern that matches two cells would not define a
    figure."""
    cells = Cells(map(Cell, planned_cells(MODE)))
    for f in FIGURES:
        if not f.statistic.startswith("none:"):
            for side in f.query.sides:
                assert len(cells.fitting(f.query, side)) == 1, f


# ---- reasons for missing figures, on synthetic trials -----------------------

def made(asked, results, failed=(), **factors):
    """Returns the answer for a figure of one cell with these results."""
    trials = [trial(i, 0, "failed" if i in failed else "ok") for i in range(len(results))]
    of = made_of(of_trials("m", [
        dataclasses.replace(t, result=dataclasses.replace(t.result, **{
            "ops": None, "writes": None, **r})) for t, r in zip(trials, results)], **factors))
    figure = articles.Figure("W1", "f", "w", "", "m", "", asked, "1", "")
    return articles.answer(statistic.Data(of), figure)


def test_a_share_of_failed_trials_counts_those_that_failed():
    both = [{"ops": 1}, {"ops": 3}]
    assert made("sum failed/trials", both, failed={1}).value == 0.5
    assert made("sum ops/trials", both, failed={1}).value == 1


def test_failures_of_a_map_with_wrong_answers_count_only_where_failures_are_counted():
    cell = of_trials("m", [trial(0, 1, "failed")])
    of = dataclasses.replace(made_of(cell))
    vars(of)["failed_maps"] = {"m": "wrong"}
    for asked in ("sum failed/trials", "crashed"):
        assert statistic.trials_of(of, cell, statistic.parse(asked)) == cell.trials
    with pytest.raises(statistic.Missing, match="failed verification"):
        statistic.trials_of(of, cell, statistic.parse("ops"))


def timed(count, file=None):
    return {"latency": (Latency("lookup", True, "intended", count, mean_ns=7.5,
                                histogram=file),)}


def test_six_blocks_have_an_interval_and_five_have_none():
    found = made("ops/elapsed_s", [{"ops": 8}] * 6)
    assert (found.value, found.low, found.high, found.n) == \
        pytest.approx((8, 8, 8, 6))
    found = made("ops/elapsed_s", [{"ops": 8}] * 5)
    assert (found.low, found.high, found.n) == (None, None, 5)


def test_a_sum_covers_all_trials_and_an_empty_one_is_0():
    assert made("sum writes/ops", [{"ops": 1, "writes": 1},
                                   {"ops": 9, "writes": 0}]).value == 0.1
    assert made("most ops", [{"ops": 1}, {"ops": 9}]).value == 9
    found = made("writes/ops", [{"ops": 2, "writes": 0}] * 6)
    assert (found.value, found.low, found.high) == (0, 0, 0)


@pytest.mark.parametrize("statistic,results,factors,why", [
    ("writes/ops", [{"ops": 0, "writes": 0}], {}, "divisor is 0"),
    ("torn/ops", [{"ops": 3}], {}, "do not report torn"),
    ("cpu_ns/ops", [{"ops": 3, "by_thread": (Thread(1, cpu_ns=1), Thread(1))}], {},
     "do not report cpu_ns"),
    ("ops", [], {}, "not run yet"),
    ("ops", [{"ops": 3}], {"workload": "another"}, "no cells of w"),
    ("lookup.p99_ns", [timed(367)], {}, "expected 368"),
    ("lookup.p99_ns", [timed(9999)], {"window_ns": 10 ** 8,
                                      "rate_per_s": 20}, "overloaded"),
    ("slope pause_ms", [{}], {}, "fewer than 20 slices"),
    ("none: no collector", [{"ops": 3}], {}, "no collector")])
def test_missing_figures_have_a_reason(statistic, results, factors, why):
    found = made(statistic, results, **factors)
    assert found.value is None and why in found.reason


def test_a_percentile_of_enough_operations_is_a_figure(tmp_path):
    (tmp_path / "x.hlog").write_text(synthetic.hlog(synthetic.encoded({3: 300, 5: 66, 9: 2})))
    timed_here = [timed(368, str(tmp_path / "x"))]
    assert made("lookup.p50_ns", timed_here).value == pytest.approx(3)
    assert made("lookup.p99_ns", timed_here).value == pytest.approx(5)
    assert made("lookup.mean_ns", timed_here).value == pytest.approx(7.5)
    assert made("lookup.p99_ns", [timed(368)]).value is None


# ---- the reduced form -----------------------------------------------------

@pytest.mark.long
def test_all_reduced_forms_together_are_short(mode):
    """The limit is on the planned time, because the real time depends on the machine."""
    planned_s = sum(c.estimate_ns * c.blocks / 1e9 for c in planned_cells(mode) if not c.skip)
    assert 0 < planned_s <= MOST_S


@pytest.mark.long
def test_every_workload_ran_and_its_answers_are_right(campaign):
    """Only injected misuses fail. A trial that is void because the machine was busy has correct
    answers, too."""
    of = collections.defaultdict(list)
    for cell in campaign.cells.values():
        for one in cell.trials:
            of[cell.factors.workload].append(one)
            assert one.status is not Status.FAILED or campaign.maps[
                cell.map].misuse, (cell.id, one.reason)
    assert set(of) == {f.workload for f in FIGURES}
    bare = {name: [t.reason or "" for t in trials] for name, trials in of.items()
            if not any(t.usable for t in trials)}
    assert all(LOAD.search(why) for whys in bare.values() for why in whys), bare
    assert len(bare) <= MOST_BARE, bare


def is_nowhere(f):
    """True if no run on this machine can provide this figure."""
    return f.statistic.startswith("none:") or "measure=counters" in f.where


@pytest.mark.long
def test_each_figure_has_a_value_or_a_reason(campaign):
    lacking, data = {}, statistic.Data(campaign)
    for f in FIGURES:
        found = articles.answer(data, f)
        assert data.cells.planned(f.query), f
        assert (found.value is None) == bool(found.reason), f
        if found.value is None:
            lacking[f.what] = found.reason
    nowhere = {f.what for f in FIGURES if is_nowhere(f)}
    small = {k for k, why in lacking.items() if SMALL.search(why)}
    small |= {f.what for f in FIGURES if "contended" in f.statistic
              and lacking.get(f.what) == NEVER_MET}
    assert {k: v for k, v in lacking.items()
            if k not in nowhere | small} == {}
    assert len(small) <= MOST_LACKING * len(FIGURES), small


@pytest.mark.long
def test_each_row_has_a_figure_with_a_value(campaign):
    """At most a tenth of the figures lack a value, but each row has a figure with a value."""
    of, data = collections.defaultdict(list), statistic.Data(campaign)
    for f in FIGURES:
        if not is_nowhere(f):
            for row in f.row.split():
                of[row].append(articles.answer(data, f))
    bare = {row: [one.reason for one in found] for row, found in of.items()
            if all(one.value is None for one in found)}
    assert all(LOAD.search(why) for whys in bare.values() for why in whys), bare
    assert len(bare) <= MOST_BARE, bare


# ---- figures whose value is known from their row --------------------------

@pytest.mark.long
@pytest.mark.parametrize("words,least,most", [
    (("W25", "lock_writes", "cold"), 1, 1.01),  # without warm-up, each store takes the lock
    (("W25", "lock_writes", "warm"), 0, 0.01),
    (("W16", "several words"), 1e-9, 1),  # copies contain parts of two values
    (("W16", "Go's variable"), 0, 0), (("W16", "clone"), 0, 0),
    (("counter.", "two writers, one line"), 0.1, 9),
    (("counter.", "two writers, a line each"), 0, 0.01),
    (("counter.", "two readers, one line"), 0, 0.01),
    (("W23", "sold/initial", "RWMutex"), 1e-9, 1),  # never more items are sold than exist
    (("W12", "least lookups"), 1, 1e18), (("W12", "writes/ops"), 0.1, 0.5),
    (("W12", "shards_shrunk", "with the time"), 1, 1e9),
    (("W12", "shards_grown", "with the time"), 41, 1e9),
    (("W12", "burst_imbalance", "with the time"), 1.3, 2.2),
    (("W15", "opened_within_sweeps"), 1, 1e18),
    (("W27", "shard_load_most"), 0.75, 1e9), (("W27", "verify_failures"), 0, 0),
    (("W32", "with a lock"), 0, 0),  # a lock loses no increment
    (("W17", "Go's orders"), 0, 0), (("W17", "the port's orders"), 0, 0), (("W18",), 0, 0)])
def test_figures_have_the_values_of_their_rows(campaign, words, least, most):
    found = [f for f in FIGURES if all(w in f"{f.row} {f.what} {f.statistic}" for w in words)]
    assert len(found) == 1, found
    value = articles.answer(statistic.Data(campaign), found[0]).value
    assert value is not None and least <= value <= most
