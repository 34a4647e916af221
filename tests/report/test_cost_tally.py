# SPDX-License-Identifier: Apache-2.0
"""What finding a bug costs: the page of raw lines that are made here."""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import bugs_page  # noqa: E402
import cost_tally  # noqa: E402


def line(tool, name, cpu_s, status=1, seed=1):
    return dict(zip(bugs_page.COLUMNS, map(str, (
        "bugs", tool, name, seed, 0, status, cpu_s, "words", "abc"))))


def cells(*runs):
    some = cost_tally.by_bug(runs)
    return [cost_tally.cell(some, "bugs", tool, "x")
            for tool in cost_tally.TOOLS]


def test_the_median_of_what_was_found_and_how_often():
    assert cells(line("check", "x", 1), line("check", "x", 3, seed=2),
                 line("check", "x", 9, seed=3),
                 line("explore", "x", 0.5), line("explore", "x", 7, 0, seed=2),
                 line("TSan", "x", 4, 0)) == [
        "3", "0.5 (1 of 2)", "not run", "not run", "0 of 1", "not run"]


def test_who_accuses_the_twin_has_found_nothing():
    runs = cost_tally.by_bug([line("TSan", "x", 1), line("TSan", "x_twin", 1),
                              line("check", "x", 2)])
    assert cost_tally.cell(runs, "bugs", "TSan", "x") == "twin, too"
    assert cost_tally.quickest(runs, "bugs", "x", ("TSan",)) is None
    assert "- by `check` or `explore` and by no sanitizer: 1." in \
        cost_tally.compared(runs, [("bugs", "x")])


def test_each_side_is_named_where_it_is_better():
    runs = cost_tally.by_bug([
        line("check", "a", 1), line("ASan", "a", 2),
        line("check", "b", 2), line("TSan", "b", 1),
        line("check", "c", 2, 0), line("TSan", "c", 9),
        line("check", "d", 2), line("check", "d", 2, 0, seed=2),
        line("explore", "e", 2, 0), line("explore tso", "e", 3)])
    told = cost_tally.compared(runs, [("bugs", b) for b in "abcde"])
    assert "- by `check` or `explore` and by no sanitizer: 1." in told
    assert "- by a sanitizer alone: `c`." in told
    assert "- by both, sooner by a sanitizer: `b`." in told
    assert "- by both, sooner by `check` or `explore`: 1." in told
    assert "- by none in every run: `d`." in told


def test_the_page_is_what_the_raw_lines_give(tmp_path):
    """Its date and commit aside: nobody writes a figure into it by hand."""
    def figures(text):
        return [row for row in text.splitlines() if row.startswith(("|", "- "))]
    kept = (ROOT / "docs/tally/cost.md").read_text(encoding="utf-8")
    (tmp_path / "docs/tally").mkdir(parents=True)
    for name in ("docs/tally/bugs-runs.tsv", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    done = subprocess.run([sys.executable, ROOT / "tests/tools/cost_tally.py"],
                          cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert figures(done.stdout) == figures(kept) and len(figures(kept)) > 70
