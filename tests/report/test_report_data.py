# SPDX-License-Identifier: Apache-2.0
"""Files that programs and papers read: CSV, zip, LaTeX, commands."""
import base64
import csv
import io
import re
import shutil
import subprocess
import zipfile

import pytest
from report_helpers import FEW, Built, build

from report import datafiles, stats
from report.journal import read

POOLED = {"controls"}  # of all cells: a control has none of its own


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return build(tmp_path_factory.mktemp("good"), keys=(1024, 65536),
                 rates=(10000,), blocks=8, kinds=("update", "churn"),
                 maps=FEW + ("syncmap_leak",), backend="perf",
                 measures=("throughput", "counters"),
                 models=("icelake-sp",))


def test_every_row_of_a_figure_names_cell_n_and_journal(good):
    campaign = read(good.folder)
    files = sorted((good.out / "figures").glob("*.csv"))
    assert len(files) > 10
    for file in files:
        for row in good.rows(f"figures/{file.name}"):
            assert row["source"] == ("2026-11-20T0801-synthetic-5e7a0001/"
                                     "trials.jsonl, commit 0000000"), file
            assert row["n"] or row.get("reason") or row.get("why"), file
            if file.stem in POOLED or row.get("quality") == "unavailable":
                continue
            cell = campaign.cells[row["cell"]]
            for name in ("shape", "dist", "workload", "write_kind"):
                assert row[name] == getattr(cell, name), (file, name)


def test_data_files_name_their_cells(good):
    campaign = read(good.folder)
    for name in ("cells", "latency", "matrix", "map-statistics"):
        rows = good.rows(f"tables/{name}.csv")
        assert rows and {r["cell"] for r in rows} <= set(campaign.cells)


def test_tables_hold_one_number_a_column(good):
    """A column that has numbers has nothing else: words are in the note."""
    seen = 0
    for file in sorted((good.out / "tables").glob("*.csv")):
        rows = good.rows(f"tables/{file.name}")
        for column in rows[0] if rows else ():
            if re.search(r" (low|high|of)$|\((ns|bytes|percent)\)$|^n$",
                         column):
                values = [float(r[column]) for r in rows if r[column]]
                seen += len(values)
        text = file.read_text(encoding="utf-8")
        assert "\u202f" not in text and "\u2212" not in text, file
    assert seen > 300


@pytest.mark.parametrize("texts,head,values", [
    (["906 ns [826 ns, 1.20 µs]"], "t (ns),t (ns) low,t (ns) high",
     ["906,826,1200"]),
    (["7 of 8", "8 of 8"], "t,t of", ["7,8", "8,8"]),
    (["7 of 8 (88 %)", "0 of 64"], "t,t of,t percent", ["7,8,88", "0,64,"]),
    (["1\u202f101", "\u22120.5"], "t", ["1101", "-0.5"]),
    (["n < 3\u202f688", "2.00 ms"], "t (ns),note",
     [",t (ns): n < 3688", "2000000,"]),
    (["12.5\u00a0%"], "t (percent)", ["12.5"]),
    (["1.00 ns", "2.00 KiB"], "t,note", [",t: 1.00 ns", ",t: 2.00 KiB"]),
    (["1.50 KiB", "–"], "t (bytes)", ["1536", '""']),
    (["0", "5.00 ms"], "t (ns)", ["0", "5000000"]),
    (["512 B", "2.00 MiB", "3.00 GiB"], "t (bytes)",
     ["512", "2097152", "3221225472"]),
    (["1.00 µs", "2.00 ms", "3.00 s"], "t (ns)",
     ["1000", "2000000", "3000000000"]),
])
def test_formatted_numbers_become_numbers(texts, head, values):
    got = datafiles.as_numbers([("t", "num")], [[t] for t in texts])
    assert got.splitlines() == [head, *values]


def test_latency_has_every_percentile_as_a_number(good):
    """Medians over trials of what the journal has, by its own arithmetic."""
    campaign = read(good.folder)
    rows = good.rows("tables/latency.csv")
    known = 0
    for row in rows:
        cell = campaign.cells[row["cell"]]
        key = {"50": "p50_ns", "90": "p90_ns", "99": "p99_ns",
               "99.9": "p999_ns"}.get(row["percentile"])
        if key is None:
            continue
        entries = [e for t in cell.ok for e in t["result"]["latency"]
                   if (e["operation"], e["clock"]) == (row["operation"],
                                                       row["clock"])]
        enough = min(e["count"] for e in entries) >= stats.needed_n(
            float(row["percentile"]) / 100)
        assert bool(row["ns"]) == enough
        assert bool(row["why"]) != enough
        if enough:
            values = sorted(e[key] for e in entries)
            middle = (values[3] + values[4]) / 2
            assert float(row["ns"]) == pytest.approx(middle, rel=1e-5)
            assert values[0] <= float(row["low"]) <= middle
            assert middle <= float(row["high"]) <= values[-1]
            assert row["n"] == "8"
            known += 1
    assert known > 50


def test_why_is_empty_where_there_is_a_value(good):
    for row in good.rows("figures/memory.csv"):
        assert bool(row["why"]) != bool(row["filled"])


def test_all_data_is_one_download(good):
    link = re.search(r'download="data.zip" href="data:application/zip;base64,'
                     r'([^"]*)"', good.page)[1]
    packed = base64.b64decode(link)
    assert packed == (good.out / "data.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = set(archive.namelist())
        assert names == {p.relative_to(good.out).as_posix() for p in
                         good.out.rglob("*") if p.suffix in (".csv", ".json")}
        for name in names:
            assert archive.read(name) == (good.out / name).read_bytes()
    assert "verdicts.json" in names and "tables/cells.csv" in names


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}


def test_same_bytes_in_a_renamed_folder(good, tmp_path):
    moved = tmp_path / "another name"
    shutil.copytree(good.folder, moved,
                    ignore=shutil.ignore_patterns("report"))
    before, after = files_of(good.out), files_of(Built(moved).out)
    assert set(before) == set(after) and len(before) > 60
    assert [name for name in before if before[name] != after[name]] == []


# ---- commands -------------------------------------------------------------

def words_of(command):
    """The words that a shell makes of a command line, one list a command."""
    known = "make readmostly python3 cd gnuplot".split()
    stubs = "".join(f'{name}() {{ printf "%s\\n" {name} "$@" --; }}; '
                    for name in known)
    done = subprocess.run(["bash", "-c", stubs + command], text=True,
                          capture_output=True, check=True)
    assert done.stderr == ""
    return [part.split("\n") for part in done.stdout.split("\n--\n")[:-1]]


def test_a_hostile_campaign_name_stays_one_word(good):
    """What the names hold reaches no shell."""
    from types import SimpleNamespace

    from report.sections import rest
    a = SimpleNamespace(earlier=None, campaign=SimpleNamespace(
        name="a b; touch $(c)", meta={"mode": None, "workloads": [
            {"name": "w", "file": "my w.conf"}]}))
    got = [words_of(command) for _, command in rest.commands(a)]
    assert got[0] == [["readmostly", "run", "my w.conf", "-o",
                       "results/again"]]
    assert got[1] == [["make", "report",
                       "CAMPAIGN=results/a b; touch $(c)"]]


# ---- LaTeX ----------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex")
def test_latex_compiles_without_overfull_boxes(good, tmp_path):
    for file in sorted((good.out / "tables").glob("*.tex")):
        column = r"\begin{table}" in file.read_text(encoding="utf-8")
        (tmp_path / "t.tex").write_text(
            "\\documentclass[10pt]{article}\n\\usepackage{booktabs,array,"
            f"longtable}}\n\\textwidth={84 if column else 177}mm\n"
            "\\begin{document}\n\\input{" + str(file)
            + "}\n\\end{document}\n")
        done = subprocess.run(["pdflatex", "-interaction=nonstopmode",
                               "t.tex"], cwd=tmp_path, capture_output=True,
                              text=True, errors="replace")
        assert done.returncode == 0, (file, done.stdout[-800:])
        assert "Overfull" not in done.stdout, file


def test_csv_reader_agrees(good):
    """Commas in the source are quoted: every row has its header's length."""
    for file in good.out.rglob("*.csv"):
        with open(file, encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        assert {len(row) for row in rows} == {len(rows[0])}, file
