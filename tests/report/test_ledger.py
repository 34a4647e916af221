# SPDX-License-Identifier: Apache-2.0
"""Tests the reader of the ledger: the values, the file and line in each error, and that damaged
text raises no other kind of error."""
import random
from dataclasses import replace

import pytest
from made_claims import campaign, decided

from report.claims import ledger
from report.claims.cells import settings
from report.claims.statistic import parse

WHOLE = """\
about = go
rule = direction
workload = hot-reads

[S4-12]
says = Reads of sync.Map are faster.  # a comment
article = 3.2 against 8.7 ns; \\
    hot keys
side = above
cells = threads=1
cells = threads=2
subject = syncmap
against = gomap_rw
go = go_sync_map / go_map_rw
statistic = ops/elapsed_s
"""


def read(tmp_path, text):
    (tmp_path / "made.claims").write_text(text, encoding="utf-8")
    return ledger.read(tmp_path)


def one(tmp_path, **changed):
    """Makes the claim above with other values; a value of None removes the key."""
    values = {"rule": "direction", "workload": "w", "says": "a", "side":
              "above", "article": "b", "cells": "threads=1", "subject": "m",
              "against": "n", "statistic": "ops", **changed}
    lines = [f"{k} = {v}" for k, v in values.items() if v is not None]
    found, = read(tmp_path, "\n".join(["[S0-01]", *lines])).values()
    return found


# ---- what is read ---------------------------------------------------------

def test_a_section_is_a_claim(tmp_path):
    assert read(tmp_path, WHOLE)["S4-12"] == ledger.Claim(
        "S4-12", "made.claims:5", "Reads of sync.Map are faster.",
        "3.2 against 8.7 ns; hot keys", "direction", about="go", side="above",
        workload="hot-reads", cells=("threads=1", "threads=2"), subject="syncmap",
        against="gomap_rw", go=("go_sync_map", "go_map_rw"), statistic="ops/elapsed_s",
        band=0.02, tolerance=1.2)


@pytest.mark.parametrize("key,text,value", [
    ("claimed", "416", (416, 416)), ("claimed", "0.9 .. 1.1", (0.9, 1.1)),
    ("claimed", "0", (0, 0)), ("claimed", "-0.1 .. 0.1", (-0.1, 0.1)),
    ("band", "5%", 0.05), ("tolerance", "1.5", 1.5), ("effect", "2 %", 0.02),
    ("needs", "cpus: 16", ("cpus", 16)), ("needs", "counters",
                                          ("counters", 1)),
    ("go", "go_map_rw", ("go_map_rw", "")),
    ("go", "go_map_rw threads=1 / go_map_rw threads=2",
     ("go_map_rw threads=1", "go_map_rw threads=2"))])
def test_values_are_read(tmp_path, key, text, value):
    count = {"rule": "count", "claimed": "1", "against": None}
    assert getattr(one(tmp_path, **{**count, key: text}), key) == value


def test_a_cell_may_have_its_own_keys(tmp_path):
    claim = one(tmp_path, conditions="parts", rule="count", claimed="1",
                side=None, against=None,
                cells="threads=1 | subject = o | claimed = 3 .. 5")
    part, = claim.each()
    assert part.cells == ("threads=1",)
    assert (part.subject, part.claimed) == ("o", (3, 5))
    assert part.statistic == claim.statistic


def test_go_has_its_own_cells_and_names(tmp_path):
    claim = one(tmp_path, about="go", go="go_a / go_b", go_cells="keys=1",
                go_statistic="allocations")
    part, = claim.each(go=True)
    assert (part.cells, part.subject, part.against, part.statistic) == (
        ("keys=1",), "go_a", "go_b", "allocations")
    assert claim.each()[0].cells == ("threads=1",)
    assert one(tmp_path).each(go=True) == []


def test_the_hash_covers_the_content_of_claims(tmp_path):
    claims = read(tmp_path, WHOLE)
    moved = read(tmp_path, "\n# moved\n" + WHOLE)
    other = read(tmp_path, WHOLE.replace("threads=2", "threads=4"))
    assert ledger.digest(claims) == ledger.digest(moved)
    assert ledger.digest(claims) != ledger.digest(other)


# ---- mistakes -------------------------------------------------------------

@pytest.mark.parametrize("before,after,line,words", [
    ("[S4-12]", "[S4-1]", 5, "expected the id of a claim"),
    ("side = above", "side = over", 9, "expected one of above, below"),
    ("side = above", "claimed = many", 9, "expected a number, or LOW .. HIGH"),
    ("side = above", "claimed = 2 .. 1", 9, "expected a number, or LOW .. HIGH"),
    ("side = above", "band = wide", 9, "expected a share"),
    ("side = above", "tolerance = x", 9, "expected a factor"),
    ("side = above", "needs = luck: 3", 9, "expected cpus: N"),
    ("side = above", "needs = cpus:", 9, "expected cpus: N"),
    ("go_sync_map / go_map_rw", "a / b / c", 14, "expected MAP, or MAP / MAP"),
    ("go_sync_map / go_map_rw", "/ b", 14, "expected MAP, or MAP / MAP"),
    ("rule = direction", "rule = taste", 5, "expected one of"),
    ("side = above\n", "", 5, "lacks side"),
    ("says = Reads", "# says = Reads", 5, "lacks says"),
    ("cells = threads=1\ncells = threads=2\n", "", 5, "lacks cells"),
    ("subject = syncmap\n", "", 5, "lacks subject"),
    ("cells = threads=2", "cells = threads=2 | speed = 1", 5, "expected KEY = VALUE"),
    ("cells = threads=2", "cells = threads=2 | claimed = x", 5, "expected a number"),
    ("side = above", "side = above\nnumbers = simulated", 5, "not valid for a claim about speed"),
    ("side = above", "side = above\ngrade = weakened", 5, "weakened_by only with grade"),
    ("side = above", "side = above\nneeds_go = 1.21", 10, "expected one of classic, any"),
    ("cells = threads=2", "cells = threads=2 | rule = none", 5, "a rule for claims with cells"),
    ("side = above", "side = above\nvariant = a / b", 5, "lacks variant_shows: a variant"),
    ("side = above", "side = above\nvariant = a\nvariant_shows = b", 5,
     "variant = a: expected MAP / MAP")])
def test_errors_name_file_and_line(tmp_path, before, after, line, words):
    assert before in WHOLE
    with pytest.raises(ledger.LedgerError) as error:
        read(tmp_path, WHOLE.replace(before, after))
    assert str(error.value).startswith(f"made.claims:{line}: ") and words in str(error.value)


@pytest.mark.parametrize("key,value", [
    ("tolerance", "0"), ("tolerance", "0.9"), ("tolerance", "-1.2"),
    ("tolerance", "nan"), ("tolerance", "inf"), ("band", "-2%"),
    ("band", "nan"), ("band", "100%"), ("effect", "-1%"),
    ("claimed", "nan"), ("claimed", "1 .. nan"), ("claimed", "inf"),
    ("needs", "cpus: nan")])
def test_useless_numbers_are_rejected(tmp_path, key, value):
    """With a tolerance below 1, the lower limit would exceed the upper one, so that a value equal
    to the claim would be refuted."""
    with pytest.raises(ledger.LedgerError, match=f"{key} = .*expected"):
        one(tmp_path, **{key: value})


@pytest.mark.parametrize("claimed", ["0", "-3", "0 .. 2"])
def test_a_figure_of_speed_has_a_logarithm(tmp_path, claimed):
    with pytest.raises(ledger.LedgerError, match="must be above 0"):
        one(tmp_path, rule="figure", claimed=claimed)
    found = one(tmp_path, rule="figure", claimed=claimed, speaks="memory")
    assert found.limits[0] <= 0


def test_damaged_texts_raise_ledger_errors_only(tmp_path):
    """Reads 1,000 ledgers with lines cut, doubled, mixed and overwritten."""
    lines, words = WHOLE.splitlines(), sorted(ledger.KEYS)
    draw = random.Random(14)
    for _ in range(1000):
        made = list(lines)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(made))
            made[at] = draw.choice([
                made[at][:draw.randint(0, len(made[at]))], made[at] + " \\",
                draw.choice(lines), draw.choice(words) + " = "
                + draw.choice(["", "1", "%", "..", "/", "|", "a | b", "[",
                               "1 .. 2", "x" * 400, "\u00e9", "none"]),
                "".join(chr(draw.randint(32, 126)) for _ in range(9))])
        try:
            found = read(tmp_path, "\n".join(made))
        except ledger.LedgerError as error:
            assert str(error).startswith("made.claims:")
        else:
            assert all(isinstance(c, ledger.Claim) for c in found.values())


# ---- the ledger itself ----------------------------------------------------

CLAIMS = ledger.read()


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda c: c.id)
def test_a_claim_can_be_shown_and_decided(claim):
    assert claim.says.endswith(".")
    parts = (claim.each(), claim.each(go=True)) if claim.cells else ()
    assert all(len(of) <= 3 for of in parts), "a claim may have at most three cells in quick mode"
    for part in (part for of in parts for part in of):
        asked = parse(part.statistic)
        assert asked.fold in ("", "slope") and all(asked.above), part.statistic
        settings(part.cells[0])  # raises an error if a factor is unknown
        if part.rule == "figure" and part.speaks == "speed":
            assert part.limits[0] > 0  # the test uses logarithms
    if claim.rule in ("never", "can-happen"):
        assert "/" not in claim.statistic, "these rules sum counts and divide nothing"


@pytest.mark.parametrize("claim", [
    c for c in CLAIMS.values() if c.cells and c.each(go=True)], ids=lambda c: c.id)
def test_cells_of_go_claims_use_go_maps(claim):
    assert claim.about == "go"
    for part in claim.each(go=True):
        for side in (part.subject, part.against):
            assert not side or side.startswith("go_")
        assert not part.statistic.startswith("window."), \
            "the Go program does not report statistics of a window"


def test_programs_of_go_decide_claims_about_its_speed():
    """Go must decide at least 45 of the 50 claims about Go's speed and memory."""
    of_go = [c for c in CLAIMS.values() if c.about == "go" and c.rule != "none"
             and c.speaks in ("speed", "memory")]
    assert sum(bool(c.each(go=True)) for c in of_go) >= len(of_go) - 5 >= 45


def test_a_weakened_experiment_has_a_reason():
    assert {c.grade for c in CLAIMS.values()} <= {"faithful", "weakened", "none"}
    assert all(bool(c.weakened_by) == (c.grade == "weakened") for c in CLAIMS.values())


# ---- rows without cells ---------------------------------------------------

NOTHING = campaign(cpus=256, counters="likwid")


@pytest.mark.parametrize("claim", [
    c for c in CLAIMS.values() if c.rule == "arithmetic"],
    ids=lambda c: c.id)
def test_arithmetic_is_refuted_if_the_claimed_number_differs(claim):
    value = float(decided(NOTHING, claim).how.rpartition("= ")[2])
    right, wrong = (replace(claim, claimed=(v, v), tolerance=1.001)
                    for v in (value, value * 1.1 + 1))
    assert decided(NOTHING, right).verdict == "reproduced"
    assert decided(NOTHING, wrong).verdict == "refuted"


def test_claims_without_an_experiment_never_decide():
    none = [c for c in CLAIMS.values() if c.rule == "none"]
    assert none and {decided(NOTHING, c).verdict for c in none} == {
        "not testable here"}
