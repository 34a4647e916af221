# SPDX-License-Identifier: Apache-2.0
"""This campaign against an earlier one: which, by what method, and warned of
what."""
import itertools
import json
import math
import random
import statistics
from types import SimpleNamespace

import pytest
from report_helpers import Built, edit, make_journal

from report import previous, stats
from report.journal import JournalError, read

SMALL = dict(maps=("null_map", "gomap_rw", "syncmap"), threads=(2,),
             keys=(1024,), kinds=("update",), blocks=8)


def campaign(folder, day, seed=1, change=lambda meta: meta, **spec):
    """A campaign of 20YY-11-DAY in `folder`."""
    make_journal.make(folder, seed=seed, **{**SMALL, **spec})
    path = folder / "campaign.json"
    meta = json.loads(path.read_text())
    meta |= {"name": f"2026-11-{day}T0801-smoke", "created_utc":
             f"2026-11-{day}T08:01:00Z"}
    path.write_text(json.dumps(change(meta) or meta))
    return folder


def test_the_newest_finished_one_of_this_machine_is_found(tmp_path):
    now = campaign(tmp_path / "now", 20)
    assert previous.find(now) is None
    old = campaign(tmp_path / "old", 17)
    assert previous.find(now) == old
    near = campaign(tmp_path / "near", 18)
    assert previous.find(now) == near
    campaign(tmp_path / "later", 21)
    campaign(tmp_path / "machine", 19, change=lambda m: m.update(
        machine={"id": "other"}))
    campaign(tmp_path / "mode", 19, change=lambda m: m.update(mode="quick"))
    campaign(tmp_path / "unfinished", 19, plant={"keep": 9})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/campaign.json").write_text("{")
    (tmp_path / "latest").symlink_to("near")
    assert previous.find(now) == near
    assert previous.find(old) is None


@pytest.mark.parametrize("day,change,part", [
    (19, lambda m: m.update(machine={"id": "x"}), "machine x, expected"),
    (19, lambda m: m.update(mode="quick"), "mode quick, expected smoke"),
    (20, lambda m: None, "expected an earlier one"),
])
def test_what_cannot_be_compared_is_refused(tmp_path, day, change, part):
    now = campaign(tmp_path / "now", 20)
    other = campaign(tmp_path / "other", day, change=change)
    with pytest.raises(JournalError, match=part):
        previous.read(other, read(now))
    assert Built(now, "--previous", str(other)).status == 2
    assert not (now / "report/index.html").exists()


def installed(number):
    """Makes campaign.json say what was installed; None: nothing is known."""
    fact = {"status": "ok" if number else "absent", "text": number}
    return lambda meta: meta["machine"]["facts"].update(installation=fact)


def test_a_twin_with_this_machines_id_is_not_this_machine(tmp_path):
    """It lies beside it, where many machines write into one folder."""
    now = campaign(tmp_path / "now", 20, change=installed("0123"))
    twin = campaign(tmp_path / "twin", 19, change=installed("4567"))
    with pytest.raises(JournalError, match="another installation"):
        previous.read(twin, read(now))
    assert previous.find(now) is None
    own = campaign(tmp_path / "own", 17, change=installed("0123"))
    assert previous.find(now) == own
    assert not [text for _, text in previous.warnings(read(now), read(own))
                if text.startswith("installation")]
    silent = campaign(tmp_path / "silent", 18, change=installed(None))
    assert previous.find(now) == silent
    assert [bad for bad, text in previous.warnings(read(now), read(silent))
            if text.startswith("installation: not recorded in both")] == [
                True]


def by_hand(x, y):
    """All differences, and the exact interval by counting every split."""
    m, n = len(x), len(y)
    d = sorted(a - b for a in x for b in y)
    sums = sorted(sum(split) - m * (m + 1) // 2 for split in
                  itertools.combinations(range(1, m + n + 1), m))
    k = 0
    while sum(s <= k for s in sums) / len(sums) <= 0.025:
        k += 1
    if not k:
        return statistics.median(d), None, None
    return statistics.median(d), d[k - 1], d[-k]


@pytest.mark.parametrize("m,n", [(6, 6), (5, 7), (4, 4), (3, 3), (8, 5)])
def test_the_interval_is_that_of_mann_and_whitney(m, n):
    rng = random.Random(m * n)
    now = [rng.lognormvariate(1.0, .1) for _ in range(m)]
    then = [rng.lognormvariate(0.9, .1) for _ in range(n)]
    got = previous.ratio(*(dict(enumerate(of)) for of in (then, now)))
    centre, *ends = by_hand([math.log(v) for v in now],
                            [math.log(v) for v in then])
    assert got["ratio"] == pytest.approx(math.exp(centre))
    wider = max(map(stats.widening, (then, now)))
    for key, end in zip(("low", "high"), ends):
        assert got[key] == (end and pytest.approx(math.exp(
            centre + wider * (end - centre))))


def test_the_interval_covers_as_often_as_it_says():
    """2 000 pairs of equal campaigns: 95 % hold 1, within four errors."""
    rng = random.Random(4)
    hit = 0
    for _ in range(2000):
        a, b = ([rng.lognormvariate(0, .2) for _ in range(6)]
                for _ in range(2))
        got = previous.ratio(dict(enumerate(a)), dict(enumerate(b)))
        hit += got["low"] <= 1 <= got["high"]
    assert hit / 2000 > 0.95 - 4 * math.sqrt(.05 * .95 / 2000)


def test_a_word_is_of_all_maps_of_a_group_at_once():
    """Four trials a side tell two days apart at 95 %, but not at what each of
    three maps may have of the 5 %."""
    then, now = (SimpleNamespace(id="c", factors={}, reason="", ok=[
        {"block": b, "result": {"ops": ops + b, "elapsed_ns": 10 ** 9}}
        for b in range(4)]) for ops in (1000, 2000))
    assert previous.row_of(then, now, 0.95)["word"] == "faster"
    row = previous.row_of(then, now, 1 - 0.05 / 3)
    assert row["word"] == "" and "too few trials" in row["why"]


def test_a_word_outside_of_the_headline_is_of_all_cells_at_once():
    """Five trials a side tell two days apart for three maps at once, and not
    for twelve cells: a campaign of many would have found some by luck."""
    now, then = ([SimpleNamespace(
        id=f"{i}", map=f"m{i}", factors={}, reason="", ok=[
            {"block": b, "result": {"ops": ops + b, "elapsed_ns": 10 ** 9}}
            for b in range(5)]) for i in range(12)] for ops in (2000, 1000))
    a = SimpleNamespace(by_measure={"throughput": now}, mops=lambda _: 1.0,
                        campaign=SimpleNamespace(failed_maps={}),
                        headline=lambda: "h", at=lambda _: {
                            c.map: c for c in now[:3]})
    rows = list(previous.rows_of(a, SimpleNamespace(
        failed_maps={}, cells={c.id: c for c in then})))
    assert [r["word"] for r in rows] == ["faster"] * 3 + [""] * 9
    assert all("too few trials" in r["why"] for r in rows[3:])


@pytest.mark.parametrize("then,now,said", [
    ({}, {"m": "lost"}, "failed verification: lost"),
    ({"m": "lost"}, {}, "then: failed verification: lost"),
    ({"other": "lost"}, {}, "")])
def test_wrong_answers_are_no_faster_than_right_ones(then, now, said):
    """However many of their trials count, and whichever of the two days."""
    days = [SimpleNamespace(failed_maps=failed) for failed in (then, now)]
    assert previous.wrong(*days, "m") == said
    cells = [SimpleNamespace(id="c", factors={}, reason="", ok=[
        {"block": b, "result": {"ops": ops + b, "elapsed_ns": 10 ** 9}}
        for b in range(4)]) for ops in (1000, 2000)]
    row = previous.row_of(*cells, 0.95, said)
    assert (row["word"], row["why"]) == ("" if said else "faster", said)
    assert (row["ratio"] is None) == bool(said)


def slower(trial):
    if "/syncmap/" in trial["cell"] and "throughput" in trial["cell"]:
        trial["result"]["elapsed_ns"] = round(
            1.2 * trial["result"]["elapsed_ns"])
    return trial


@pytest.fixture(scope="module")
def since(tmp_path_factory):
    """syncmap became 1.2 times slower; flags, commit, CPU speed changed."""
    folder = tmp_path_factory.mktemp("since")
    then = campaign(folder / "then", 19, change=lambda m: m["build"].update(
        flags="-O3", commit="1111111"))
    now = campaign(folder / "now", 20, seed=2)
    edit(now, slower)
    for path, fast in ((then, 2.7), (now, 1.5)):
        edit(path, lambda t: t["result"]["environment"].update(
            adds_per_ns_before=fast, adds_per_ns_after=fast) or t)
    return Built(now, "--previous", str(then))


def test_a_slower_map_is_named_and_no_other(since):
    rows = {r["map"]: r for r in since.rows("tables/since-all.csv")}
    assert rows["syncmap"]["word"] == "slower"
    assert float(rows["syncmap"]["ratio"]) == pytest.approx(1 / 1.2, rel=.02)
    assert {rows[m]["word"] for m in ("null_map", "gomap_rw")} == {
        "not shown to differ"}
    text = since.section("since")
    assert "syncmap × 0.8" in text


@pytest.mark.parametrize("bad", ["then", "now"])
def test_where_a_control_failed_nothing_became_slower(tmp_path, bad):
    """On whichever of the two days."""
    folders = [campaign(tmp_path / name, day, seed=day, plant={
        "control": "fail"} if name == bad else {})
        for name, day in (("then", 19), ("now", 20))]
    edit(folders[1], slower)
    built = Built(folders[1], "--previous", str(folders[0]))
    rows = {r["map"]: r for r in built.rows("tables/since-all.csv")}
    assert {r["word"] for r in rows.values()} == {"a control failed"}
    assert rows["syncmap"]["ratio"]


@pytest.mark.parametrize("low,high,word", [
    (previous.verdicts.MARGIN * 1.001, 9, "faster"),
    (previous.verdicts.MARGIN, 9, "not shown to differ"),
    (0.1, 0.999 / previous.verdicts.MARGIN, "slower"),
    (0.1, 1 / previous.verdicts.MARGIN, "not shown to differ")])
def test_a_word_needs_the_whole_interval_beyond_the_margin(low, high, word):
    assert previous.word_of(low, high) == word


def bare(speed, to_come="", **build):
    """A campaign of one trial at a CPU's speed, with facts of its build."""
    about = None if speed is None else {
        "adds_per_ns_before": speed, "adds_per_ns_after": speed}
    cell = SimpleNamespace(measure="throughput", ok=[
        {"result": {"environment": about}}])
    return SimpleNamespace(cells={"c": cell}, to_come=to_come, meta={
        "build": {"flags": "-O2", "compiler": "gcc"} | build,
        "machine": {"installation": {"status": "ok", "text": "0123"}}})


@pytest.mark.parametrize("now,then,warned,told", [
    (bare(3), bare(3), [], ["CPU speed: × 1.00"]),
    (bare(None), bare(3), ["CPU speed: not recorded in both"], []),
    (bare(3), bare(None), ["CPU speed: not recorded in both"], []),
    (bare(3 * 1.001 * previous.verdicts.MARGIN), bare(3), ["CPU speed: × 1."],
     []),
    (bare(3), bare(3 * 1.001 * previous.verdicts.MARGIN), ["CPU speed: × 0."],
     []),
    (bare(3 * 0.999 * previous.verdicts.MARGIN), bare(3), [],
     ["CPU speed: × 1."]),
    (bare(3), bare(3, to_come="1 trial"), ["the earlier campaign was not finished"],
     ["CPU speed"]),
    (bare(3, to_come="1 trial"), bare(3), [], ["CPU speed"]),
    (bare(3, flags="-O3"), bare(3), ["flags: -O2 then, -O3 now"],
     ["CPU speed"]),
    (bare(3, compiler="clang"), bare(3), ["compiler: gcc then, clang now"],
     ["CPU speed"])])
def test_what_else_differs_is_warned_of_and_nothing_else(now, then, warned,
                                                         told):
    found = previous.warnings(now, then)
    for is_warning, parts in ((True, warned), (False, told)):
        said = [text for red, text in found if red is is_warning]
        assert len(said) == len(parts), said
        assert all(map(str.startswith, said, parts)), said


def test_speed_is_the_mean_of_before_and_after(tmp_path):
    folder = campaign(tmp_path / "one", 19)
    edit(folder, lambda t: t["result"]["environment"].update(
        adds_per_ns_before=3.0, adds_per_ns_after=2.0) or t)
    assert previous.speed(read(folder)) == pytest.approx(2.5)


def test_cells_measured_otherwise_are_not_compared(tmp_path):
    then = campaign(tmp_path / "then", 19, change=lambda m: [
        c.update(window_ns=5) for c in m["cells"]] and None)
    now = campaign(tmp_path / "now", 20)
    rows = Built(now, "--previous", str(then)).rows("tables/since-all.csv")
    assert {r["why"] for r in rows} == {"window_ns differs"}
    assert {r["ratio"] for r in rows} == {""}


def test_what_lies_beside_a_campaign_is_no_input(tmp_path):
    """Only what was named is compared, and only then is there a section."""
    campaign(tmp_path / "then", 19)
    now = campaign(tmp_path / "now", 20)
    page = Built(now).page
    assert 'id="since"' not in page
    campaign(tmp_path / "between", 19, seed=5)
    assert Built(now).page == page


@pytest.mark.parametrize("status", ["failed", "void"])
def test_a_campaign_in_which_a_map_gave_nothing_is_passed_over(
        tmp_path, status):
    """All its trials ran, so that nothing is pending; but nothing stands
    beside that map's cells."""
    def fail(trial):
        if "/syncmap/" in trial["cell"]:
            trial.update(status=status, reason="planted", result=None)
        return trial
    now = campaign(tmp_path / "now", 20)
    old = campaign(tmp_path / "old", 17)
    broken = campaign(tmp_path / "broken", 18)
    edit(broken, fail)
    assert not read(broken).pending and read(broken).missing
    assert previous.find(now) == old
