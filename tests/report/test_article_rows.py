# SPDX-License-Identifier: Apache-2.0
"""The parameters of each row of docs/articles/: what the article states is
what the suite has, in one cell, or the row says why not."""
import functools
import json
import re

import article_rows as rows
import pytest

from report import marks

TABLES = ("systems", "workloads", "measurements")
ROWS = [(name, row) for name in TABLES for row in rows.table(name)]
WORKLOADS = {row["id"]: row for row in rows.table("workloads")}
each_row = pytest.mark.parametrize(
    "row", [row for _, row in ROWS], ids=lambda row: row["id"])
UNKNOWN = ["?"]


@functools.cache
def names():
    return rows.loop_names()


@functools.cache
def plan():
    return rows.planned(rows.FILES, names())


@functools.cache
def facts():
    """id -> name -> values, of facts.tsv."""
    found = {}
    for fact in rows.table("facts"):
        found.setdefault(fact["id"], {}).setdefault(
            fact["name"], []).append(fact["value"])
    return found


def with_facts(row, text):
    return "; ".join(filter(None, [text] + [
        f"{name}={','.join(values)}"
        for name, values in facts().get(row, {}).items()]))


@functools.cache
def not_here():
    """Maps whose library is missing here."""
    listed = json.loads(rows.run("list", "--json"))
    return {one["id"] for one in listed["skipped"]}


def stated(row):
    """What the article states and the row does not excuse, but for maps that
    this machine cannot build."""
    excused = rows.reasons(row["why"])
    return {name: [value for value in values
                   if name != "maps" or value not in not_here()]
            for name, values in rows.parameters(row["article"])
            if values != UNKNOWN and name not in excused}


def held(row):
    """name -> all values that the row has, of all its files."""
    found = {}
    for name, values in rows.parameters(row["ours"]):
        found.setdefault(name, []).extend(values)
    return found


def test_parameters_are_read():
    assert rows.parameters("a=1,2; b=x=y") == [
        ("a", ["1", "2"]), ("b", ["x=y"])]
    with pytest.raises(ValueError):
        rows.parameters("a")
    with pytest.raises(ValueError):
        rows.reasons("because")
    assert [rows.count(text) for text in ("10k", "1Mi", "rr")] == [
        "10000", "1048576", "rr"]


@each_row
def test_the_article_is_met_or_the_row_says_why(row):
    has = held(row)
    for name, values in stated(row).items():
        for value in values:
            assert any(rows.matches(one, value)
                       for one in has.get(name, [])) \
                or in_cells(row["id"], name, value), (name, value)


def in_cells(row, name, value):
    """Factors that a file leaves at their preset are in its cells."""
    return any(name in cell and rows.matches(cell[name], value)
               for path in rows.FILES if row in rows.rows_of(path)
               for cell in plan()[path.stem])


@pytest.mark.parametrize("row", WORKLOADS.values(), ids=lambda r: r["id"])
def test_one_cell_has_it_all(row):
    """Of each value that the article states, a cell that has it and all the
    others that such a cell can have."""
    want = {name: values for name, values in stated(row).items()
            if name not in facts().get(row["id"], {})}
    cells = [cell for path in rows.FILES if row["id"] in rows.rows_of(path)
             for cell in plan()[path.stem]]
    for name, values in want.items():
        for value in values:
            assert any(rows.has(cell, {**want, name: [value]})
                       for cell in cells if name in cell), (name, value)


@each_row
def test_a_reason_is_of_a_parameter_that_deviates(row):
    """In whole words, and none for what is the same."""
    article = dict(rows.parameters(row["article"]))
    has = held(row)
    for name, why in rows.reasons(row["why"]).items():
        assert name in article and article[name] != UNKNOWN, name
        assert len(why.split()) >= 5, why
        assert not all(any(rows.matches(one, value)
                           for one in has.get(name, []))
                       for value in article[name]), f"{name} is the same"


def test_ours_is_what_the_workload_files_say():
    derived = rows.ours_of_rows()
    assert list(WORKLOADS) == [f"W{n}" for n in range(1, 33)]
    for name, row in WORKLOADS.items():
        assert row["ours"] == with_facts(name, derived[name]), name


@pytest.mark.parametrize("kind,stores", [
    ("update", "10000/s"), ("churn", "6667/s"), ("fresh", "6667/s")])
def test_stores_are_upserts_of_a_rate(kind, stores):
    """An arrival of churn or fresh that writes is a store and a removal, and
    the share of writes counts both."""
    paced = [cell for cell in plan()["short-lived"]
             if cell["loop"] == "paced" and cell["write-kind"] == kind]
    assert paced and {cell["stores"] for cell in paced} == {stores}


MUTATIONS = [
    ("session-cache", r"^writes .*", "writes = 4%"),
    ("store-only", r"^writes .*", "writes = 90%"),
    ("eight-threads", r"^writes .*", "writes = 0% 3% 10%"),
    ("big-shards", r"^keys .*", "keys = 100000"),
    ("increments", r"^loop .*", "loop = increment:2"),
    ("held-locks", r"^threads .*", "threads = 11 100"),
    ("sessions", r"^maps .*", "maps = slab syncmap gomap_rw\n"),
]


def test_a_changed_file_is_seen(tmp_path):
    """Each change of a copy makes another text of its row's part."""
    copies = {}
    for number, (stem, line, now) in enumerate(MUTATIONS):
        path = tmp_path / f"{stem}.conf"
        text, changed = re.subn(
            line, now, (rows.ROOT / "workloads" / path.name).read_text(),
            flags=re.M)
        assert changed == 1 and path not in copies, number
        path.write_text(re.sub(r"^base .*\n", "", text, flags=re.M))
        copies[path] = text
    cells = rows.planned(list(copies), names())
    for path in copies:
        part = rows.ours(path, cells[path.stem], names())
        assert all(part not in row["ours"] for row in WORKLOADS.values()), \
            path.stem
        original = rows.ours(rows.ROOT / "workloads" / path.name,
                             plan()[path.stem], names())
        assert any(original in row["ours"] for row in WORKLOADS.values())


def test_facts_stand_where_they_are_said_to():
    """Word by word, and the numbers of a value are in them."""
    for fact in rows.table("facts"):
        text = (rows.ROOT / fact["file"]).read_text(encoding="utf-8")
        assert fact["text"] in text, fact
        assert all(number in fact["text"] for number in
                   re.findall(r"\d+", fact["value"])), fact
        assert fact["id"] in {row["id"] for _, row in ROWS}


def test_systems_are_the_maps_that_say_so():
    """But those whose library is missing here."""
    missing = not_here()
    derived = rows.listed_by_system()
    for row in rows.table("systems"):
        said = held(row)
        now = dict(rows.parameters(derived[row["id"]]))
        assert set(now["maps"]) == set(said["maps"]) - missing, row["id"]
        assert set(now["lock"]) <= set(said["lock"]), row["id"]
        assert missing or row["ours"] == with_facts(
            row["id"], derived[row["id"]]), row["id"]


@functools.cache
def sources():
    """All code that names what is counted."""
    return rows.text_of(("runner", "impls", "report"),
                        ("*.[ch]", "*.py", "*.tsv"))


@functools.cache
def measurement_page():
    page = (rows.ROOT / "docs" / "measurements.md").read_text()
    return {line.split("|")[1].strip(): line for line in page.splitlines()
            if re.match(r"\| T\d+ \|", line)}


@pytest.mark.parametrize("row", rows.table("measurements"),
                         ids=lambda row: row["id"])
def test_a_measurement_s_command_and_counts_exist(row):
    said = held(row)
    for command in said["command"]:
        assert command in measurement_page()[row["id"]], command
    for name in said.get("statistic", []):
        assert re.search(rf'\b{name}\b', sources()), name
    events = (rows.ROOT / "runner" / "counters" / "events.tsv").read_text()
    if "counter" in said and not re.search("^[^#\n]", events, re.M):
        pytest.skip("events.tsv has no line")
    for counter in said.get("counter", []):
        assert re.search(rf"^[^#\n]*\t{counter}\t", events, re.M), counter


def test_a_range_above_its_limit_is_marked():
    assert marks.passed("scan_max", 1e6) == ""
    assert marks.passed("scan_max", 1.1e6) == "over 1 ms"
    assert marks.passed("scan_max", 81e6) == "over 80 ms"
    assert marks.passed("scan_p99", 1.1e6) == ""
