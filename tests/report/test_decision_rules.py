# SPDX-License-Identifier: Apache-2.0
"""Tests the advice of the articles: its standing depends on the verdicts on its claims. Also tests
the errors that are found in a file of rules, and the file of this source tree."""
import pytest
from made_claims import campaign, cell, claim
from report_helpers import TOP

from report.claims import decide, decision_rules, ledger
from report.claims.model import CellRow, ClaimRow, Kind, Word

CLAIMS = {name: claim(id=name, cells=("threads=2", "threads=4"))
          for name in ("S9-01", "S9-02", "S9-03")}
TEXT = """\
# of a test
[D1]
source    = S9 1
situation = read-mostly
advises   = a
for       = S9-01, S9-02
against   = S9-03
pair      = a b
"""


def read(tmp_path, text=TEXT):
    (tmp_path / decision_rules.FILE).write_text(text, encoding="utf-8")
    return decision_rules.read(CLAIMS, tmp_path)


def row(name, *cells, verdict=None, how=""):
    """Makes a verdict on a claim with two cells, which are equal unless both are given."""
    both = cells if len(cells) == 2 else cells * 2
    return found(name, [(f"threads={n} measure=throughput", one) for n, one in zip((2, 4), both)],
                 verdict or both[0][0], how)


def found(name, cells, verdict, how=""):
    return ClaimRow(verdict, how, "native", tuple(
        CellRow(where, (), word, kind, kind or "", *[None] * 4, 20, *[None] * 3)
        for where, (word, kind) in cells), name, *[""] * 5, None, "")


YES, NO = (Word.REPRODUCED, None), (Word.REFUTED, Kind.OPPOSITE)
SMALLER, OPEN = (Word.REFUTED, Kind.SIZE), (Word.INCONCLUSIVE, None)
NOWHERE = (Word.NOT_HERE, None)
PLACES = "reproduced at threads=2; refuted at threads=4"


def depends(name, other=NO):
    return row(name, YES, other, verdict=Word.DEPENDS, how=PLACES)


def stands(tmp_path, *rows, text=TEXT):
    one, = decision_rules.standings(read(tmp_path, text), rows)
    return one.standing, one.why


# ---- standing -------------------------------------------------------------

@pytest.mark.parametrize("one,two,against,standing", [
    (YES, YES, NO, "confirmed"), (YES, YES, None, "confirmed"),
    (YES, YES, OPEN, "confirmed"), (YES, YES, YES, "corrected"),
    (YES, YES, SMALLER, "corrected"), (YES, NO, NO, "corrected"),
    (YES, SMALLER, NO, "corrected"), (YES, OPEN, NO, "left open"),
    (YES, NOWHERE, NO, "left open"), (YES, None, NO, "left open"),
    (OPEN, NO, NO, "corrected"), (OPEN, OPEN, YES, "corrected"),
    (None, None, None, "left open")])
def test_the_standing_of_a_rule_follows_its_claims(tmp_path, one, two, against, standing):
    rows = [row(name, word) for name, word in zip(CLAIMS, (one, two, against)) if word]
    assert stands(tmp_path, *rows)[0] == standing


def test_dependent_claims_correct_a_rule_on_either_side(tmp_path):
    yes = row("S9-01", YES), row("S9-02", YES)
    assert stands(tmp_path, *yes, depends("S9-03")) == (
        "corrected", f"against it S9-03 depends: {PLACES}")
    assert stands(tmp_path, yes[0], depends("S9-02"))[0] == "corrected"


@pytest.mark.parametrize("one,two,standing,why", [
    (YES, YES, "confirmed", "S9-02 threads=2 reproduced: at keys=1 threads=2 "
     "and keys=2 threads=2"),
    (NO, NO, "corrected", "S9-02 threads=2 refuted: opposite at keys=1 "
     "threads=2 and keys=2 threads=2"),
    (YES, NO, "corrected", "S9-02 threads=2 depends: reproduced at keys=1 "
     "threads=2; refuted at keys=2 threads=2"),
    (YES, OPEN, "left open", "S9-02 threads=2 inconclusive: reproduced at "
     "keys=1 threads=2 only")])
def test_one_cell_may_be_at_several_places(tmp_path, one, two, standing, why):
    """In longer modes, a factor that the article leaves open has several values."""
    wide = found("S9-02", [("keys=1 threads=2", one), ("keys=2 threads=2", two),
                           ("keys=1 threads=4", NO)], Word.REPRODUCED)
    assert stands(tmp_path, wide, text=TEXT.replace(
        "S9-01, S9-02", "S9-02 threads=2").replace(
            "against   = S9-03\n", "")) == (standing, why)
    against = TEXT.replace("S9-01, S9-02", "S9-01").replace(
        "S9-03", "S9-02 threads=2")
    assert stands(tmp_path, row("S9-01", YES), wide, text=against)[0] == (
        "corrected" if YES in (one, two) and OPEN != two else "confirmed")


def test_a_campaign_decides_a_rule(tmp_path):
    rates = [1000 + i for i in range(20)]
    made = campaign(cell("a", [2 * r for r in rates]), cell("b", rates))
    claims = {"S9-01": claim()}
    (tmp_path / decision_rules.FILE).write_text(TEXT.replace(
        "S9-01, S9-02", "S9-01").replace("against   = S9-03\n", ""))
    advised = decision_rules.read(claims, tmp_path)
    one, = decide.document(made, claims, advised).rules
    assert (one.id, one.grounds, one.pair, one.standing, one.why) == (
        "D1", ("S9-01",), ("a", "b"), "confirmed", "S9-01 reproduced: at threads=2")


def test_in_size_only_is_marked(tmp_path):
    one, = decision_rules.standings(read(tmp_path), [
        row("S9-01", YES), row("S9-02", SMALLER), row("S9-03", NO)])
    assert one.why.startswith("in size only: S9-02 refuted")


# ---- the text -------------------------------------------------------------

def test_errors_name_file_and_line(tmp_path):
    for before, after, line, message in [
            ("S9-02", "S9-22", 6, "S9-22: expected the id of a claim"),
            ("S9-03", "S9-3", 7, "S9-3: expected the id of a claim"),
            ("S9-02", "S9-02 S9-03", 6, "S9-02 S9-03: expected words of one "
             "of its cells: threads=2; threads=4"),
            ("S9-01,", "S9-01 threads=8,", 6, "expected words of one of"),
            ("S9-01,", "S9-01,,", 6, "separated by commas"),
            ("a b", "a", 8, "expected two maps"),
            ("a b", "a b c", 8, "expected two maps"),
            ("[D1]", "[S9-01]", 2, "expected the id of a decision rule"),
            ("[D1]", "[D0]", 2, "expected the id of a decision rule"),
            ("advises   = a\n", "", 2, "lacks advises"),
            ("for       = S9-01, S9-02\n", "", 2, "lacks for")]:
        assert before in TEXT
        with pytest.raises(ledger.LedgerError) as error:
            read(tmp_path, TEXT.replace(before, after, 1))
        assert str(error.value).startswith(
            f"{decision_rules.FILE}:{line}: "), after
        assert message in str(error.value), after


def test_a_ledger_may_advise_nothing(tmp_path):
    assert decision_rules.read(CLAIMS, tmp_path) == {}


# ---- the file itself ------------------------------------------------------

ADVISED = decision_rules.read(ledger.read())


def test_every_decision_rule_exists():
    assert list(ADVISED) == [f"D{i}" for i in range(1, 24)]


@pytest.mark.parametrize("rule", ADVISED.values(), ids=lambda r: r.id)
def test_claims_for_and_against_a_rule_differ(rule):
    assert not {str(g) for g in rule.grounds} & {str(a) for a in rule.against}
    for name in rule.pair:
        assert list((TOP / "impls").glob(f"*/{name}.c")), name
