# SPDX-License-Identifier: Apache-2.0
"""The linter of reports: right pages pass, wrong words are named."""
import itertools
import math
import re
from types import SimpleNamespace

import pytest
from contract_page import PAGES, Page
from make_shape import SHAPES, Shape
from mutate_page import Mutations
from report_helpers import Built, build

from report import lint
from report.__main__ import main
from report.lint import (alts, columns, copies, crossovers, data, derive,
                         flips, intervals, say, trust, validity, winners)
from report.lint.context import Context
from report.lint.log import Log
from report.lint.rows import Cell

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


@pytest.mark.parametrize("skip,lost", [
    (None, ["1 void", "2 not run yet"]), ("skipped: unsafe", ["1 void"])])
def test_what_the_plan_skips_is_not_waited_for(skip, lost):
    cell = Cell({"id": "x", "map": "m", "measure": "verify", "blocks": 3,
                 "skip": skip})
    cell.add({"status": "void", "result": None})
    assert cell.lost == lost


@pytest.mark.parametrize("kind,off", [("update", 1.0), ("churn", 0.0),
                                      ("fresh", 0.0)])
def test_a_pair_of_writes_may_lie_on_either_side(kind, off):
    """Two operations of a hundred more than asked: of pairs one is begun."""
    cell = Cell({"id": "x", "map": "m", "measure": "throughput",
                 "write_kind": kind, "write_share": 0.5})
    got = validity.deviation(cell, {"ops": 100, "achieved_write_share": 0.52},
                             "write")
    # one operation is free; of updates the second is over, by 0.01 / 0.05
    assert got == pytest.approx(0.2 * off, abs=1e-9)


@pytest.mark.parametrize("cpus,busy", [((0, 1), True), ((0, 0), False)])
def test_threads_that_share_a_cpu_wait_for_each_other(cpus, busy):
    """Their waits tell of no others, where the runner could not say."""
    cell = Cell({"id": "x", "map": "m", "measure": "throughput",
                 "threads": 2, "cpus": list(cpus)})
    waits = [{"runqueue_wait_ns": 500, "elapsed_ns": 1000}] * 2
    assert trust.taken(cell, {"result": {"by_thread": waits}}) is busy


@pytest.mark.parametrize("about,why", [
    ({"misuse": "no lock"}, "misuse"), ({}, "absent")])
def test_a_planted_misuse_is_not_ranked_as_such(about, why):
    rows = SimpleNamespace(failed={}, peer=lambda m: True, maps={"m": about})
    head = SimpleNamespace(cells={})
    assert copies.why_not(SimpleNamespace(rows=rows), head, "m") == why


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
    assert not missed(draw, ALTERED)


def missed(draw, count):
    return [(file, around) for file, around, rules in (
        draw.one() for _ in range(count)) if not rules - {"copies"}]


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
    ("one-void", "(7 of 8 blocks, 1 void)", "(7 of 8 blocks, 1 void), "
     "urcu_lfht (0 of 8 blocks, 8 void)", 'claim: "urcu_lfht (0 of 8 blocks'),
    ("six-blocks", "4 maps need 8", "4 maps need 6", "4 maps need n = 8"),
    ("neighbours", "gomap_rw leads at 1 thread, syncmap at 2", "syncmap "
     "leads at 1 thread, gomap_rw at 2", "1 threads"),
    ("clear", " over syncmap, the weakest of 3 comparisons", "",
     "the weakest comparison is not named"),
    ("clear", "<td>clear lead</td>", "<td>small lead</td>",
     "index.html: decision table"),
    ("six-blocks", "need 8: at 2", "need 8: use it at 2", "names what to take"),
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

@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Folder of a played campaign with its report."""
    folder = tmp_path_factory.mktemp("played")
    built = build(folder, threads=(1, 2), rates=(10000,), blocks=12,
                  models=("icelake-sp",), kinds=("update", "churn"))
    (folder / "terminal").write_text("\n".join(built.said))
    return folder


@pytest.fixture(scope="module")
def context(played):
    """The same, read once, for rules that are called one by one."""
    rows = lint.Rows(played)
    return Context(rows, lint.Page(rows.folder, played / "terminal"), Log())


def test_played_page_is_right(played):
    assert not texts(played)


@pytest.mark.parametrize("seed", (1, 2))
def test_each_alteration_of_a_played_page_is_seen(played, seed):
    """Drawn from all files; the comparison of copies does not count."""
    assert not missed(Mutations(played, seed), 12)


def other(text):
    """The same with another digit, or with a letter more."""
    digit = re.search(r"\d", text)
    return (text + "x" if not digit else text[:digit.start()]
            + str((int(digit[0]) + 1) % 10 or 1) + text[digit.end():])


def fullest(rows):
    return max(rows, key=lambda row: sum(v != "" for v in row.values()))


FILES_READ = ("flip winner scaling efficiency forest rivals raw memory "
              "tradeoff strip controls latency-1 simulated-icelake-sp").split()
TABLES_READ = ("ranking crossovers cells matrix mde latency "
               "map-statistics").split()


@pytest.mark.parametrize("file", [
    *(f"figures/{name}.csv" for name in FILES_READ),
    *(f"tables/{name}.csv" for name in TABLES_READ)])
def test_each_column_is_derived(context, file):
    """One value of the fullest row altered, column by column."""
    rows, readers = context.page.csv(file), columns.readers_of(file)
    row, seen = fullest(rows), 0
    for name, value in row.items():
        if readers[name] in data.READERS and value != "":
            context.log = Log()
            try:
                columns.row_of(context, file, readers,
                               row | {name: other(value)})
            except ValueError:
                continue  # no number where one is needed
            assert context.log.findings, name
            seen += 1
    assert seen


def test_every_reader_exists(played):
    """A function, or a rule that looked at something on this page."""
    known = lint.lint(played, played / "terminal").count
    for _, reader, names in columns.TABLE:
        assert (reader in data.READERS or known[reader]
                or reader in ("unread", "articles' rows", "claims")
                or reader == "rows" and names in data.ROWS), reader


@pytest.mark.parametrize("change,part", [
    (lambda text: re.sub(r"(?m)^(?=.)", "new,", text),
     "no rule reads this column"),
    (lambda text: text + text.rsplit("\n", 2)[1] + "\n", "2 rows of it"),
    (lambda text: text.rsplit("\n", 2)[0] + "\n", "0 rows of it")])
def test_columns_and_rows_are_known(played, change, part):
    path = played / "report/figures/flip.csv"
    text = path.read_text("utf-8")
    path.write_text(change(text), "utf-8")
    try:
        assert any(part in t for t in texts(played))
    finally:
        path.write_text(text, "utf-8")


def test_a_file_that_nothing_reads_is_named(played):
    path = played / "report/figures/new.csv"
    path.write_text("cell,n\n")
    try:
        assert any("no rule reads this file" in t for t in texts(played))
    finally:
        path.unlink()


def test_a_cell_that_nobody_planned_is_named(context, monkeypatch):
    row = context.page.csv("tables/cells.csv")[0]
    monkeypatch.setitem(row, "cell", "nobody")
    context.log = Log()
    lint.other.check(context)
    found, = context.log.findings
    assert (found.said, found.data) == ("nobody", "not planned")


def test_a_mix_that_nobody_planned_is_named(context, monkeypatch):
    table = context.page.table("crossover")
    monkeypatch.setattr(table, "rows", [
        ["50 % lookups, 50 % updates", *row[1:]] for row in table.rows])
    context.log = Log()
    crossovers.check(context)
    found = [f.said for f in context.log.findings if f.data == "no such mix"]
    assert found == [" | ".join(row) for row in table.rows] != []


def just(panel):
    return lambda start: [panel] if panel.key.startswith(start) else []


def test_each_number_of_an_alternative_text_is_derived(context):
    panels = context.page.panels("")
    assert len(panels) > 15
    for panel in panels:
        right = panel.alt
        for at in re.finditer(r"(?<![\w.])\d[\d.]*", right):
            panel.alt = right[:at.start()] + other(at[0]) + right[at.end():]
            context.log, context.page.panels = Log(), just(panel)
            for rule in (alts, flips, winners):
                rule.check(context)
            del context.page.panels
            assert context.log.findings, panel.alt
        panel.alt = right


def test_an_alternative_text_that_no_rule_knows_is_named(context):
    panel = context.page.panels("raw")[0]
    for key, alt in (("new", panel.alt), ("raw", "Many trials.")):
        panel.key, panel.alt = key, alt
        context.log, context.page.panels = Log(), just(panel)
        alts.check(context)
        del context.page.panels
        assert context.log.findings


def test_what_is_read_on_a_page(tmp_path):
    """Every part of the page is found: nothing passes by being missed."""
    built = build(tmp_path, threads=(1, 2), rates=(10000,),
                  models=("icelake-sp",), blocks=8)
    (tmp_path / "terminal").write_text("\n".join(built.said))
    log = lint.lint(tmp_path, tmp_path / "terminal")
    for rule in ("claim", "numbers of the claim", "pair", "decision table",
                 "columns", "ranking", "flip map", "winner map",
                 "crossover", "checks", "counts of trials", "latency",
                 "alternative text", "commands", "reasons", "status",
                 "pseudo-medians", "next step", "copies"):
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


@pytest.mark.parametrize("shape,old,new", [
    ("tail-at-floor", f", {copies.FLOOR}.", "."),
    ("keeps-up", " µs].</p>", f" µs], {copies.FLOOR}.</p>")])
def test_whether_a_tail_may_be_the_floors_follows_from_both(
        tmp_path, shape, old, new):
    folder = Shape(SHAPES / f"{shape}.txt").make(tmp_path)
    built = Built(folder)
    (folder / "terminal").write_text("\n".join(built.said))
    page = built.out / "index.html"
    before, about, rest = page.read_text("utf-8").partition("Its lookups in")
    assert old in rest
    page.write_text(before + about + rest.replace(old, new, 1), "utf-8")
    assert any("the floor's at most" in t for t in texts(folder))


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
