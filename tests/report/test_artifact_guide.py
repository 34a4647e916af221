# SPDX-License-Identifier: Apache-2.0
"""Rows of ARTIFACT.md and claims.tsv (docs/artifact.md), of campaigns that are
written here by hand: what each campaign is, what hardware it needs, what of it
is claimed and what is not, and how much a second run may show otherwise."""
import json

import pytest

from report import verdicts
from report.artifact import claims, guide

CELL = {"measure": "throughput", "skip": "", "threads": 2, "memory_bytes": 0}


def campaign(folder, lines=3, cells=(), **meta):
    """A folder with campaign.json and so many lines of a journal."""
    folder.mkdir(parents=True)
    (folder / "campaign.json").write_text(json.dumps(
        {"cells": [CELL | c for c in cells]} | meta))
    (folder / "trials.jsonl").write_text("{}\n" * lines)
    return folder


# ---- what they need -------------------------------------------------------

def hardware(folder, **about):
    return guide.hardware_row("c", campaign(folder / "c", **about))


@pytest.mark.parametrize("backend,needed", [
    ("perf", True), ("likwid", True), ("none", False), ("played", False)])
def test_counters_are_needed_where_hardware_counted(tmp_path, backend,
                                                    needed):
    told = hardware(tmp_path, counters={"backend": backend})[-1]
    assert told == (f"{backend}: as many trials have no counts without them"
                    if needed else "none needed")


def test_packages_are_those_of_the_group_that_are_installed(tmp_path):
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment/packages.tsv").write_text(
        "group\tpackage\twanted\tversion\nartifact\tmake\tneeded\t4.3\n"
        "build\tgcc\tneeded\t12.2\nartifact\tjing\tneeded\t-\n"
        "artifact\tpython3\tneeded\t3.11\n")
    assert guide.packages_of(tmp_path) == "`make` 4.3, `python3` 3.11"


# ---- what a second run may show -------------------------------------------

def control(low, high, name="A/A", is_one=True):
    return {"control": is_one, "low": low, "high": high, "name": name}


@pytest.mark.parametrize("controls,room", [
    ([], 0.10), ([control(None, None)], 0.10),
    ([control(-9, 9, is_one=False)], 0.10),
    ([control(-1, 3)], 0.03), ([control(-4, 3)], 0.04),
    ([control(-1, 1), control(None, None), control(-2, 1)], 0.02),
    # of the one that must show 2 % only what differs from these
    ([control(1.5, 3, "+2 % work")], 0.01),
    ([control(-1, 2.5, "+2 % work")], 0.03)])
def test_the_room_is_the_most_that_a_control_may_be_off(controls, room):
    assert claims.room_of(controls) == pytest.approx(room)


def rival(name, ratio, low, high, outcome="behind", n=8):
    return {"map": name, "ratio": ratio, "group_low": low,
            "group_high": high, "outcome": outcome, "n": n, "cell": name}


def decision(word, *rivals, weakest):
    return {"leader": "a", "cell": "a", "word": word, "weakest": weakest,
            "rivals": list(rivals)}


def test_the_tolerance_is_of_the_weakest_comparison():
    """Interval of b, each end a tenth wider: 1.10 / 1.1 and 1.40 x 1.1."""
    found = decision("clear lead", rival("c", 2.0, 1.9, 2.1),
                     rival("b", 1.25, 1.1, 1.4), weakest="b")
    assert claims.allowed(found, 0.1) == pytest.approx((1.25, 1.0, 1.54))
    assert claims.expected(found, 0.1) == (
        "a leads (clear lead); over b, the least certain rival, measured x "
        "1.25, again between 1.00 and 1.54")


def test_a_tie_names_all_that_are_not_told_apart():
    found = decision("tied", rival("b", 1.0, 0.9, 1.1, "tied"),
                     rival("c", 2.0, 1.9, 2.1), rival("d", 1.0, 0.8, 1.2,
                                                      "tied"), weakest="d")
    assert claims.expected(found, 0.0) == (
        "a, b and d are not told apart; a over d measured x 1.00, again "
        "between 0.800 and 1.20")


# ---- which cells, and how long --------------------------------------------

def planned(name, measure="throughput", workload="w", skip="", **more):
    return {"id": name, "map": name[0], "measure": measure, "skip": skip,
            "workload": workload} | more


def test_the_cells_of_a_claim_are_timed_and_checked():
    """A cell that another one runs for is that one; what is of another
    workload, skipped or without a result is not among them."""
    meta = {"same": [{"id": "b", "as": "b2"}], "cells": [
        planned("a"), planned("b2"), planned("c"), planned("d"),
        planned("a/v", "verify"), planned("b/v", "verify"),
        planned("b/other", "verify", "other"), planned("d/v", "verify"),
        planned("c/v", "verify", skip="no"), planned("a/lat", "latency")]}
    found = decision("clear lead", rival("b", 1, 1, 1), rival("c", 1, 1, 1),
                     rival("d", 1, 1, 1, verdicts.NONE, n=0), weakest="b")
    assert claims.ids_of(meta, found) == ["a/v", "b/v", "a", "b2", "c"]


@pytest.mark.parametrize("cell,minutes", [
    ({"blocks": 10, "estimate_ns": 6 * 10 ** 9}, 1.0),
    ({"blocks": None, "estimate_ns": 6 * 10 ** 9}, 0.1),
    ({"blocks": 10, "estimate_ns": None}, 0.0),
    ({"blocks": 10, "estimate_ns": 6 * 10 ** 9,
      "repeat": {"share": 0.5}}, 1.5),
    ({"blocks": 10, "estimate_ns": 6 * 10 ** 9, "repeat": None}, 1.0)])
def test_minutes_are_of_all_blocks_and_repeats(cell, minutes):
    meta = {"cells": [planned("a") | cell, planned("b", blocks=9,
                                                   estimate_ns=10 ** 12)]}
    assert claims.minutes(meta, ["a"]) == pytest.approx(minutes)
    assert claims.shown(1.21) == "1.3" and claims.shown(1.2) == "1.2"
    assert claims.shown(0) == "0.0"


# ---- what is tried first --------------------------------------------------

def kick(folder, rows):
    cells = [planned("x", skip="no", workload="v", base="z"),
             planned("y", "verify", base="z"), planned("k", base="k"),
             *(planned(name, base="k") for name in "cdbef"),
             planned("o", workload="v", base="k")]
    folder.mkdir()
    (folder / "campaign.json").write_text(json.dumps({"cells": cells}))
    return claims.kick_of(folder, "camp", folder, rows)


def ranked(needs, plan="plans/camp/w.conf"):
    return [{"plan": plan, "expected": "a leads", "decision": decision(
        "clear lead", weakest="b") | {"needs": needs}}]


def test_leader_weakest_rival_and_base_are_tried_first(tmp_path):
    """And then what else the workload has, four maps in all."""
    found = kick(tmp_path / "c", ranked(9))
    assert found == {
        "id": "kick", "campaign": "camp", "plan": "plans/camp/w.conf",
        "cells": "", "maps": "a,b,k,y", "minutes": "12",
        "settings": "threads=1 cpus;blocks=9;measure=throughput",
        "expected": "a leads"}


@pytest.mark.parametrize("needs,blocks", [(None, 7), (6, 7), (8, 8)])
def test_what_is_tried_first_has_seven_blocks_at_least(tmp_path, needs,
                                                       blocks):
    found = kick(tmp_path / "c", ranked(needs))
    assert f";blocks={blocks};" in found["settings"]


def test_the_workload_is_that_of_the_claim_or_of_what_was_timed(tmp_path):
    other = kick(tmp_path / "a", ranked(7, "plans/camp/v.conf"))
    assert other["plan"] == "plans/camp/v.conf"
    assert other["maps"] == "a,b,k,x"
    none = kick(tmp_path / "b", [])
    assert none["plan"] == "plans/camp/w.conf" and none["maps"] == "k,y,c,d"
    assert "ranks nothing" in none["expected"]


def test_of_a_campaign_without_throughput_nothing_is_tried(tmp_path):
    (tmp_path / "campaign.json").write_text(json.dumps({"cells": [
        planned("a", "latency"), planned("b", skip="no")]}))
    assert claims.kick_of(tmp_path, "camp", tmp_path, []) is None


def test_claims_of_a_second_campaign_are_numbered_on(tmp_path):
    """What has no rank is no claim; each names its cells in a file."""
    path = tmp_path / "campaigns/c"
    (path / "report").mkdir(parents=True)
    cells = [planned(n, threads=3, blocks=1, estimate_ns=1) for n in "ab"]
    (path / "campaign.json").write_text(json.dumps({
        "cells": cells, "workloads": [{"name": "w", "text": "keys = 1\n"}]}))
    lead = decision("clear lead", rival("b", 1.5, 1.4, 1.6),
                    weakest="b") | {"place": "p"}
    (path / "report/verdicts.json").write_text(json.dumps({
        "invalid": "", "controls": [], "decisions": [
            lead, lead | {"word": "not ranked"}, lead | {"word": "tied"}]}))
    rows = claims.of_campaign(tmp_path, "c", path, 5)
    assert [row["id"] for row in rows] == ["c005", "c006"]
    assert {row["settings"] for row in rows} == {"threads=3"}
    for row in rows:
        assert (tmp_path / row["cells"]).read_text() == "a\nb\n"
        assert (tmp_path / row["plan"]).read_text() == "keys = 1\n"
