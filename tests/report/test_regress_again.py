# SPDX-License-Identifier: Apache-2.0
"""Facts about make regress-again: the tally's runs, decided once more."""
import json
from pathlib import Path

import pytest

from report import gate, gate_rules, regress_again, regress_bars

ROOT = Path(__file__).resolve().parents[2]
RULES, DIGEST = gate_rules.load_rules()


@pytest.fixture(scope="module")
def lines():
    found = regress_again.read_tally(ROOT / regress_again.TALLY)
    return [line for line in found if line.get("pairs") and line.get("kind")]


def test_recorded_pairs_give_the_figures_that_were_said(lines):
    """The pseudo-median, the slot effect and n do not depend on rules that
    have changed: what is decided again is what was measured."""
    for kind in ("aa", "full", "lock", "padding"):
        line = next(x for x in lines if x["kind"] == kind)
        rows = {gate.ROLES[row["role"]] + gate.name_of(row["cell"]): row
                for some in regress_again.judged(line, RULES) for row in some}
        old = {name: row for row in line["cells"] for name in rows
               if name.endswith(gate.name_of(row["cell"]))}
        assert old
        for row in line["cells"][:len(rows) - 2]:
            mine = rows[gate.name_of(row["cell"])]
            assert mine["n"] == row["n"]
            assert mine["slot_percent"] == pytest.approx(
                row["slot_percent"], abs=2e-4)
            assert mine["estimates"]["ranks"]["slowdown_percent"] == \
                pytest.approx(row["slowdown_percent"], abs=2e-4)


def test_every_run_stands_there_by_the_rules_of_today(lines):
    known = regress_again.read_again(ROOT / regress_again.AGAIN)
    assert set(known) == {line["created_utc"] for line in lines}
    assert {line["rules_sha256"] for line in known.values()} == {DIGEST}
    for line in (lines[0], lines[-1]):
        assert regress_again.again(line, RULES, DIGEST) == \
            known[line["created_utc"]]


def test_equal_heads_never_fail_and_slower_ones_never_pass(lines):
    known = regress_again.read_again(ROOT / regress_again.AGAIN)
    for line in lines:
        wanted = regress_bars.KINDS[line["kind"].partition(",")[0]].wanted
        assert known[line["created_utc"]]["verdict"] != \
            {"PASS": "FAIL", "FAIL": "PASS"}[wanted], line["created_utc"]


def test_a_call_again_keeps_what_these_rules_decided(tmp_path, lines, capsys):
    tally, out = tmp_path / "t.jsonl", tmp_path / "a.jsonl"
    some = [x for x in lines if x["kind"] == "aa"][:3]
    of = [x["verdict"] for x in some]
    tally.write_text("".join(json.dumps(x) + "\n" for x in some))
    args = ["--tally", str(tally), "--out", str(out)]
    assert regress_again.main(args) == 0
    text = out.read_text()
    assert len(text.splitlines()) == 3
    assert [word.split()[2] for word in
            capsys.readouterr().out.splitlines()] == of
    assert regress_again.main(args) == 0
    assert out.read_text() == text and not capsys.readouterr().out
    out.write_text(text.replace(DIGEST, "0" * 64, 1))
    assert regress_again.main(args) == 0
    assert out.read_text() == text and capsys.readouterr().out.count("->") == 1


def test_a_file_that_is_none_is_refused(tmp_path, capsys):
    out = tmp_path / "a.jsonl"
    for text in ("{\n", "{}\n", "7\n", json.dumps(dict.fromkeys(
            regress_again.KEYS, "x")) + "\n"):
        out.write_text(text)
        assert regress_again.main(["--out", str(out)]) == 2
        assert str(out) in capsys.readouterr().err


def test_the_page_shows_both_verdicts(lines):
    some = [x for x in lines if x["kind"] == "full"]
    some.sort(key=lambda x: x["verdict"] == "PASS")  # others come first
    known = {x["created_utc"]: {"created_utc": x["created_utc"],
                                "rules_sha256": "ab" * 32,
                                "verdict": "PASS", "reason": None}
             for x in some[:4]}
    text = regress_bars.text_of(some, known)
    assert "Rules abababababab;" in text
    then = regress_bars.verdicts_of(some[:4])
    assert then["PASS"] < 4
    said = ", ".join(f"{n} {verdict}" for verdict, n in then.items() if n)
    assert f"| `full` | 4 | 4 | 0 | 0 | 0 | {said} |" in text
    assert "decided by today" not in regress_bars.text_of(some)
