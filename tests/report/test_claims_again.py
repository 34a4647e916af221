# SPDX-License-Identifier: Apache-2.0
"""Two hands decide the same claims: `python3 -m report decide`, run as a
program, and tests/tools/claims_again.py, which was written from docs/claims.md
and shares nothing with report/.
"""
import json
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests/tools"))
import again_campaigns  # noqa: E402
import again_forms  # noqa: E402
import again_places  # noqa: E402
import claims_again  # noqa: E402
from again import arithmetic, compare, ledger, rules  # noqa: E402
from again.journal import Campaign  # noqa: E402

SEEDS = range(45)
# One process for all of them: half the time of a run is imports.
PROGRAM = """
import contextlib, pathlib, sys
from report.__main__ import main
for folder in map(pathlib.Path, sys.argv[1:]):
    with open(folder / "verdicts.json", "w") as out, \\
            contextlib.redirect_stdout(out):
        status = main(["decide", str(folder), "--ledger",
                       str(folder / "ledger")])
    if status:
        sys.exit(f"{folder}: status {status}")
"""
# Words of the ledger that the document of this tree must have.
ASKS = {"in_parts": "`parts`", "loops": "its first number"} | dict.fromkeys(
    again_places.OPEN, "| `free` |")


def decided_by_program(folders):
    subprocess.run([sys.executable, "-c", PROGRAM, *map(str, folders)],
                   cwd=TOP, check=True, timeout=600)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Campaigns by seed, decided by the program."""
    top = tmp_path_factory.mktemp("drawn")
    folders = [again_campaigns.campaign(top / f"{s:02d}", s) for s in SEEDS]
    decided_by_program(folders)
    return folders


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """name -> campaign of each form that this tree's document has."""
    text = (TOP / "docs/claims.md").read_text("utf-8")
    top = tmp_path_factory.mktemp("forms")
    found = {name: again_forms.campaign(top / name, name)
             for name in again_forms.FORMS if ASKS.get(name, "") in text}
    decided_by_program(found.values())
    return found


def both(folder):
    """(claims, verdicts here, verdicts of the program)."""
    claims = ledger.read(folder / "ledger")
    return (claims, claims_again.decide(Campaign(folder), claims),
            compare.theirs(folder / "verdicts.json"))


def test_drawn_claims_have_the_same_verdict_by_both_hands(drawn):
    equal, wrong = 0, []
    for folder in drawn:
        claims, mine, other = both(folder)
        assert set(claims) == set(other), "each claim has a row"
        for name, claim in claims.items():
            found = compare.differences(mine[name], other[name])
            equal += not found
            if found:
                wrong.append((folder.name, name, claim["rule"], found))
    assert not wrong, "\n".join(map(str, wrong))
    assert equal == 8 * len(SEEDS)


def test_drawn_claims_meet_every_word_of_every_rule(drawn):
    met = set()
    for folder in drawn:
        claims, mine, _ = both(folder)
        met |= {(claims[n]["rule"], cell.word) for n, verdict
                in mine.items() for cell in verdict.cells}
    asked = {(rule, word) for rule in again_campaigns.RULES for word in (
        rules.REPRODUCED, rules.REFUTED, rules.UNKNOWN)}
    asked -= {("never", rules.UNKNOWN), ("count", rules.UNKNOWN)}
    assert asked <= met, sorted(asked - met)


@pytest.mark.parametrize("name", again_forms.FORMS)
def test_rare_forms_have_the_same_verdict_by_both_hands(forms, name):
    if name not in forms:
        pytest.skip("docs/claims.md has no such words yet")
    _, mine, other = both(forms[name])
    assert set(mine) == set(other), "each claim has a row"
    wrong = [(n, found) for n in mine
             if (found := compare.differences(mine[n], other[n]))]
    assert not wrong, "\n".join(map(str, wrong))


def test_a_changed_line_of_a_sealed_journal_is_refused(tmp_path):
    folder = again_forms.campaign(tmp_path / "made", "empty")
    meta = json.loads((folder / "campaign.json").read_text("utf-8"))
    (folder / "campaign.json").write_text(json.dumps(
        meta | {"line_checksum": "crc32"}))
    line = '{"cell":"a","block":0,"crc32":"00000000"}\n'
    (folder / "trials.jsonl").write_text(line)
    with pytest.raises(ValueError, match="changed line"):
        Campaign(folder)


@pytest.mark.parametrize("text, low, high", [
    ("struct_size pointer bool", 16, 16),
    ("binomial_two_sided 971 1000 0.973", 0.69, 0.7),
    ("rate_of_exponential_gaps 0.0125 1000000 1", 79.5, 80.5),
    ("share_to_doubled_shards 32", 1 / 32, 1 / 32)])
def test_arithmetic_has_its_known_values(text, low, high):
    assert low <= arithmetic.evaluate(text) <= high
