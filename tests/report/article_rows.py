#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the rows of docs/articles/ say, as parameters: `name=value; ...`, a
value of several as `a,b`. And what the suite has for them: factors of the
cells of workload files, members of `readmostly list --json`, and facts.tsv,
places in the code that state a number.

    article_rows.py         prints the column `ours` of each workload row

Run it after a workload file has changed, and judge whether the row is still
what its article did before the new text goes into workloads.tsv.
"""
import csv
import fnmatch
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTICLES = ROOT / "docs" / "articles"
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
FILES = [path for path in sorted((ROOT / "workloads").glob("*.conf"))
         if re.search(r"^article\b", path.read_text(), re.M)]

# Keys of a file that are no parameter of what it runs, but of how it is run.
ASIDE = ("article", "include", "base", "warm-up", "deadline", "verify",
         "repeat-wait", "repeat-most", "repeat-share")
# Keys whose values depend on the machine: as they are written.
WRITTEN = ("threads", "placement", "maps", "window", "measure", "blocks")
FLAGS = {True: "yes", False: "no"}


def table(name):
    with open(ARTICLES / (name + ".tsv"), encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t",
                                   quoting=csv.QUOTE_NONE))


def parameters(text):
    """[(name, [values])] in order; a name may come again."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[a-z0-9-]+", name) or not value:
            raise ValueError(f"expected NAME=VALUE: {part}")
        found.append((name, value.split(",")))
    return found


def reasons(text):
    """name -> the words that say why it deviates."""
    found = {}
    for part in filter(None, re.split(r"; (?=[a-z0-9-]+: )", text)):
        name, colon, why = part.partition(": ")
        if not colon or not re.fullmatch(r"[a-z0-9-]+", name):
            raise ValueError(f"expected NAME: WHY, not {part}")
        found[name] = why
    return found


def text_of(folders, kinds):
    """All text of the files of these kinds in these folders."""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace")
                     for folder in folders for kind in kinds
                     for path in sorted((ROOT / folder).rglob(kind)))


def run(*words):
    done = subprocess.run([BUILD / "readmostly", *words], check=True,
                          capture_output=True, text=True)
    return done.stdout


def written(path):
    """key -> text of a workload file, what it includes first."""
    keys = {}
    for line in path.read_text().splitlines():
        found = re.match(r"([a-z-]+)\s*=\s*([^#]*)", line)
        if found and found[1] == "include":
            keys.update(written(path.parent / found[2].strip()))
        elif found:
            keys[found[1]] = found[2].strip()
    return keys


def loop_names():
    """loop -> names of its numbers, as `describe` has them."""
    line = next(line for line in run("describe").splitlines()
                if line.startswith("loop "))
    forms = re.findall(r"[a-z][a-z-]*(?::[A-Z]+)+", line)
    return {form.split(":")[0]: form.lower().split(":")[1:]
            for form in forms}


def count(text):
    """"10k" and 10000 are one number."""
    found = re.fullmatch(r"(\d+)(k|Ki|M|Mi)?", text)
    if not found:
        return text
    units = {None: 1, "k": 1000, "Ki": 1024, "M": 10**6, "Mi": 2**20}
    return str(int(found[1]) * units[found[2]])


def share(value):
    return f"{round(value * 100, 6):g}%"


def upserts(cell):
    """The share of a paced cell's arrivals that store. An arrival of churn or
    fresh that writes is a pair, an upsert and a removal, and the share of
    writes counts both (rm_counts_write_decisions())."""
    writes = cell["write_share"]
    return writes if cell["write_kind"] == "update" else writes / (2 - writes)


def factors(cell, names):
    """name -> text, of what a cell of a plan is."""
    loop, *numbers = cell["loop"].split(":")
    found = {
        "loop": cell["loop"] if loop not in names else loop,
        "writes": share(cell["write_share"]),
        "write-kind": cell["write_kind"],
        "misses": share(cell["miss_share"]),
        "keys": str(cell["keys"]), "shape": cell["shape"],
        "dist": cell["dist"], "arrivals": cell["arrivals"],
        "threads": str(cell["threads"]), "placement": cell["placement"],
        "presize": FLAGS[cell["presize"]],
        "settle": cell.get("settle", "yes"),
        "clock-rate": str(cell.get("clock_rate", 1)),
        "maps": cell["map"], "blocks": str(cell["blocks"]),
        "measure": cell["measure"],
    }
    if cell["rate_per_s"]:
        found["rate"] = f"{cell['rate_per_s']:.0f}/s"
        found["stores"] = f"{cell['rate_per_s'] * upserts(cell):.0f}/s"
    if cell["window_ops"]:
        found["ops"] = str(cell["window_ops"] * cell["threads"])
    found.update(zip(names.get(loop, []), map(count, numbers)))
    return found


def planned(paths, names):
    """stem -> factors of each cell, those aside that only verify. A window is
    as it is written: a plan widens it for crowds."""
    cells = json.loads(run("plan", "--json", *paths))["cells"]
    found = {path.stem: [] for path in paths}
    windows = {path.stem: written(path).get("window", "") for path in paths}
    for cell in cells:
        name = cell["workload"]
        if cell["measure"] != "verify":
            found[name].append({**factors(cell, names),
                                "window": windows[name]})
    return found


def ours(path, cells, names):
    """The parameters of one file, as workloads.tsv has them."""
    keys = written(path)
    parts = [f"file={path.stem}"]
    loops = {cell["loop"].split(":")[0] for cell in cells}
    numbers = [name for loop in sorted(loops) for name in names.get(loop, [])]
    for key in keys:
        if key in WRITTEN:
            parts.append(f"{key}={','.join(keys[key].split())}")
        elif key not in ASIDE:
            parts.append(said(key, cells))
        if key == "loop":
            parts += [said(name, cells) for name in numbers
                      if any(name in cell for cell in cells)]
    if "ops" in cells[0] and not any(c.isalpha() for c in keys["threads"]):
        parts.append(said("ops", cells))
    if "rate" in keys:
        parts.append(said("stores", cells))
    return "; ".join(parts)


def said(name, cells):
    """Every value of a factor, in the order of the plan."""
    values = dict.fromkeys(cell[name] for cell in cells if name in cell)
    return f"{name}={','.join(values)}"


def matches(value, pattern):
    return fnmatch.fnmatchcase(value, pattern)


def has(cell, stated):
    """Is this cell what the article states, of what it has?"""
    return all(any(matches(cell[name], value) for value in values)
               for name, values in stated.items() if name in cell)


def rows_of(path):
    return written(path)["article"].split()


def ours_of_rows():
    """W1 -> its column `ours`: a part for each file."""
    names = loop_names()
    plan = planned(FILES, names)
    found = {}
    for path in FILES:
        for row in rows_of(path):
            found.setdefault(row, []).append(
                ours(path, plan[path.stem], names))
    return {row: "; ".join(parts) for row, parts in found.items()}


def listed_by_system():
    """M1 -> the maps that say so, and the locks of them."""
    found = {}
    for one in json.loads(run("list", "--json"))["maps"]:
        for row in re.findall(r"M\d+", one["system"]):
            maps, locks = found.setdefault(row, ([], {}))
            maps.append(one["id"])
            locks[one["sync"].replace(", ", "+")] = None
    return {row: f"maps={','.join(maps)}; lock={','.join(locks)}"
            for row, (maps, locks) in found.items()}


if __name__ == "__main__":
    ALL = ours_of_rows()
    for ROW in sorted(ALL, key=lambda name: int(name[1:])):
        print(ROW, ALL[ROW], sep="\t")
