# SPDX-License-Identifier: Apache-2.0
"""What the linter counts behind single figures (report/lint/figures.py and
simulated.py): memory, the largest of what maps count, the drift, and counts of
a simulated machine. Cells are made by hand."""
import math
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401
from test_lint_noise import rows_of, trial

from report.lint import controls, figures, simulated


def cell_of(folder, results, **factors):
    rows = rows_of(folder, [trial(b) | {"result": {"ops": 9, "elapsed_ns": 9}
                                        | r} for b, r in enumerate(results)],
                   (factors,))
    return rows.cells["a"]


# ---- memory ---------------------------------------------------------------

def took(empty, filled, peak, keys=10):
    return {"keys_before": keys, "footprint": {
        "rss_empty_bytes": empty, "rss_filled_bytes": filled,
        "rss_peak_bytes": peak}}


def test_memory_of_a_key_is_of_the_middle_trial_less_the_empty_map(tmp_path):
    """Trials that lack a value tell nothing."""
    cell = cell_of(tmp_path, [
        took(100, 300, 500), took(120, 420, 620), took(110, 310, 510),
        took(1, None, 9), took(1, 9, 9, keys=0), {}])
    assert figures.usage(cell) == {
        "filled": 20, "peak": 40, "rss_empty_bytes": 110,
        "rss_filled_bytes": 310, "rss_peak_bytes": 510, "n": 3, "why": ""}


def test_a_peak_is_no_less_than_what_was_there_before_it(tmp_path):
    cell = cell_of(tmp_path, [took(100, 300, 290), took(100, 310, 310)])
    found = figures.usage(cell)
    assert (found["filled"], found["peak"]) == (20.5, 20.5)


def test_without_a_value_the_reason_is_told(tmp_path):
    none = cell_of(tmp_path, [{}])
    assert figures.usage(none) is None
    assert figures.memory(Made(cell=none)) == [
        {"n": 0, "why": "no memory values in its results"}]
    lost = cell_of(tmp_path, [], skip="too large")
    assert figures.memory(Made(cell=lost)) == [{"n": 0, "why": "too large"}]


# ---- what maps count ------------------------------------------------------

def counted(*values, name="retries"):
    return {"stats": [{"name": name, "value": v, "unit": "times"}
                      for v in values]}


def largest(rows, cell, name="retries"):
    row = Made(c=Made(rows=rows), cell=rows.cells[cell],
               held={"statistic": name})
    return figures.statistic(row)


def test_the_largest_count_is_of_one_cell_of_a_map(tmp_path):
    lines = [trial(b, cell=cell) | {"result": {
        "ops": 9, "elapsed_ns": 9} | result} for cell, b, result in (
        ("a1", 0, counted(3, None)), ("a1", 1, counted(2)),
        ("a2", 0, counted(7)), ("a2", 1, counted(9, name="other")),
        ("b", 0, counted(50)), ("lat", 0, counted(80)))]
    rows = rows_of(tmp_path, lines, [
        {"id": "a1"}, {"id": "a2", "threads": 4}, {"map": "b"},
        {"id": "lat", "measure": "latency"}])
    assert largest(rows, "a2") == [{"statistic": "retries", "n": 2,
                                    "largest": 7, "unit": "times"}]
    assert largest(rows, "a1")[0]["largest"] == (
        "another cell has the largest")
    assert largest(rows, "a1", "none") == [
        {"statistic": "none", "n": 2, "largest": -1, "unit": None}]


def test_what_was_measured_again_counts_among_the_largest(tmp_path):
    """The worst moment may be of an attempt that others disturbed; a void
    one, or one without an operation, is none."""
    rows = rows_of(tmp_path, [trial(b, n, **more) | {
        "result": {"ops": 9, "elapsed_ns": 9} | result}
        for b, n, result, more in (
            (0, 1, counted(8), {"disturbed": "by others"}),
            (0, 2, counted(3), {}), (1, 1, counted(50), {"status": "void"}),
            (1, 2, counted(60) | {"ops": 0}, {}), (1, 3, counted(1), {}))])
    assert largest(rows, "a") == [{"statistic": "retries", "n": 3,
                                   "largest": 8, "unit": "times"}]


# ---- single trials --------------------------------------------------------

def test_a_block_has_its_own_speed_or_none(tmp_path):
    cell = cell_of(tmp_path, [{"ops": 6000, "elapsed_ns": 2000}])
    (found,) = figures.trial(Made(cell=cell, held={"block": "0"}))
    assert found == {"block": 0, "mops": pytest.approx(3000), "n": 1}
    (found,) = figures.trial(Made(cell=cell, held={"block": "3"}))
    assert found["mops"] is None


def attempts(folder, lines, number, cell="a"):
    rows = rows_of(folder, lines)
    return figures.attempt(Made(c=Made(rows=rows), cell=rows.cells["a"],
                                held={"trial": number, "cell": cell}))


def test_a_line_of_the_strip_is_the_attempt_of_its_number(tmp_path):
    """One that was replaced keeps its own word; of what counts an empty one
    is void."""
    lines = [trial(0, status="void"), trial(1, exit="not started"),
             trial(0, 2, result={"ops": 0, "elapsed_ns": 9}), trial(2)]
    told = [(t["block"], t["attempt"], t["status"], t["trial"])
            for n in "123" for t in attempts(tmp_path, lines, n)]
    assert told == [(0, 1, "void", 1), (0, 2, "void", 2), (2, 1, "ok", 3)]
    for number, cell in (("0", "a"), ("4", "a"), ("1", "b")):
        assert attempts(tmp_path, lines, number, cell) == []


def test_more_threads_are_held_against_the_fewest_with_a_result(tmp_path):
    lines = [trial(0, cell=name) for name in ("two", "four", "zipf")]
    rows = rows_of(tmp_path, lines, [
        {"id": "one", "threads": 1}, {"id": "two"},
        {"id": "four", "threads": 4},
        {"id": "zipf", "threads": 1, "dist": "zipf:1"},
        {"id": "mix", "threads": 1, "write_share": 0.5}])
    found = figures.first_of(Made(rows=rows), rows.cells["four"])
    assert found.id == "two"


# ---- the drift ------------------------------------------------------------

@pytest.mark.parametrize("centre,low,high,word", [
    (0, -1, 1, "direction not known"), (5, 0, 9, "direction not known"),
    (-5, -9, 0, "direction not known"), (5, 0.01, 9, "later blocks slower"),
    (-5, -9, -0.01, "later blocks faster"),
    (2, None, None, "direction not known"),
    (None, None, None, "direction not known")])
def test_a_drift_of_costs_says_its_direction(monkeypatch, centre, low, high,
                                             word):
    logs = [v if v is None else math.log1p(v / 100)
            for v in (centre, low, high)]
    monkeypatch.setattr(controls, "drift", lambda rows: (*logs, 7))
    monkeypatch.setattr(controls, "percent", lambda v: v if v is None
                        else round(100 * math.expm1(v), 6))
    found = figures.told_drift(None)
    assert (found["word"], found["n"]) == (word, 7)
    assert (found["limit_low"], found["limit_high"]) == (None, None)
    assert bool(found["why"]) == (centre is None)
    if centre is not None:
        assert found["percent"](f"{centre}")
        assert not found["percent"](f"{centre + 0.01}")


def test_a_control_without_trials_says_which_are_missing():
    few = figures.told_control(controls.Control(
        [], controls.SMALL, "slot", controls.lacks(6, "trials in a block")))
    arm = figures.told_control(controls.Control(
        [], controls.EXTRA, "arm", controls.lacks(5, "pairs")))
    some = figures.told_control(controls.Control(
        [math.log(1.02)], controls.EXTRA, "a − b"))
    assert few["why"] == "too few trials in a block"
    assert arm["why"] == "too few blocks planned" and arm["percent"] is None
    assert (some["why"], some["n"], some["name"]) == ("", 1, "a - b")
    assert some["percent"]("2") and not some["percent"]("2.01")
    assert not some["percent"]("")
    assert (some["limit_low"], some["limit_high"]) == (1.5, 2.5)
    assert some["word"] == "cannot decide" and some["low"] is None


# ---- a simulated machine --------------------------------------------------

def model(*trials, name="a", cores=2, **place):
    """A cell that a machine was simulated for: (ops, {event: total})."""
    return Made(map=name, measure="simulated:M", id=name,
                place={"threads": cores, "keys": 64} | place,
                ok=[{"result": {"ops": ops, "counters": {"events": [
                    {"metric": k, "total": n} for k, n in events.items()]}}}
                    for ops, events in trials])


MISSES = {"l1d_load_misses": 30, "l1d_store_misses": 10}


@pytest.mark.parametrize("trials,metric,value", [
    ([(10, MISSES)], "l1d_misses", 4), ([(0, MISSES)], "l1d_misses", None),
    ([(10, {"l1d_load_misses": 30})], "l1d_misses", None),
    ([(10, MISSES)], "invalidations", None), ([], "l1d_misses", None),
    ([(10, {"invalidations": n}) for n in (10, 70, 20)], "invalidations", 2),
    ([(10, {"invalidations": 0})], "invalidations", 0),
    ([(10, {"false_sharing_invalidations": 5})], "false_sharing", 0.5),
    ([(10, {"coherence_misses": 5})], "coherence_misses", 0.5)])
def test_a_count_is_per_operation_of_the_middle_trial(trials, metric, value):
    assert simulated.value(model(*trials), metric) == value


def test_a_trial_without_counters_tells_none():
    cell = model((10, MISSES))
    cell.ok.append({"result": {"ops": 10, "counters": None}})
    cell.ok.append({"result": {"ops": 10}})
    assert simulated.value(cell, "l1d_misses") == 4


def alt(text, cells, name="L1d misses of M"):
    c = Made(made={"simulated": {i: x for i, x in enumerate(cells)}})
    return simulated.alt(c, Made(name=name), text)


def test_the_text_of_a_model_is_of_its_most_cores_and_largest_group():
    lost = {"invalidations": 30}
    cells = [model((10, MISSES)), model((10, MISSES), name="b", cores=8),
             model((20, MISSES), cores=8), model((10, lost), name="c",
                                                 cores=8),
             model((5, MISSES), name="d", cores=16, keys=9),
             model(name="e", cores=32)]
    other = model((1, MISSES), name="f", cores=64)
    other.measure = "simulated:N"
    true = "Model M, 8 cores: a 2.00, b 4.00."
    assert alt(true, [*cells, other])
    for old, new in (("8 cores", "2 cores"), ("8 cores", "16 cores"),
                     ("a 2.00", "a 4.00"), (", b 4.00", ""),
                     ("b 4.00", "b 4.00, c 3.00"), ("Model M", "Model N"),
                     ("4.00.", "4.00")):
        assert not alt(true.replace(old, new), [*cells, other]), new
    assert not alt(true, cells, "Something else")
    assert alt("Model M, 8 cores: c 3.00.", cells, "Lines lost of M")
    assert alt("Model M, 1 core: a 4.00.", [model((10, MISSES), cores=1)])


# ---- the tail beside a map's speed ----------------------------------------

def tail_of(monkeypatch, name, loops):
    """What the linter says of a map: (map, measure, loop) of each cell."""
    cells = [Made(id=f"{m}/{loop}", map=m, measure=measure, loop=loop, why="",
                  factors={}) for m, measure, loop in loops]
    monkeypatch.setattr(figures.latency, "loop", lambda c: c.loop)
    monkeypatch.setattr(figures.latency, "main_entries",
                        lambda c, cell, operation: (c, cell.id, operation))
    monkeypatch.setattr(figures.latency, "quantile", lambda cell, of, which: {
        "ns": (cell.id, of[1:], which), "low": 1, "high": 3, "why": "told"})
    (found,) = figures.tail(Made(cell=Made(map=name), c=Made(rows=Made(
        cells={c.id: c for c in cells}))))
    return found


def test_a_tail_is_of_this_map_in_the_first_open_loop(monkeypatch):
    loops = [("one", "throughput", "closed"), ("one", "latency", "half"),
             ("two", "latency", "full"), ("two", "latency", "half"),
             ("three", "latency", "full")]
    assert tail_of(monkeypatch, "two", loops) == {
        "p99_cell": "two/half", "p99_why": "told", "p99_low": 1,
        "p99_high": 3, "p99_ns": ("two/half", ("two/half", "lookup"), "P99")}
    assert tail_of(monkeypatch, "three", loops) == {
        "p99_why": "not run in that open loop"}
    assert tail_of(monkeypatch, "one", loops[:1]) == {
        "p99_why": "not run in that open loop"}
