# SPDX-License-Identifier: Apache-2.0
"""make regress-exact: are head's simulated counts those of base?

    python3 -m report.exact requests FOLDER
    python3 -m report.exact decide FOLDER [--json FILE]

FOLDER is what the script behind `make regress-exact` makes: plan.json, about
(a word and its value on each line), message (of the head commit), same (maps
whose programs are equal, which are not asked), an answer of both arms to each
other request. Prints the verdict, what it stands on, and every
difference. Exit status: 0 equal or accepted, 1 red, 2 usage or input.
Rules: docs/exact-gate.md. Needs nothing but Python.
"""
import json
import math
import re
import sys
from pathlib import Path

from report import ending, strict_json
from report.ending import InputError

USAGE = 2
DOCS = Path(__file__).resolve().parents[1] / "docs"
MOST = 4  # figures that a map's sum names
SEED = 1  # of every trial: base and head get the same operations
# What the regions of memory add up to, in the answer's own words.
TOTALS = ("l1d_misses", "coherence_misses", "false_sharing_misses",
          "invalidations", "false_sharing_invalidations", "upgrades")
BY_REGION = ("misses", "coherence_misses", "false_misses", "invalidations",
             "false_invalidations", "upgrades")
LAYOUT = "globals"  # the region that other code moves
# What befell a trial from outside, which says nothing of its program.
LOST = {"": "left no status: is the disk full?", "3": "lost its answer",
        "130": "was interrupted", "137": "was killed: by whom, or for memory?",
        "143": "was ended by somebody"}
ROOM = "; make room where TMPDIR is, then the same call again"
RED, ACCEPTED, EQUAL, LAID_OUT, ONLY_HEAD, SAME = (
    "red", "accepted", "equal", "layout", "only head", "same program")


def read(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def write(path, text):
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def read_json(path):
    try:
        return strict_json.loads(read(path))
    except ValueError as error:
        raise InputError(f"{path}: no JSON: {error}") from error


# ---- what is asked --------------------------------------------------------

def name_of(cell):
    """What tells a planned cell from the others, in one word."""
    return "{map}/n{keys}/{write_kind}/t{threads}".format(**cell)


def requests_of(plan, factors):
    """[(name, request)] of the simulated cells. A cell that the planner would
    skip is asked for, too: each arm says for itself what it cannot."""
    found = [(name_of(cell), {
        "protocol": 2, "seed": SEED, "control_extra": 0.0,
        "counters": {"backend": "sim"},
        "cell": {k: v for k, v in cell.items() if k in factors}})
        for cell in plan["cells"] if cell["measure"].startswith("simulated:")]
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name}: two planned cells have this name; they "
                             "may differ in map, keys, write kind and threads")
    if not found:
        raise InputError("the plan has no simulated cell")
    return found


def write_requests(folder):
    """A file for each request; `order` has their numbers and maps, the longest
    first; maps in the file `same` are left out."""
    factors = read_json(DOCS / "cell.schema.json")["properties"]
    requests = requests_of(read_json(folder / "plan.json"), factors)
    (folder / "requests").mkdir()
    for number, (_, request) in enumerate(requests):
        write(folder / "requests" / f"{number:03}", json.dumps(request))
    order = sorted(range(len(requests)), key=lambda n: (
        -requests[n][1]["cell"]["threads"], -requests[n][1]["cell"]["keys"]))
    same = same_of(folder)
    write(folder / "order", "".join(
        f"{n:03} {name}\n" for n in order
        if (name := requests[n][1]["cell"]["map"]) not in same))


def same_of(folder):
    """The maps whose programs are equal in base and head."""
    path = folder / "same"
    return read(path).split() if path.exists() else []


# ---- what was answered ----------------------------------------------------

def figures_of(result):
    """All that is compared of one answer, by name."""
    total = {e["metric"]: e["total"] for e in result["counters"]["events"]}
    found = {name: total[name] for name in TOTALS}
    found["accesses"] = total["loads"] + total["stores"]
    found["rmws"] = total["rmws"]
    found["unsimulated_accesses"] = result["counters"]["unsimulated_accesses"]
    found["ops"], found["writes"] = result["ops"], result["writes"]
    for region in result["counters"]["regions"]:
        for name in BY_REGION:
            found[f"{region['name']}.{name}"] = region[name]
    for stat in result["stats"]:
        if stat["value"] is not None:
            found[f"stats.{stat['name']}"] = stat["value"]
    return {name: whole(value) for name, value in found.items()}


def whole(value):
    """Counts are whole numbers, however the answer wrote them."""
    return int(value) if value == int(value) else value


def answer_of(folder, number):
    """(figures, None) of a trial, or (None, why there are none)."""
    status = read(folder / f"{number:03}.status").strip()
    said = read(folder / f"{number:03}.err").strip().splitlines()
    words = f": {said[-1][:300]}" if said else ""
    if status in LOST:
        raise InputError(f"a trial of {folder.name} {LOST[status]}{words}"
                         f"{ROOM if status in ('', '3') else ''}")
    if status != "0":
        return None, f"ended with status {status}{words}"
    try:
        result = strict_json.loads(read(folder / f"{number:03}"))
        if result["status"] == "failed":
            return None, f"failed: {result['reason']}"
        return figures_of(result), None
    except (ValueError, KeyError, TypeError) as error:
        return None, ("answered what cannot be read "
                      f"({type(error).__name__}: {error})")


def read_cells(folder):
    """Of each planned cell its name and what both arms answered."""
    factors = read_json(DOCS / "cell.schema.json")["properties"]
    cells, same = [], same_of(folder)
    for number, (name, request) in enumerate(
            requests_of(read_json(folder / "plan.json"), factors)):
        cell = {"cell": name, "id": request["cell"]["id"],
                "map": request["cell"]["map"],
                "machine": request["cell"]["measure"].partition(":")[2],
                "threads": request["cell"]["threads"],
                "same": request["cell"]["map"] in same}
        for arm in ("base", "head"):
            cell[arm], cell[f"{arm}_reason"] = (None, None) if cell["same"] \
                else answer_of(folder / arm, number)
        cells.append(cell)
    return cells


# ---- what was accepted ----------------------------------------------------

NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[-+]?\d+)?"  # as JSON has them
FIGURE = re.compile(rf"(\S+) ({NUMBER}) -> ({NUMBER})")
LINE = re.compile(rf"Counts: (\S+) ({FIGURE.pattern}(?:, {FIGURE.pattern})*)"
                  r": (\S.*)")


def accepted_of(message):
    """(cell -> [({figure: (base, head)}, reason)], lines that are none), of
    the messages of all commits, the oldest first."""
    found, odd = {}, []
    for line in message.splitlines():
        if not line.startswith("Counts:"):
            continue
        match = LINE.fullmatch(line.rstrip())
        if not match:
            odd.append(line)
            continue
        found.setdefault(match[1], []).append((
            {f[0]: (json.loads(f[1]), json.loads(f[2]))
             for f in FIGURE.findall(match[2])}, match[match.lastindex]))
    return found, odd


def reasons_for(lines, differ, base):
    """Why head may differ from base so, in words, or None. Lines of one
    commit after the other lead from base's figures to head's: each tells the
    step of its own commit; what tells of another step accepts nothing."""
    reached = {frozenset(): ""}  # figures that differ from base's -> why
    for figures, reason in lines:
        for now, why in list(reached.items()):
            known = base | dict(now)
            if all(known.get(n) == b for n, (b, _) in figures.items()):
                known |= {n: h for n, (_, h) in figures.items()}
                new = frozenset(i for i in known.items()
                                if i[1] != base[i[0]])
                reached.setdefault(new, f"{why}; {reason}" if why else reason)
    return reached.get(frozenset(
        (n, head) for n, (_, head) in named(differ).items()))


def named(differ):
    """The figures that a line must name: where any of the whole cell differs,
    these; they change with those by region."""
    whole_cell = {n: v for n, v in differ.items()
                  if n.partition(".")[0] == "stats" or "." not in n}
    return whole_cell or differ


def line_of(row):
    """The line that accepts a row, without its reason."""
    return f"Counts: {row['cell']} " + ", ".join(
        f"{n} {b} -> {h}" for n, (b, h) in named(row["differ"]).items())


# ---- what follows ---------------------------------------------------------

def is_layout(differ):
    """Whether only the lines of globals moved: accesses, statistics and every
    other region are equal, and totals are sums of regions."""
    return any(n.startswith(LAYOUT + ".") for n in differ) and all(
        n.startswith(LAYOUT + ".") or n in TOTALS for n in differ)


def judge(cell, accepted):
    """One cell's row: its verdict, what differs, and words."""
    base, head = cell["base"], cell["head"]
    row = {"cell": cell["cell"], "id": cell["id"], "map": cell["map"],
           "threads": cell["threads"], "base": base, "head": head,
           "differ": {}, "reason": None, "unpaired": []}
    if cell.get("same"):
        return row | {"verdict": SAME}
    if head is None:
        return row | {"verdict": RED, "reason": f"head {cell['head_reason']}"}
    if base is None:
        return row | {"verdict": ONLY_HEAD,
                      "reason": f"base {cell['base_reason']}"}
    differ = {n: (base[n], head[n]) for n in base
              if n in head and base[n] != head[n]}
    row |= {"differ": differ, "unpaired": sorted(set(base) ^ set(head))}
    if not differ:
        return row | {"verdict": EQUAL}
    if is_layout(differ):
        return row | {"verdict": LAID_OUT}
    lines = accepted.get(cell["cell"], [])
    reasons = reasons_for(lines, differ, base)
    if reasons:
        return row | {"verdict": ACCEPTED, "reason": reasons}
    if lines:
        row["reason"] = "the message accepts other figures"
    return row | {"verdict": RED}


def check_comparable(cells):
    """What compares nothing decides nothing. A head whose trials fail is red;
    one that does not understand them speaks another protocol."""
    cells = [cell for cell in cells if not cell.get("same")]
    for arm, words in (("base", ""), ("head", "ended with status 2")):
        reasons = [cell[f"{arm}_reason"] or "" for cell in cells]
        if cells and all(cell[arm] is None for cell in cells) and \
                all(reason.startswith(words) for reason in reasons):
            raise InputError(f"{arm} answers none of the {len(cells)} requests"
                             f": {reasons[0]}; expected a commit that speaks "
                             "this trial protocol and has these maps")


def decide(cells, about, message, bands):
    """The whole verdict, of what read_cells() has."""
    check_comparable(cells)
    accepted, odd = accepted_of(message)
    rows = [judge(cell, accepted) for cell in cells]
    red = [row for row in rows if row["verdict"] == RED]
    used = {row["cell"] for row in rows if row["verdict"] == ACCEPTED}
    return {"format": "readmostly-exact", "version": 1,
            "verdict": RED if red else ACCEPTED if used else EQUAL,
            "about": about | {"machine": ", ".join(
                sorted({cell["machine"] for cell in cells}))},
            "cells": rows,
            "bands": {m: bands[m] for m in sorted({
                r["map"] for r in rows if r["differ"] and r["threads"] > 1
                and r["verdict"] != LAID_OUT}) if m in bands},
            "odd_lines": odd, "unused": sorted(
                set(accepted) - used - {row["cell"] for row in red})}


def bands_of(page):
    """map -> "LOW to HIGH" of the page of the simulated machine: what guessed
    costs alone make of a map's misses where cores meet."""
    return dict(re.findall(r"^\| (\w+)[^|]*\| [\d.]+ \| ([\d.]+ to [\d.]+) \|",
                           page, re.M))


# ---- words ----------------------------------------------------------------

def figure_text(name, pair):
    base, head = pair
    ratio = f"x {head / base:.5g}" if base else "from none"
    return f"{name} {base} -> {head} ({ratio})"


def lines_of_row(row):
    """A row in words: what differs in the whole cell, then by region."""
    first = dict.items(named(row["differ"]))
    rest = [(n, v) for n, v in row["differ"].items() if (n, v) not in first]
    words = ", ".join(figure_text(*item) for item in first)
    reason = f"; {row['reason']}" if words and row["reason"] else \
        row["reason"] or ""
    yield f"{row['verdict']:9} {row['cell']}: {words}{reason}"
    if rest:
        yield " " * 10 + ", ".join(figure_text(*item) for item in rest)


def far(ratios):
    """How far the farthest ratio is from 1, whichever way."""
    return max(max(r, 1 / r) if r else math.inf for r in ratios)


def sums(rows):
    """A line for each map with several red cells: what moved most there."""
    for name in sorted({row["map"] for row in rows}):
        differ = [named(row["differ"]) for row in rows if row["differ"]
                  and row["map"] == name and row["verdict"] == RED]
        ratios = {}
        for figure, (base, head) in (f for d in differ for f in d.items()):
            if base:
                ratios.setdefault(figure, []).append(head / base)
        most = sorted(ratios, key=lambda f: -far(ratios[f]))[:MOST]
        if len(differ) > 1 and most:
            yield f"{name}, {len(differ)} cells red, most: " + ", ".join(
                f"{f} x {min(ratios[f]):.4g} to {max(ratios[f]):.4g} in "
                f"{len(ratios[f])}" for f in most)


def alike(rows):
    """Rows without figures, those of one map and reason in one line."""
    groups = {}
    for row in rows:
        if not row["differ"] and row["verdict"] not in (EQUAL, SAME):
            key = row["verdict"], row["map"], row["reason"]
            groups.setdefault(key, []).append(row["cell"])
    for (verdict, name, reason), cells in groups.items():
        what = cells[0] if len(cells) == 1 else f"{name}, {len(cells)} cells"
        yield f"{verdict:9} {what}: {reason}"


def first_line(verdict):
    """The sum: what was compared, of what, and how it ended."""
    count = {}
    for row in verdict["cells"]:
        count[row["verdict"]] = count.get(row["verdict"], 0) + 1
    parts = ", ".join(f"{n} {word}" for word, n in sorted(count.items()))
    about = verdict["about"]
    theirs = "; {map}, Readmostly {readmostly}".format(**about) \
        if "map" in about else ""
    return (f"{verdict['verdict']}: {len(verdict['cells'])} cells: {parts}; "
            f"base {about['base'][:12]} ({about['base_ref']}), head "
            f"{about['head'][:12]}{about['head_changed']}; simulated "
            f"{about['machine']}, {about['compiler']}{theirs}")


def notes(verdict):
    """What a person must know to read the lines above."""
    for name, band in verdict["bands"].items():
        yield (f"band: {name} beside other cores: guessed costs alone make "
               f"{band} l1d_misses per operation on 16 cores "
               "(docs/simulated-machine.md)")
    if any(row["verdict"] == LAID_OUT for row in verdict["cells"]):
        yield "layout: globals lie elsewhere; no access is more or less"
    unpaired = sorted({n for r in verdict["cells"] for n in r["unpaired"]})
    if unpaired:
        yield f"only one arm counts: {', '.join(unpaired)}"
    for line in verdict["odd_lines"]:
        yield (f"not understood: {line!r}, expected Counts: CELL FIGURE BASE "
               "-> HEAD, ...: REASON")
    counted = {row["cell"] for row in verdict["cells"]}
    for words, cells in (
            ("equal", [c for c in verdict["unused"] if c in counted]),
            ("not counted", [c for c in verdict["unused"]
                             if c not in counted])):
        if cells:
            yield f"accepted, but {words} here: {', '.join(cells)}"


def table(verdict):
    """The answer as text: sum first, differences only."""
    lines = [first_line(verdict), *sums(verdict["cells"]),
             *alike(verdict["cells"])]
    for row in verdict["cells"]:
        if row["differ"]:
            lines += lines_of_row(row)
    return "\n".join(lines + list(notes(verdict)))


def to_accept(verdict):
    """The lines that would make it green, but for their reasons."""
    return "".join(f"{line_of(row)}: \n" for row in verdict["cells"]
                   if row["verdict"] == RED and row["differ"])


def about_of(text):
    """What was built of what: "word value" on each line."""
    return dict(line.partition(" ")[::2] for line in text.splitlines() if line)


def write_verdict(folder, file):
    verdict = decide(read_cells(folder), about_of(read(folder / "about")),
                     read(folder / "message"),
                     bands_of(read(DOCS / "simulated-machine.md")))
    write(folder / "counts.txt", to_accept(verdict))
    if file:
        write(file, json.dumps(verdict, indent=1, sort_keys=True) + "\n")
    print(table(verdict))
    return 1 if verdict["verdict"] == RED else 0


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    file = None
    if len(argv) == 4 and argv[0] == "decide" and argv[2] == "--json":
        file = argv[3]
    elif len(argv) != 2 or argv[0] not in ("requests", "decide"):
        print("usage: python3 -m report.exact requests FOLDER | decide FOLDER "
              "[--json FILE]", file=sys.stderr)
        return USAGE
    try:
        if argv[0] == "requests":
            return write_requests(Path(argv[1]))
        return write_verdict(Path(argv[1]), file)
    except InputError as error:
        print(f"regress-exact: {error}", file=sys.stderr)
        return USAGE


if __name__ == "__main__":
    sys.exit(ending.end(main))
