# SPDX-License-Identifier: Apache-2.0
"""The corpora of bugs, the page of bugs_tally.py on each, and its raw lines."""
import re
import statistics
from pathlib import Path

from stamp import stamp

FIXTURES = Path("tests/fixtures")
RUNS = Path("docs/tally/bugs-runs.tsv")
COLUMNS = ("corpus", "tool", "map", "seed", "quick", "status", "cpu_s", "found",
           "program")
TWIN_SEEDS = 3  # of a twin with the defaults
CORPORA = {
    "bugs": """# Published bugs: which tool finds them

Made by `make bugs-tally`; the bugs are described in `tests/bugs/README.md`,
and were modelled by a hand that had not read the tools.""",
    "broken": """# Broken maps of another hand: which tool finds them

Made by `make bugs-tally CORPUS=broken`; the maps are described in
`tests/broken/README.md`, and were written by a hand that had not read the tools.""",
    "unseen": """# Broken maps of a third hand: which tool finds them

Made by `make bugs-tally CORPUS=unseen`; the maps are described in
`tests/unseen/README.md`, and were written by a hand that had read neither the
tools nor what they had found, when the tools were as they are.""",
    "fixtures": """# Planted bugs without their pauses: which tool finds them

Made by `make bugs-tally CORPUS=fixtures`; the bugs are described in
`tests/fixtures/README.md`, and were planted by who wrote the tools. Here no
`RM_PAUSE()` widens their windows.""",
}
HEAD = """A run is one tool with
its defaults, one seed, the shape that the bug needs, and ends at its first
finding. Of the runs that found it: the median of the CPU time, and what was
said most often. Twins are run in the quick form (20,000 schedules, or a budget
of 2 s) with as many seeds and by the defaults with 3, where the last lines name
runs of them. TSan and ASan are the loops of `check` under these sanitizers; only
what these say counts.
Each run since 25 November 2026 is a line of [bugs-runs.tsv](bugs-runs.tsv).
"""
SHAPES = "u64x8", "u64x24"  # the first where a bug asks for none
CELL = re.compile(r"\| `(\w+)` \| (.*) \|")


def path(corpus):
    return Path(f"docs/tally/{corpus}.md")


def rows_of(file):
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def planted():
    """Those that scripts know: what has a check, and what only `explore` has."""
    for name, tool, check, shape, _ in rows_of(FIXTURES / "planted/tools.tsv"):
        yield name, shape if shape in SHAPES else SHAPES[0], \
            f"{tool}, `{check}`" if check != "-" else tool
    for name, folder, finding, _, shape in rows_of(
            FIXTURES / "explored/tools.tsv"):
        if folder == "explored":
            yield name, shape if shape in SHAPES else SHAPES[0], \
                f"{finding}, {shape}" if shape != "-" else finding


def bugs(corpus):
    """(id, shape, what it needs in order to show) of each."""
    if corpus == "fixtures":
        yield from planted()
        return
    column = 4 if corpus == "bugs" else 3
    for cells in rows_of(f"tests/{corpus}/{corpus}.tsv"):
        needs = cells[column]
        yield cells[0], "u64x24" if "u64x24" in needs else "u64x8", needs


def of(rows, tool, name, quick=False):
    return [r for (t, n, _, q), r in rows.items()
            if (t, n, q) == (tool, name, quick)]


def cell(runs):
    """"20 of 20, 0.42 s, data race" of the runs of one tool on one bug."""
    found = [r for r in runs if r["status"] == 1]
    if not runs:
        return "not run"
    if not found:
        return f"0 of {len(runs)}"
    words = statistics.mode(r["found"] or "no words" for r in found)
    took = statistics.median(r["cpu_s"] for r in found)
    return f"{len(found)} of {len(runs)}, {took:.2g} s, {words}"


def sum_of(rows, tool, names, seeds):
    """The line of a tool, and its twins that were accused."""
    asked = [of(rows, tool, name) for name in names]
    runs = [r for r in asked if r]
    least = min(map(len, runs), default=0)
    full = sum(all(x["status"] for x in r) for r in runs)
    once = sum(any(x["status"] for x in r) for r in runs)
    twins = [r for n in names for q in (True, False)
             for r in of(rows, tool, n + "_twin", q)]
    accused = sorted({r["map"] for r in twins if r["status"]})
    left = len(asked) - len(runs)
    return (f"- {tool}: {full} of {len(runs)} bugs with every seed, {once} "
            f"with one at least, in {least} of {seeds} seeds"
            f"{f'; {left} were not run' * (left > 0)} ({stamp()}). " +
            (f"Twins accused in {len(twins)} runs: "
             f"{', '.join(accused) or 'none'}." if twins else
             "No twin was run.")), accused


def told_before(corpus):
    """({(bug, tool): cell}, {tool: its line}) of the page that is there."""
    cells, lines, tools = {}, {}, []
    text = path(corpus).read_text(encoding="utf-8") \
        if path(corpus).exists() else ""
    for line in text.splitlines():
        if line.startswith("| bug | needs | "):
            tools = line.strip("| ").split(" | ")[2:]
        elif line.startswith("- "):
            lines[line[2:].split(":")[0]] = line
        elif match := CELL.fullmatch(line):
            told = match[2].split(" | ")[1:]
            cells |= {(match[1], t): c for t, c in zip(tools, told)}
    return cells, lines


def page(rows, args):
    """The text, and the twins that were accused by a tool of ours."""
    names = [(bug, needs) for bug, _, needs in bugs(args.corpus)]
    cells, lines = told_before(args.corpus)
    wrong = []
    for tool in args.tools:
        lines[tool], accused = sum_of(rows, tool, [n for n, _ in names],
                                      args.seeds)
        wrong += [] if tool.endswith("San") else accused
        cells |= {(n, tool): cell(of(rows, tool, n)) for n, _ in names}
    text = [f"{CORPORA[args.corpus]} {HEAD}",
            "| bug | needs | " + " | ".join(lines) + " |",
            "|---|---|" + "---|" * len(lines)]
    text += [f"| `{bug}` | {needs} | " + " | ".join(
        cells.get((bug, tool), "not run") for tool in lines) + " |"
        for bug, needs in names]
    return "\n".join([*text, "", *lines.values(), ""]), wrong


def row_of(corpus, run):
    return tuple(str(corpus if c == "corpus" else
                     int(run[c]) if c == "quick" else
                     "-" if run[c] is None else run[c]) for c in COLUMNS)


def runs():
    """The raw lines, as rows of texts by their columns."""
    return [dict(zip(COLUMNS, row)) for row in rows_of(RUNS)] \
        if RUNS.exists() else []


def kept_runs(corpus):
    """Those of a corpus, with the types that bugs_tally.py gives them."""
    return [{"tool": run["tool"], "map": run["map"], "seed": int(run["seed"]),
             "quick": run["quick"] == "1", "status": int(run["status"]),
             "found": None if run["found"] == "-" else run["found"],
             "cpu_s": float(run["cpu_s"]), "program": run["program"]}
            for run in runs() if run["corpus"] == corpus]


def keep_runs(corpus, some):
    """Puts runs into the raw lines, in the place of other programs' of the same
    tool and corpus."""
    new = {row_of(corpus, run) for run in some}
    tools = {row[1] for row in new}
    old = {tuple(row.values()) for row in runs()
           if (row["corpus"], row["tool"]) not in {(corpus, t) for t in tools}}
    lines = ["\t".join(row) for row in sorted(
        old | new, key=lambda r: (*r[:3], int(r[4]), int(r[3])))]
    RUNS.write_text("# " + "\t".join(COLUMNS) + "\n"
                    + "".join(line + "\n" for line in lines), encoding="utf-8")
