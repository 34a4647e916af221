# SPDX-License-Identifier: Apache-2.0
"""Machines of one kind, version against version, claims machine by machine:
what a comparison says of campaigns that share more than a plan."""
import json
import math
import random

import pytest
from machine_campaigns import change, machine
from report_helpers import Page
from test_compare import Compared
from test_claims_page import own  # noqa: F401

from report.compare import twins
from report.compare.ranks import pair_word, tau


def row(ratio, half=0.02):
    """A ratio with a 95 % interval that reaches `half` each way (ln)."""
    return {"ratio": ratio, "low": ratio * math.exp(-half),
            "high": ratio * math.exp(half)}


# ---- of one kind ----------------------------------------------------------

def test_two_that_differ_by_more_than_both_intervals_are_apart():
    for second, apart in ((1.02, False), (1.0278, False), (1.03, True)):
        found = twins.difference(row(1.0), row(second))
        assert (found["high"] < 0) == apart  # hypot(0.02, 0.02) = 0.0283


def test_the_joint_interval_takes_the_ends_that_face_each_other():
    """Wide upwards: the smaller one may be as large as the other, but not
    the other way round."""
    wide_up = {"ratio": 1.0, "low": 0.999, "high": 1.2}
    sharp = {"ratio": 1.1, "low": 1.099, "high": 1.101}
    assert twins.difference(wide_up, sharp)["high"] > 0
    wide_down = {"ratio": 1.0, "low": 0.8, "high": 1.001}
    assert twins.difference(wide_down, sharp)["high"] < 0
    above = {"ratio": 1.21, "low": 1.0, "high": 1.211}
    assert twins.difference(above, sharp)["low"] < 0
    assert twins.difference({**above, "low": 1.209, "high": 1.5},
                            sharp)["low"] > 0


@pytest.mark.parametrize("sd", [0.0, 0.03])
def test_what_is_left_out_is_found_again(sd):
    """400 ratios on two machines: errors of 1 %, and `sd` of the machine."""
    rng, error = random.Random(5), 0.01
    both = [tuple(row(math.exp(rng.gauss(0, sd) + rng.gauss(0, error)),
                      twins.NORMAL * error) for _ in range(2))
            for _ in range(400)]
    assert twins.left_out(both) == pytest.approx(sd, abs=0.003)
    assert twins.left_out(both[:5]) is None


def test_intervals_with_what_they_leave_out_add_as_squares_do():
    low, high = twins.widened(row(2.0, 0.03), 0.04 / twins.NORMAL)
    assert math.log(high / 2) == pytest.approx(0.05)
    assert math.log(low / 2) == pytest.approx(-0.05)


def test_twins_that_differ_by_a_map_are_told(tmp_path):
    """One id, two nodes; on the second one syncmap is 10 % faster."""
    made = Compared(machine(tmp_path / "a", seed=1),
                    machine(tmp_path / "b", factors={"syncmap": 1.1},
                            seed=2), out=tmp_path / "out")
    assert made.status == 0
    (found,) = made.told["twins"]
    assert found["ratios"] == 4 * 4  # four maps at four places
    assert 4 <= found["apart"] <= 6
    assert 9 < found["largest_percent"] < 12
    assert found["largest_of"]["map"] == "syncmap"


def installed(number):
    """Makes campaign.json say what was installed; None: nothing is known."""
    fact = {"status": "ok" if number else "absent", "text": number}
    return lambda meta: meta["machine"]["facts"].update(installation=fact)


@pytest.mark.long
@pytest.mark.parametrize("numbers,said", [
    (("0123456789abcdef", "fedcba9876543210"), "two machines"),
    (("0123456789abcdef", "0123456789abcdef"), "one machine twice"),
    (("0123456789abcdef", None), "no campaign says which"),
    ((None, None), "no campaign says which")])
def test_what_was_installed_tells_twins_from_one_measured_twice(
        tmp_path, numbers, said):
    """Where no fleet has named them; the id is the same whatever it is."""
    made = Compared(*(machine(tmp_path / name, seed=ord(name),
                              edit=installed(number))
                      for name, number in zip("ab", numbers)),
                    out=tmp_path / "out")
    (found,) = made.told["twins"]
    assert found["what"].endswith(said)


# ---- ranks ----------------------------------------------------------------

def test_an_order_is_reversed_only_where_both_machines_decide():
    assert [pair_word(*pair) for pair in
            ((1, 1), (1, -1), (1, 0), (0, 0), (-1, -1))] == [
        "alike", "reversed", "open", "open", "alike"]


def test_tau_is_of_three_maps_at_least():
    order = {"a": 1, "b": 2, "c": 3}
    assert tau(order, order) == 1
    assert tau(order, {"a": 3, "b": 2, "c": 1}) == -1
    assert tau({"a": 1, "b": 2}, {"a": 2, "b": 1}) is None


# ---- versions -------------------------------------------------------------

def test_a_version_is_set_against_the_other_on_one_machine(tmp_path):
    then = machine(tmp_path / "then", day=19)
    now = machine(tmp_path / "now", factors={"syncmap": 0.8}, seed=2, day=20,
                  commit="1111111")
    made = Compared(then, now, out=tmp_path / "out")
    assert made.status == 0, made.error
    (found,) = made.told["versions"]
    assert found["counted"] == {"faster": 0, "slower": 4, "not shown to "
                                "differ": 16, "no interval": 0}
    assert {r["map"] for r in found["rows"] if r["word"] == "slower"} == {
        "syncmap"}
    assert "commit 1111111" in found["differs"]


@pytest.mark.parametrize("bad", ["then", "now"])
def test_no_version_is_slower_where_a_control_failed(tmp_path, bad):
    then, now = (machine(tmp_path / name, seed=day, day=day, plant={
        "control": "fail"} if name == bad else {}, **more)
        for name, day, more in (("then", 19, {}), ("now", 20, {
            "factors": {"syncmap": 0.8}, "commit": "1111111"})))
    made = Compared(then, now, out=tmp_path / "out")
    (found,) = made.told["versions"]
    assert found["counted"] == {
        "faster": 0, "slower": 0, "not shown to differ": 0, "no interval": 0,
        "a control failed": 20}


# ---- claims ---------------------------------------------------------------

def of_claims(folder, ident, factor, digest):
    machine(folder, ident, {"syncmap": factor}, blocks=20, keys=(65536,),
            mode="claims-quick")
    change(folder, lambda m: m.update(notes={"claims": digest}))
    return folder


def test_each_machine_decides_a_claim_alone(tmp_path, own):  # noqa: F811
    """syncmap at 43.5 % of gomap_rw on one machine, ahead on the other."""
    from report.claims import ledger
    digest = ledger.digest(ledger.read())
    made = Compared(of_claims(tmp_path / "a", "aaaaaaaa", 0.435 * 0.75,
                              digest),
                    of_claims(tmp_path / "b", "bbbbbbbb", 1, digest),
                    out=tmp_path / "out")
    rows = {r["id"]: r for r in made.told["claims"]}
    said = {label: v["verdict"] for label, v in
            rows["S4-01"]["verdicts"].items()}
    assert said == {"a": "reproduced", "b": "refuted"}
    assert rows["S4-01"]["word"] == "differs"
    assert rows["S4-03"]["word"] == "open"
    assert not Page(made.page).wrong


# ---- machines that differ in what they have -------------------------------


def test_a_cell_that_stands_for_others_is_found_at_their_places(tmp_path):
    """On a machine without SMT two placements are one cell (`same`)."""
    one = machine(tmp_path / "a")
    other = machine(tmp_path / "b", "bbbbbbbb", seed=2)

    def smt(meta):
        meta["same"] = [{"id": c["id"].replace("/cores/", "/smt/"),
                         "as": c["id"]} for c in meta["cells"]
                        if c["measure"] == "throughput"]
    for folder in (one, other):
        change(folder, smt)
    made = Compared(one, other, out=tmp_path / "out")
    assert {r["placement"] for r in made.told["ratios"]} == {"cores", "smt"}


def test_a_measured_campaign_without_checksums_is_marked(tmp_path):
    """An older one: readable, and said of it that nobody would see a changed
    line."""
    folders = [machine(tmp_path / name, f"{name}" * 8, seed=i,
                       edit=lambda m: m.pop("synthetic"))
               for i, name in enumerate("ab")]
    file = folders[1] / "campaign.json"
    meta = json.loads(file.read_text())
    for key in ("line_checksum", "sha256"):
        meta.pop(key)
    file.write_text(json.dumps(meta))
    made = Compared(*folders, out=tmp_path / "out")
    assert made.status == 0
    assert "<b>Marked: b</b>: no checksum" in made.red
