# SPDX-License-Identifier: Apache-2.0
"""Quick plots: the headline line's rows for gnuplot, in DIR/report/quick.

The report writes the same files by the same functions, so that a CSV means
one thing whoever wrote it: pseudo-medians with 95 % intervals over blocks.
"""
import subprocess

from report import folders, journal, tables, words
from report.analysis import Analysis
from report.journal import JournalError
from report.page import HERE
from report.sections import ratio, scaling

PLOTS = {"scaling": "mops", "ratio": "ratio"}  # script -> column drawn
MISSING = ("report: gnuplot is not installed; on Debian and Ubuntu: "
           "apt-get install gnuplot-nox. The data are in")


class Incomplete(Exception):
    """Nothing to draw yet, or nothing to draw it with: the text says what."""


class Failed(Exception):
    """gnuplot was there and did not do its work."""


def rows_of(a):
    """script -> rows of the headline line, those with a result."""
    head = a.headline()
    if not head or not a.base:
        return {name: [] for name in PLOTS}
    board, line, _ = head
    return {
        "scaling": [r for rows in scaling.level_rows(a, board, line).values()
                    for r in rows],
        "ratio": [r for t in sorted(a.grid[board][line])
                  for r in ratio.ratio_rows(a, board, line, t) if r["ratio"]]}


def settings_of(a):
    """What the scripts print: base, and what was measured where."""
    head = a.headline()
    return ({"base": a.base, "title": title_of(head)}
            if head and a.base else {})


def title_of(head):
    """The headline's line and board; a terminal may know no narrow space."""
    return f"{head[1].text()}, {head[0].text()}".replace(words.NARROW, " ")


def write(a, rows, out):
    """CSV and scripts; a folder that can be copied and drawn elsewhere."""
    folders.own(out.parent, out.name)
    known = "".join(f"if (!exists('{name}')) {name} = {quoted(value)}\n"
                    for name, value in settings_of(a).items())
    for name, value in PLOTS.items():
        folders.write(out / f"{name}.csv", tables.csv_of(
            ("map", "threads", value, "low", "high"), rows[name]))
        script = (HERE / "gnuplot" / f"{name}.gp").read_text(encoding="utf-8")
        folders.write(out / f"{name}.gp", known + script)


def quoted(text):
    """A string of gnuplot: within single quotes, a quote is doubled."""
    return "'" + str(text).replace("'", "''") + "'"


def draw(name, out, terminal):
    """One script on its CSV, to our standard output or to NAME.svg.

    gnuplot runs inside the folder: its file names need no path then, and a
    path may hold what gnuplot could not read.
    """
    options = [] if terminal else ["-e", f"out={quoted(name + '.svg')}"]
    try:
        done = subprocess.run(["gnuplot", *options, f"{name}.gp"], cwd=out,
                              check=False)
    except FileNotFoundError:
        raise Incomplete(f"{MISSING} {out / name}.csv") from None
    if done.returncode:
        raise Failed(f"report: gnuplot {out / name}.gp ended with "
                     f"{done.returncode}, expected 0")
    if not terminal:
        print(out / f"{name}.svg", flush=True)


def plot(folder, base=None, like=None, terminal=False):
    """Draws what `folder` has so far; the campaign may still run."""
    campaign = journal.read(folder)
    campaign.cells = {key: cell for key, cell in campaign.cells.items()
                      if like is None or like in key}
    a = Analysis(campaign, base)
    head = a.headline()
    if head is None:
        raise JournalError("no throughput cell"
                           + (f' with an id that contains "{like}"' if like
                              else "") + f" in the plan of {folder}")
    rows = rows_of(a)
    title = title_of(head)
    if not rows["scaling"]:
        raise Incomplete(f"report: {folder}: no trial of {title} has a "
                         "result yet")
    out = campaign.path / "report" / "quick"
    write(a, rows, out)
    trials = sum(row["n"] for row in rows["scaling"])
    print(f"{title}: pseudo-median and 95 % interval of {trials} trials",
          flush=True)
    for name in PLOTS:
        if rows[name]:
            draw(name, out, terminal)
