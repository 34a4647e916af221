# SPDX-License-Identifier: Apache-2.0
"""What a comparison knows of each campaign that takes part
(report/compare/gather.py): its version, its machine, what it lacks, how it is
called, and of which other it is another version. Campaigns are made by
hand."""
import json
from pathlib import Path
from types import SimpleNamespace as Made

import pytest

from report.compare import gather
from report.compare.gather import Gathered, Member
from report.journal import JournalError

COMMIT = "0123456789abcdef"


def member(label="m", node=None, notes=(), **meta):
    return Member(label, Path(label), Made(meta=meta), node, list(notes))


# ---- one campaign ---------------------------------------------------------

@pytest.mark.parametrize("build,commit", [
    ({"commit": COMMIT}, "0123456789ab"), (None, "unknown"), ({}, "unknown"),
    ({"commit": "ab", "dirty": False}, "ab"),
    ({"commit": COMMIT, "dirty": True}, "0123456789ab (dirty)"),
    ({"dirty": True}, "unknown (dirty)")])
def test_a_version_is_twelve_digits_and_whether_it_was_changed(build, commit):
    assert member(build=build).commit == commit


def test_a_machine_has_an_id_and_facts_that_could_be_read():
    fact = lambda status, text: {"status": status, "text": text}
    one = member(machine={"id": "5e7a", "facts": {
        "kernel": fact("ok", "6.1"), "swap": fact("denied", "on"),
        "hypervisor_flag": fact("ok", "yes")}})
    assert (one.kind, one.fact("kernel"), one.fact("swap"),
            one.fact("gone"), one.virtual) == ("5e7a", "6.1", None, None,
                                               True)
    none = member(machine=None)
    assert none.kind is None and none.fact("kernel") is None
    assert not none.virtual


@pytest.mark.parametrize("meta,marked", [
    ({"line_checksum": "crc32"}, False), ({"synthetic": True}, False),
    ({"synthetic": False}, True), ({}, True)])
def test_lines_without_a_checksum_are_marked(meta, marked):
    assert bool(member(**meta).marked) == marked


def test_a_comparison_is_whole_where_nobody_lacks_anything():
    whole, part = member(), member(notes=["lost"])
    assert whole.whole and not part.whole
    assert Gathered([whole, whole]).whole
    for lacking in (Gathered([whole, part]),
                    Gathered([whole], absent=[("x", "failed", "")]),
                    Gathered([whole], refused=[("x", "another plan")])):
        assert not lacking.whole


def unfinished(problems=(), to_come="", states=(), failed=()):
    return gather.unfinished(Made(
        problems=list(problems), to_come=to_come, failed_maps=list(failed),
        missing=[Made(state=s) for s in states]))


# ---- how they are called --------------------------------------------------

def labels(*paths):
    return [entry[0] for entry in gather.unlike([
        (Path(p).name, Path("/" + p), p) for p in paths])]


@pytest.mark.parametrize("paths,called", [
    (["x/a", "x/b"], ["a", "b"]), (["x/a", "y/a"], ["x/a", "y/a"]),
    (["x/a", "y/a", "x/b"], ["x/a", "y/a", "b"]),
    (["x/a", "x/a", "x/a"], ["x/a", "x/a (2)", "x/a (3)"])])
def test_labels_occur_once(paths, called):
    assert labels(*paths) == called


def test_what_goes_with_a_label_stays_with_it():
    found = gather.unlike([("a", Path("/x/a"), "node", "state", "why"),
                           ("a", Path("/y/a"), None, None, None)])
    assert found == [("x/a", Path("/x/a"), "node", "state", "why"),
                     ("y/a", Path("/y/a"), None, None, None)]


# ---- a fleet --------------------------------------------------------------

def fleet(top, **more):
    entry = {"name": "n", "folder": "f", "state": "complete"} | more
    text = json.dumps({"format": 1, "kind": "fleet", "machines": [
        {k: v for k, v in entry.items() if v is not None}]})
    (top / "fleet.json").write_text(text)
    return top


def test_a_fleet_stands_for_its_machines(tmp_path):
    made = fleet(tmp_path, state="failed", reason="no answer")
    assert gather.listed([made]) == [
        ("n", tmp_path / "f", "n", "failed", "no answer")]
    assert gather.listed([fleet(tmp_path)])[0][3:] == ("complete", None)


@pytest.mark.parametrize("more", [
    {"folder": ""}, {"folder": "."}, {"folder": ".."}, {"folder": "a/b"},
    {"folder": "/a"}, {"name": None}, {"state": None}, {"folder": None},
    {"name": 7}])
def test_a_machine_of_a_fleet_has_a_folder_below_it(tmp_path, more):
    with pytest.raises(JournalError, match="a folder below this one"):
        gather.read_fleet(fleet(tmp_path, **more))


@pytest.mark.parametrize("text,why", [
    ("{", "not JSON"), ("[]", "expected format 1"),
    ('{"format": 1, "kind": "fleet"}', "expected format 1"),
    ('{"format": 2, "kind": "fleet", "machines": []}', "expected format 1"),
    ('{"format": 1, "kind": "x", "machines": []}', "expected format 1")])
def test_what_is_no_fleet_is_refused(tmp_path, text, why):
    (tmp_path / "fleet.json").write_text(text)
    with pytest.raises(JournalError, match=why):
        gather.read_fleet(tmp_path)


# ---- versions on one machine ----------------------------------------------

@pytest.mark.parametrize("one,two,same", [
    (("k", None), ("k", None), True), (("k", "n"), ("k", None), True),
    (("k", "n"), ("k", "n"), True), (("k", "n"), ("k", "m"), False),
    (("k", "n"), ("j", "n"), False), (("k", None), ("j", None), False)])
def test_one_machine_has_one_id_and_no_two_names(one, two, same):
    found = [member(node=node, machine={"id": kind}) for kind, node in
             (one, two)]
    assert gather.same(*found) == gather.same(*found[::-1]) == same


@pytest.mark.parametrize("one,two,same", [
    (("1", None), ("1", None), True), (("1", None), ("2", None), False),
    ((None, None), ("2", None), True), (("1", "n"), ("2", None), False),
    (("1", "n"), ("2", "n"), True), (("1", "n"), ("1", "m"), False)])
def test_twins_with_one_id_are_no_machine(one, two, same):
    """The names of a fleet go before what is installed."""
    found = [member(node=node, machine={"id": "k", "facts": {
        "installation": {"status": "ok" if number else "absent",
                         "text": number}}}) for number, node in (one, two)]
    assert gather.same(*found) == gather.same(*found[::-1]) == same


def placed(*members):
    door = gather.Door()
    door.first = members[0]
    for each in members:
        door.place(each)
    return door.found


def version(label, commit, day, kind="k"):
    return member(label, machine={"id": kind}, build={"commit": commit},
                  created_utc=f"2026-11-{day}T08:01:00Z")


def test_another_version_stands_against_the_one_of_its_machine():
    """The earlier one first, whichever was named first."""
    first, twin = version("a", "1", 20), version("b", "1", 21, "j")
    for later in (version("c", "2", 22, "j"), version("c", "2", 19, "j")):
        found = placed(first, twin, later)
        assert found.members == [first, twin] and not found.refused
        ordered = [twin, later] if later.campaign.meta[
            "created_utc"] > "2026-11-21" else [later, twin]
        assert [list(pair) for pair in found.versions] == [ordered]


def test_another_version_on_a_machine_of_its_own_is_refused():
    found = placed(version("a", "1", 20), version("b", "2", 21, "other"))
    (refused,) = found.refused
    assert refused[0] == "b" and "commit 2" in refused[1]
    assert "of machine other" in refused[1] and not found.versions
