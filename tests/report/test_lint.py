# SPDX-License-Identifier: Apache-2.0
"""The linter of reports: right pages pass, wrong words are named."""
import itertools
import math
import re

import pytest
from contract_page import PAGES, Page
from mutate_page import Mutations
from report_helpers import build

from report import lint
from report.__main__ import main
from report.lint import derive, intervals, say

FILES = sorted(PAGES.glob("*.txt"))
ALTERED = 6  # of each page


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """name -> folder of each page worked out by hand."""
    parent = tmp_path_factory.mktemp("pages")
    return {path.stem: Page(path).make(parent) for path in FILES}


def texts(folder):
    return [f.text() for f in lint.lint(folder, folder / "terminal")
            .findings]


# ---- intervals, from the definition ---------------------------------------

def test_depth_is_that_of_all_signs():
    """Every assignment of signs to ranks, one by one."""
    for n in (5, 6, 9):
        sums = sorted(sum(r for r, s in zip(range(1, n + 1), signs) if s)
                      for signs in itertools.product((0, 1), repeat=n))
        for level in (0.95, 0.99):
            true = sum(2 * sum(v <= w for v in sums) / 2 ** n <= 1 - level
                       * (1 - 1e-12) for w in range(max(sums) + 1))
            assert intervals.depth(n, level) == true


def test_interval_of_six_is_smallest_and_largest():
    got = intervals.Estimate([math.log(v) for v in (2, 3, 5, 7, 11, 13)])
    assert got.low == pytest.approx(2) and got.high == pytest.approx(13)
    few = intervals.Estimate([0.0] * 5)
    assert few.low is None and few.centre == 1.0


@pytest.mark.parametrize("k,n", [(1, 6), (2, 6), (3, 7), (4, 8), (5, 9),
                                 (6, 10), (10, 11), (20, 13)])
def test_maps_need_blocks(k, n):
    """2 / 2^n <= 0.05 / pairs, first n from 6 on."""
    assert derive.needs(k) == n


@pytest.mark.parametrize("text,true,same", [
    ("52.5", 52.5499, True), ("52.5", 52.56, False), ("52", 52.4, True),
    ("1\u202f101", 1101.4, True), ("−3.03", -3.031, True),
    ("0.0455", 0.04554, True), ("3.03", -3.03, False), ("0", 0.0, True)])
def test_printed_numbers(text, true, same):
    assert say.same(text, true) is same


# ---- pages worked out by hand ---------------------------------------------

def test_there_are_ten_pages():
    assert len(FILES) >= 10


@pytest.mark.parametrize("name", [p.stem for p in FILES])
def test_no_false_alarm(folders, name):
    assert not texts(folders[name])


@pytest.mark.parametrize("seed,name", enumerate(p.stem for p in FILES))
def test_each_alteration_is_seen(folders, name, seed):
    """One word, sign or number; the comparison of copies does not count."""
    draw = Mutations(folders[name], seed)
    assert len(draw.spots) > 30
    missed = [(file, around) for file, around, seen in (
        draw.one() for _ in range(ALTERED)) if not seen]
    assert not missed


@pytest.mark.parametrize("name,old,new,part", [
    ("clear", "urcu_lfht was fastest:", "urcu_lfht and snapshot are not told"
     " apart:", "snapshot behind"),
    ("uncertain", "fastest, by how much is uncertain", "fastest by a small "
     "lead", "lead of uncertain size"),
    ("tied", "urcu_lfht and syncmap are not told apart", "urcu_lfht was "
     "fastest", "syncmap tied"),
    ("one-void", " Not ranked: snapshot (7 of 8 blocks, 1 void).", "",
     "snapshot is not ranked"),
    ("one-void", "(7 of 8 blocks, 1 void)", "(5 of 8 blocks, 3 void)",
     "7 of 8 blocks, 1 void"),
    ("six-blocks", "4 maps need 8", "4 maps need 6", "4 maps need n = 8"),
    ("neighbours", "gomap_rw leads at 1 thread, syncmap at 2", "syncmap "
     "leads at 1 thread, gomap_rw at 2", "1 threads"),
    ("clear", " over syncmap, the weakest of 3 comparisons", "",
     "the weakest comparison is not named"),
    ("clear", "<td>clear lead</td>", "<td>small lead</td>",
     "index.html: decision table"),
    ("weakest", "× 3.00 [1.78, 3.00] over gomap_rw", "× 1.50 [1.50, 1.50] "
     "over syncmap", "weakest gomap_rw"),
])
def test_wrong_sentence_is_named(tmp_path, name, old, new, part):
    """In every file at once: no copy tells."""
    folder = Page(PAGES / f"{name}.txt").make(tmp_path)
    for file in ("report/index.html", "report/verdicts.json", "terminal"):
        path = folder / file
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    assert any(part in t for t in texts(folder))


def test_crossover_between_neighbours_is_named(tmp_path):
    """There is no 1.13th thread."""
    folder = Page(PAGES / "neighbours.txt").make(tmp_path)
    path = folder / "report/tables/crossovers.csv"
    path.write_text(path.read_text().replace("1,2,,,", "1,2,1.41421,1,2"))
    assert any("crossover" in t for t in texts(folder))


def test_missing_crossover_is_named(tmp_path):
    folder = Page(PAGES / "between.txt").make(tmp_path)
    path = folder / "report/tables/crossovers.csv"
    path.write_text(path.read_text().split("\n")[0] + "\n")
    assert any("0 crossovers" in t for t in texts(folder))


# ---- on a page of the report ----------------------------------------------

def test_what_is_read_on_a_page(tmp_path):
    """Every part of the page is found: nothing passes by being missed."""
    built = build(tmp_path, threads=(1, 2), rates=(10000,),
                  models=("icelake-sp",), blocks=8)
    (tmp_path / "terminal").write_text("\n".join(built.said))
    log = lint.lint(tmp_path, tmp_path / "terminal")
    for rule in ("claim", "numbers of the claim", "pair", "decision table",
                 "ranking", "flip map", "winner map", "crossover", "checks",
                 "counts of trials", "latency", "alternative text",
                 "commands", "reasons", "pseudo-medians", "status",
                 "copies"):
        assert log.count[rule], rule


def test_a_table_that_differs_from_its_copy_is_named(tmp_path):
    built = build(tmp_path, threads=(1, 2), blocks=8)
    (tmp_path / "terminal").write_text("\n".join(built.said))
    file = built.out / "tables/rivals.md"
    head, rule, first, rest = file.read_text("utf-8").split("\n", 3)
    first = re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), first, count=1)
    file.write_text("\n".join((head, rule, first, rest)), "utf-8")
    assert [t for t in texts(tmp_path) if "copies" in t and
            "tables/rivals.md" in t]


def test_status(folders, tmp_path, capsys):
    folder = folders["clear"]
    argv = [str(folder), "--terminal", str(folder / "terminal")]
    assert lint.main(argv) == 0
    assert "0 findings, " in capsys.readouterr().out
    assert lint.main([str(folder)]) == 0
    assert "terminal: not checked" in capsys.readouterr().out
    assert lint.main([str(tmp_path)]) == 2
    assert "campaign.json" in capsys.readouterr().err


def test_program_has_the_command(folders, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["report", "lint",
                                     str(folders["tied"])])
    assert main() == 0
    assert "checked: " in capsys.readouterr().out


def test_linter_imports_nothing_that_says_the_words():
    """The same mistake twice is what a second hand is there to prevent."""
    import re
    from pathlib import Path
    here = Path(lint.__file__).parent
    for file in here.glob("*.py"):
        for line in re.findall(r"^\s*(?:from|import) (report\S*)",
                               file.read_text("utf-8"), re.M):
            assert line.startswith("report.lint"), f"{file.name}: {line}"
