# SPDX-License-Identifier: Apache-2.0
"""Simulated counts on the page: named as such everywhere, mixed with nothing."""
import json
import shutil
from types import SimpleNamespace

import pytest

import report_helpers as helpers
from report import stored_counts
from report.sections import simulated

MODEL = "icelake-sp"


def strip(folder):
    """Takes the simulated cells and their trials out of a campaign."""
    path = folder / "campaign.json"
    meta = json.loads(path.read_text())
    meta["cells"] = [c for c in meta["cells"]
                     if not c["measure"].startswith("simulated:")]
    path.write_text(json.dumps(meta))
    helpers.edit(folder, lambda t: None if "/simulated:" in t["cell"] else t)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    having = helpers.build(folder / "with", models=(MODEL,), blocks=8,
                           plant={"not_simulated": ("urcu_lfht",)})
    shutil.copytree(folder / "with", folder / "without",
                    ignore=shutil.ignore_patterns("report"))
    strip(folder / "without")
    return helpers.Built(folder / "without"), having


def test_counts_are_the_journal_s(both):
    rows = both[1].rows(f"figures/simulated-{MODEL}.csv")
    found = {(r["metric"], r["map"], int(r["threads"])): float(r["value"])
             for r in rows}
    assert found["coherence_misses", "gomap_rw", 1] == 0
    assert found["coherence_misses", "gomap_rw", 64] == pytest.approx(
        3 * 63 / 64, rel=1e-3)
    assert found["l1d_misses", "gomap_rw", 1] == pytest.approx(0.75, rel=1e-3)


def test_speeds_are_the_same_with_and_without(both):
    without, having = both
    for name in ("scaling", "ratio", "flip"):
        files = sorted(p.name for p in (without.out / "figures").glob(
            f"{name}*.csv"))
        assert files or name == "ratio"
        for file in files:
            assert (without.out / "figures" / file).read_bytes() == (
                having.out / "figures" / file).read_bytes(), file
    assert without.claim == having.claim


def test_simulated_trials_are_not_called_timed(both):
    table = (both[1].out / "tables" / "verification.csv").read_text()
    header, *rows = table.strip().split("\n")
    column = header.split(",").index("simulated trials right")
    by_map = {r.split(",")[0]: r.split(",") for r in rows}
    assert by_map["gomap_rw"][column:column + 2] == ["3", "3"]
    assert by_map["urcu_lfht"][column:column + 2] == ["0", "0"]


STORED = json.loads((helpers.TOP / "report/simulated_counts.json").read_text())
COLUMNS = {"l1d_misses": ("l1d_load_misses", "l1d_store_misses"),
           "invalidations": ("invalidations",)}


def measured(folder, **change):
    """The page of the campaign without simulation, as if it were measured:
    maps have the code that was counted, but for what `change` says."""
    code = {r["cell"]["map"]: r["code"] for r in STORED["cells"]} | change
    path = folder / "campaign.json"
    meta = json.loads(path.read_text()) | {"synthetic": False}
    meta["maps"] = [m | {"code": code.get(m["id"], "none")}
                    for m in meta["maps"]]
    path.write_text(json.dumps(meta))
    return helpers.Built(folder)


@pytest.fixture
def plain(both, tmp_path):
    return shutil.copytree(both[0].folder, tmp_path / "plain",
                           ignore=shutil.ignore_patterns("report"))


def test_stored_counts_stand_in_where_nothing_counted(plain):
    built = measured(plain)
    rows = {(r["metric"], r["map"], int(r["threads"])): float(r["value"])
            for r in built.rows(f"figures/simulated-{MODEL}.csv")}
    checked = 0
    for stored in STORED["cells"]:
        for metric, parts in COLUMNS.items():
            key = metric, stored["cell"]["map"], stored["cell"]["threads"]
            if stored["cell"]["map"] in ("gomap_rw", "syncmap", "snapshot"):
                assert rows[key] == pytest.approx(
                    sum(stored["counts"][c] for c in parts) / stored["ops"],
                    rel=1e-3)
                checked += 1
    assert checked == 3 * 4 * len(COLUMNS)


def test_their_rows_are_of_no_journal(plain):
    """Whoever looks a cell of theirs up in the journal does not find it."""
    rows = measured(plain).rows(f"figures/simulated-{MODEL}.csv")
    assert {r["source"] for r in rows} == {
        "report/simulated_counts.json, commit "
        + STORED["commit"].replace("+", " (dirty)")}
    assert {(r["workload"], r["keys"], r["placement"]) for r in rows} == {
        (c["workload"], str(c["keys"]), c["placement"])
        for c in (stored["cell"] for stored in STORED["cells"])}


def test_a_campaign_that_simulated_shows_its_own(both, tmp_path):
    folder = shutil.copytree(both[1].folder, tmp_path / "own",
                             ignore=shutil.ignore_patterns("report"))
    built = measured(folder)
    own, = [float(r["value"]) for r in built.rows(
        f"figures/simulated-{MODEL}.csv") if (
            r["metric"], r["map"], r["threads"]) == (
                "coherence_misses", "gomap_rw", "64")]
    assert own == pytest.approx(3 * 63 / 64, rel=1e-3)


def asking(**change):
    """An analysis of a campaign of a mode that counted nothing."""
    meta = {"mode": "quick"} | change.pop("meta", {})
    maps = {r["cell"]["map"]: {"code": r["code"]} for r in STORED["cells"]}
    measures = {"counters": [SimpleNamespace(ok=[])]} | change.pop(
        "measures", {})
    return SimpleNamespace(by_measure=measures, campaign=SimpleNamespace(
        meta=meta, maps=maps | change.pop("maps", {})))


@pytest.mark.parametrize("change,wanted", [
    ({}, True), ({"meta": {"mode": None}}, False),
    ({"meta": {"synthetic": True}}, False),
    ({"measures": {"counters": [SimpleNamespace(ok=[1])]}}, False),
    ({"measures": {"simulated:zen3": []}}, False),
    ({"measures": {"latency": []}}, True)])
def test_stored_counts_are_for_a_mode_that_has_no_others(change, wanted):
    assert stored_counts.wanted(asking(**change)) is wanted
    assert (stored_counts.read(asking(**change)) is not None) is wanted


def test_stored_counts_are_of_the_campaigns_maps_alone():
    a = asking()
    (name, *others) = sorted(a.campaign.maps)
    for other in others:
        del a.campaign.maps[other]
    model, cells, told, _ = stored_counts.read(a)
    assert model == MODEL and {c.map for c in cells} == {name}
    assert "the machine code of these maps is the same" in told
    a.campaign.maps = {"another": {}}
    assert stored_counts.read(a) is None


def test_maps_with_other_code_are_all_named():
    a = asking()
    first, second = sorted(a.campaign.maps)[:2]
    a.campaign.maps[first] = {"code": "0" * 12}
    assert f"whose {first} has other machine code" in stored_counts.read(a)[2]
    a.campaign.maps[second] = {}
    assert (f"whose {first} and {second} have other machine code"
            in stored_counts.read(a)[2])


def test_a_count_is_the_middle_of_its_trials():
    """Each trial has keys of its own, and its own counts: one trial would be
    called n, and contradict the claims of the same cells."""
    cell = SimpleNamespace(ok=[{"result": {"ops": 10, "counters": {
        "events": [{"metric": "a", "total": total},
                   {"metric": "b", "total": 10}]}}} for total in (
                       50, 10, 90, 20, 40)])
    counts = simulated.counts_of(cell)
    assert simulated.added(counts, ("a", "b")) == 5
    assert simulated.added(counts, ("a", "c")) is None
    assert simulated.added([], ("a",)) is None
