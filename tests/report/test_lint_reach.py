# SPDX-License-Identifier: Apache-2.0
"""What of a page the linter reads: pages of campaigns with the rare cases,
each number, map and word of a part altered by itself, and the rule that
lint_reach.tsv names for the part has to see it. Parts that no rule reads
stand there, too, with the reason; a part that is not listed fails.

Where a part has more places than SAMPLE, that many are drawn by a fixed seed.
"""
import collections
import hashlib
import importlib
import json
import random
import re
from pathlib import Path

import pytest
import test_report_production
from make_shape import statements
from mutate_page import kinds
from report_helpers import Built, edit, make_journal

from report import lint
from report.lint.context import Context
from report.lint.log import Log
from report.lint.read_page import SILENT, Node, Table

SAMPLE = 30
REASONS = ("constant", "data", "unread", "copy")
REACH = [line.split("\t") for line in (
    Path(__file__).parent / "lint_reach.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")]
DARK = SILENT | {"pre", "text", "desc", "a"}
BLOCKS = ("p", "li", "figcaption", "summary", "div", "dd", "h2", "h3")


# ---- campaigns with the rare cases ----------------------------------------

RATE = 10001  # of the cells that become not presized


def not_presized(cell):
    """At the place of the others, but for the map's first size."""
    cell = cell | {"presize": False, "rate_per_s": RATE - 1}
    return cell | {"id": make_journal.cell_id(cell) + "/grow"}


def fate(t, of):
    """One trial was not started, one ran again and so did one control, two
    have no P99, and some operations of one map began late."""
    cell = of[t["cell"]]
    at = cell["map"], cell["measure"], t["block"], cell["presize"]
    if t.get("arm", "head") != "head" and t["block"] == 4:
        return [t | {"status": "void", "reason": "thread 1 was late"},
                t | {"attempt": 2}]
    if at == ("urcu_lfht", "throughput", 5, True):
        return [t | {"exit": "not started", "status": "skipped",
                     "reason": "the time was over", "result": None}]
    if at == ("urcu_lfht", "throughput", 3, True):
        return [t | {"status": "void", "reason": "thread 1 was late"},
                t | {"attempt": 2}]
    if at[:2] == ("snapshot", "latency"):
        t["result"]["late_starts"] = t["block"]
    if at[:2] == ("syncmap", "latency") and at[2] in (4, 5) and at[3]:
        for entry in t["result"]["latency"]:
            entry["p99_ns"] = None
    return [t]


def rare(folder):
    """Both presizes, a map that failed, one that crashed, a void trial, one
    that was not started and one that was repeated."""
    make_journal.make(
        folder, maps=("null_map", "gomap_rw", "syncmap", "snapshot",
                      "urcu_lfht", "ck_ht", "shard_rw_32"),
        threads=(1, 2), keys=(65536,), kinds=("update",),
        rates=(RATE - 1, RATE), blocks=9, models=("icelake-sp",),
        plant={"fail_verify": ("ck_ht",), "crash": ("shard_rw_32",),
               "void": {("snapshot", 2)}, "control": "ok"})
    file = folder / "campaign.json"
    meta = json.loads(file.read_text())
    new = {c["id"]: not_presized(c) if c["rate_per_s"] == RATE else c
           for c in meta["cells"]}
    meta["cells"] = list(new.values())
    file.write_text(json.dumps(meta))
    journal, of = folder / "trials.jsonl", {c["id"]: c for c in new.values()}
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for t in lines:
        t["cell"] = new[t["cell"]]["id"]
        if t["result"]:
            t["result"]["cell"] = t["cell"]
    journal.write_text("".join(json.dumps(x) + "\n" for t in lines
                               for x in fate(t, of)))


def mixes(folder):
    """Fields of a flip map and of a winner map."""
    make_journal.make(
        folder, maps=("null_map", "gomap_rw", "syncmap", "urcu_lfht",
                      "snapshot"), threads=(1, 2, 4), keys=(65536,),
        shares=(0, 0.03), kinds=("update",), blocks=8)


CAMPAIGNS = {"rare": rare, "mixes": mixes,
             "production": test_report_production.campaign}


# ---- the parts of a page --------------------------------------------------

def part(chain):
    """Where a text stands: which table, figure or paragraph."""
    near = lambda *tags: next((n for n in reversed(chain) if n.tag in tags),
                              Node(""))
    section, tags = near("section")["id"] or "top", {n.tag for n in chain}
    if "svg" in tags:
        svg = near("svg")
        first = svg.all("title")[0] is chain[-1]
        key = svg.all("desc")[0]["id"] if svg.all("desc") else section
        return f"{'name' if first else 'tip'} {re.match('[a-z]+', key)[0]}"
    if "table" in tags:
        key = re.sub(r"^table-|-\d+$", "", near("table")["id"])
        kind = ("caption" if "caption" in tags else
                "head" if "thead" in tags else "table")
        return f"{kind} {key}"
    block = near(*BLOCKS)
    return f"{section} {block.tag}" + (
        "#" + block["id"] if block["id"] else
        "." + block["class"] if block["class"] else "")


def texts(node, chain=()):
    """(node, index of a text in it, its part) of all that is read."""
    if node.tag in DARK or node["aria-hidden"]:
        return
    for i, inner in enumerate(node.parts):
        if isinstance(inner, Node):
            yield from texts(inner, (*chain, node))
        elif inner.strip():
            yield node, i, (*chain, node)


class Altered:
    """A page whose parts are altered where they were read."""

    def __init__(self, folder):
        self.rows, self.page = lint.Rows(folder), lint.Page(folder)
        self.nodes, self.rng = self.page.root.all("table"), random.Random(7)
        self.spots = collections.defaultdict(list)
        words = list(kinds(sorted(self.rows.maps)))
        for node, i, chain in texts(self.page.root):
            self.spots[part(chain)] += [
                (node, i, m.span(), new(m[0]), chain)
                for pattern, new in words
                for m in re.finditer(pattern, node.parts[i])]
        self.first = {rule: self.found(rule) for _, rule, *_ in REACH
                      if rule != "-"}
        self.heard = {}  # rule -> a hash of what it found, each time

    def found(self, rule):
        """What a rule finds."""
        c = Context(self.rows, self.page, Log())
        importlib.import_module(f"report.lint.{rule}").check(c)
        return {(f.rule, f.file, f.said, str(f.row))
                for f in c.log.findings}

    def sees(self, rule):
        new = self.found(rule) - self.first[rule]
        self.heard.setdefault(rule, hashlib.sha256()).update(
            repr(sorted(new)).encode())
        return bool(new)

    def heard_parts(self):
        """{rule: [a line]}, as page_words keeps them."""
        return {rule: [f"{rule}: {of.hexdigest()}"]
                for rule, of in sorted(self.heard.items())}

    def alter(self, name, spot):
        """(line of the table of parts, what was altered, was it seen?)"""
        node, i, (start, end), new, chain = spot
        text, new = node.parts[i], self.rng.choice(new)
        told = (f"{column(chain)}{text[max(start - 40, 0):start]}"
                f"{{{text[start:end]} -> {new}}}{text[end:end + 40]}")
        line = line_of(name, told)
        if line is None or line[1] == "-":
            return line, told, True
        node.parts[i] = text[:start] + new + text[end:]
        at = [t for t, n in enumerate(self.nodes) if n in chain]
        kept = self.page.tables[:]
        for t in at:
            self.page.tables[t] = Table(self.nodes[t])
        try:
            return line, told, self.sees(line[1])
        finally:
            node.parts[i], self.page.tables = text, kept

    def samples(self):
        """The result of each alteration, with its part's name."""
        for name, spots in self.spots.items():
            for spot in self.rng.sample(spots, min(SAMPLE, len(spots))):
                yield name, *self.alter(name, spot)

    def other_rows(self):
        """(line, what became of a table, is it seen?): without its last row,
        and with that row twice."""
        for table in self.page.tables:
            rows = table.rows
            name = "rows " + re.sub(r"-\d+$", "", table.key)
            for told, new in (("without the last row", rows[:-1]),
                              ("the last row twice", rows + rows[-1:])):
                line, table.rows = line_of(name, told), new
                yield name, line, told, (
                    line is None or line[1] == "-" or self.sees(line[1]))
            table.rows = rows


def column(chain):
    """The heading of a cell of a table's body, and a colon."""
    row = next((n for n in chain if n.tag == "tr"), None)
    table = next((n for n in chain if n.tag == "table"), None)
    cell = next((n for n in chain if n.tag in ("td", "th")), None)
    if row is None or not any(n.tag == "tbody" for n in chain):
        return ""
    heads = Table(table).heads
    at = [n for n in row.parts if isinstance(n, Node)].index(cell)
    return f"{heads[at] if at < len(heads) else ''}: "


def line_of(name, told):
    """The line of lint_reach.tsv of an alteration; None: not listed."""
    return next((line for line in REACH if re.fullmatch(line[0], name)
                 and re.search(line[2], told)), None)


# ---- what has to be seen --------------------------------------------------

@pytest.fixture(scope="module", params=CAMPAIGNS)
def built(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    CAMPAIGNS[request.param](folder)
    return Built(folder)


@pytest.fixture(scope="module")
def folder(built):
    return built.folder


@pytest.fixture(scope="module")
def altered(folder):
    return Altered(folder)


@pytest.fixture(scope="module")
def results(altered):
    """Of all alterations, in this order."""
    return list(altered.samples()), list(altered.other_rows())


def test_a_page_says_what_was_kept_of_it(request, built):
    import page_words  # which builds these campaigns, too
    lines = statements(built.folder, built.said)
    assert page_words.differs(request.node.callspec.params["built"],
                              page_words.parts(lines, built.folder)) == {}


def test_a_right_page_has_no_finding(folder):
    assert not [f.text() for f in lint.lint(folder).findings]


def blind(results):
    """The alterations that are not listed, or that their rule misses."""
    return [(name, told) for name, line, told, seen in results
            if line is None or not seen]


def test_each_alteration_of_a_part_that_is_read_is_seen(results):
    assert sum(line is not None and line[1] != "-"
               for _, line, *_ in results[0]) > 200
    assert not blind(results[0])


def test_a_row_too_few_or_too_many_is_seen(results):
    assert not blind(results[1])


def test_each_rule_finds_what_it_was_kept_to_find(request, altered, results):
    """Word for word, for every alteration: a rule that became weaker in one
    place, or says something else of it. `make golden-said` writes it anew."""
    import page_words
    name = "lint " + request.node.callspec.params["built"]
    assert page_words.differs(name, altered.heard_parts()) == {}


def without(folder, key):
    """A report where no trial of some cells has a percentile."""
    def gone(t):
        if t["cell"].endswith("/grow") and "latency" in t["cell"]:
            for entry in (t["result"] or {}).get("latency") or []:
                entry[key] = None
        return t
    edit(folder, gone)
    return Built(folder)


@pytest.mark.parametrize("key", ["p50_ns", "p99_ns"])
def test_a_percentile_that_no_trial_has_is_none(tmp_path, key):
    """Not a traceback; and a time in its place is named."""
    rare(tmp_path)
    page = without(tmp_path, key).out / "index.html"
    assert lint.lint(tmp_path).findings == []
    text = page.read_text("utf-8")
    row = text.index(">none</td>", text.index('<section id="latency"'))
    page.write_text(text[:row] + ">906 ns<" + text[row + 6:], "utf-8")
    assert lint.lint(tmp_path).findings


def test_the_table_of_parts_is_well_formed():
    for _, rule, _, reason in REACH:
        assert (rule == "-") == (reason in REASONS), (rule, reason)
