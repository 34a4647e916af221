# SPDX-License-Identifier: Apache-2.0
"""Commands, centres in CSV files, reasons beside values, and texts that
contradict the rows."""
import re
import shlex
import statistics
from pathlib import Path

from report.lint import repeats, say

WHY = ("why", "reason")
VALUES = ("mops", "ratio", "ns", "percent", "filled", "lead", "value")
ENDS = ("low", "high", "group_low", "group_high")


def check(c):
    commands(c)
    reasons(c)
    centres(c)
    raw(c)
    status(c)
    texts(c)


# ---- commands -------------------------------------------------------------

def commands(c):
    """A command's comment is a word of its own, or the shell gets it."""
    section = c.page.section("artefacts")
    blocks = [n for n in section.all("pre")
              if not under_details(section, n)] if section else []
    for line in "\n".join(n.text() for n in blocks).splitlines():
        if not line.strip():
            continue
        glued = re.search(r"\S#", line)
        try:
            shlex.split(line, comments=True)
            whole = True
        except ValueError:
            whole = False
        c.log.check(whole and not glued, "commands", "index.html#artefacts",
                    line, "a shell", "the comment is part of a word")
        known = re.search(r"results/([\w.-]+)", line)
        if known:
            stage = Path((c.rows.meta.get("cells_from") or {}).get(
                "file") or "").parent
            names = {c.rows.folder.resolve().name, c.rows.meta.get("name"),
                     stage.parent.name,  # of all stages
                     "again"}  # of a run by hand, measured once more
            c.log.check(known[1] in names, "commands", "index.html#artefacts",
                        line, "the folder, or the campaign's name",
                        c.rows.folder.resolve().name)


def under_details(section, node):
    return any(node in d.all("pre") for d in section.all("details"))


# ---- CSV files ------------------------------------------------------------

def reasons(c):
    """A reason why there is no value stands beside no value."""
    for name in c.page.csv_files():
        rows = c.page.csv(name) or []
        why = next((w for w in WHY if rows and w in rows[0]), None)
        have = [k for k in VALUES if rows and k in rows[0]]
        if not why or not have:
            continue
        ends = [k for k in ENDS if k in rows[0]]
        for row in rows:
            full = (all(row[k] != "" for k in have[:1] + ends)
                    and row.get("word") != "set aside")  # why it is not ranked
            c.log.check(not (full and row[why]), "reasons", name,
                        ", ".join(f"{k} {v}" for k, v in row.items() if v),
                        f"{why} = {row[why]}", "the row has its value")


def centres(c):
    """Pseudo-medians and intervals of cells.csv, from the trials."""
    for row in c.page.csv("tables/cells.csv") or []:
        cell = c.rows.cells.get(row.get("cell"))
        c.log.check(cell is not None, "pseudo-medians", "tables/cells.csv",
                    str(row.get("cell")), "campaign.json", "not planned")
        if cell is None or cell.measure != "throughput":
            continue
        group = next((g for g in c.rows.groups
                      if cell in g.cells.values()), None)
        level = group and c.decision(group).levels.get(cell.map)
        got = [say.cell(row.get(k)) for k in ("mops", "low", "high")]
        true = [(None,) * 3] if not level else [
            (level.centre, *s) for s in level.spans()]
        c.log.check(any(all(map(say.close, got, t)) for t in true),
                    "pseudo-medians", "tables/cells.csv", str(got), cell.id,
                    str(true[0]))
        few = re.match(r"n ?< ?(\d+)", row.get("reason") or "")
        c.log.check(not few or few[1] == "6", "pseudo-medians",
                    "tables/cells.csv", row.get("reason"), cell.id,
                    "a 95 % interval needs 6 trials")
        for key, is_ in (("n", len(cell.ok)),
                         ("planned", 0 if cell.skip else cell.blocks)):
            c.log.check(row.get(key) in (None, str(is_)), "pseudo-medians",
                        "tables/cells.csv", f"{key} {row.get(key)}",
                        cell.id, f"{key} is {is_}")


def raw(c):
    """One cell has one centre, or both are named where they differ."""
    figure, head = c.page.figures.get("raw"), c.head()
    if figure is None or head is None:
        return
    text = figure.text()
    wide = re.search(r"± (\d+) ?%[^.]*median", text)
    c.log.check(not wide or int(wide[1]) < 100, "two centres",
                "index.html#ratio", wide[0] if wide else "", "raw.csv",
                "a rate cannot be 100 % below its median")
    if not re.search(r"Right: median", text):
        return
    d = c.decision(head)
    for m, level in d.levels.items():
        logs = list(head.cells[m].logs.values())
        middle = statistics.median(logs)
        off = abs(middle - statistics.median(level.averages))
        if c.rows.peer(m):
            c.log.check(off < 0.05 or "two modes" in text, "two centres",
                        "index.html#ratio", "Right: median.", f"{m}, {head}",
                        f"the median is {100 * off:.0f} % off the "
                        "pseudo-median that stands everywhere else")


# ---- how much of the plan has results -------------------------------------

STATUS = (  # pattern of a status line -> what the rows say
    (r"(\d+) of \d+ cells? have results", lambda rows, skipped: sum(
        map(rows.has_result, rows.planned))),
    (r"\d+ of (\d+) cells? have results", lambda rows, skipped: len(
        rows.planned)),
    (r", (\d+) more need counters", lambda rows, skipped: sum(
        blind(why) for why in skipped)),
    (r", (\d+) more skipped by plan", lambda rows, skipped: sum(
        not blind(why) for why in skipped)),
)


def blind(why):
    """Was a cell skipped since the machine gives no counters?"""
    return re.match("no counters: ", why) is not None


def status(c):
    """"complete: 192 of 192 cells have results", wherever it stands."""
    planned = c.rows.planned
    skipped = [x.skip for x in c.rows.cells.values() if x.skip]
    caught = {m for m, about in c.rows.maps.items() if about.get("misuse")}
    lacking = sum(repeats.lacking(c, x) for x in planned)
    short = any(not x.ok and x.map not in caught for x in planned) or bool(
        lacking or None in repeats.ends(c) or not planned)
    counts = (*STATUS, (r"(\d+) trials? not run yet", lambda *_: lacking))
    lines = (c.page.terminal or "").splitlines() + [
        str(c.page.verdicts.get("status") or "")] + [
        t for _, t in c.page.blocks()]
    for text in lines:
        text = text.replace(say.THIN, "")
        if "cells have results" not in text:
            continue
        for pattern, count in counts:
            true, said = count(c.rows, skipped), re.findall(pattern, text)
            c.log.check(all(int(n) == true for n in said) and (
                said or not true or " more " not in pattern), "status",
                "index.html", text, "campaign.json", f"{true}")
        said = re.search(r"(in)?complete", text.lower())
        c.log.check(not said or bool(said[1]) == short, "status",
                    "index.html", text, "trials.jsonl",
                    "incomplete" if short else "complete")


# ---- texts of the campaign that the page repeats --------------------------

def texts(c):
    ranked = {g.place["workload"] for g in c.rows.groups
              if c.decision(g).k > 1}
    for w in c.rows.meta.get("workloads") or []:
        if re.search(r"rank\s+(?:#\s*)?nothing", w.get("text") or ""):
            c.log.check(w["name"] not in ranked
                        or "not for decisions" in c.page.root.text(),
                        "workload text", "index.html#artefacts",
                        "Its numbers rank nothing", w["name"],
                        "groups of this workload are ranked on the page")
    gnuplot(c)
    memory(c)
    for text in (c.page.root.text(), c.page.terminal or ""):
        for mix in re.findall(r"\b[\d.]+:[\d.]+ (?:update|churn|fresh)", text):
            c.log.found("mix", "index.html", mix, "docs/verdicts.md",
                        "it can be read as a share of writes: each share "
                        "has its word")
        for level in re.findall(r"\[(\d+) ?%\]", text.replace(
                "\u00a0", " ")):
            c.log.check(level == "95", "levels", "index.html",
                        f"[{level} %]", "docs/verdicts.md",
                        "intervals beside a ratio or a level are 95 %")


def gnuplot(c):
    """The quick plot's title says what its bars are."""
    script = c.page.out / "quick/scaling.gp"
    if not script.is_file():
        return
    text, rows = script.read_text("utf-8"), c.page.csv("quick/scaling.csv")
    if "range over blocks" not in text or not rows:
        return
    few = max((cell.blocks for cell in c.rows.cells.values()), default=0)
    c.log.check(few <= 6, "quick plots", "quick/scaling.gp",
                "throughput, range over blocks", "quick/scaling.csv",
                f"it holds 95 % intervals, no ranges at n = {few}")


def memory(c):
    """Two numbers for the machine's memory agree."""
    text = c.page.root.text()
    node = [int(v) for v in re.findall(r"NUMANode\(memory=(\d+)\)", text)]
    total = re.search(r"memory total\s*(\d+) kB", text)
    if node and total:
        c.log.check(abs(sum(node) / 1024 / int(total[1]) - 1) < 0.1,
                    "memory", "index.html#machine", total[0], "topology",
                    f"hwloc's nodes have {sum(node) // 1024} kB")
