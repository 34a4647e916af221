# SPDX-License-Identifier: Apache-2.0
"""The linter of the page of a search in stages: a right page passes, at its
end and before; each number and leader altered is named."""
import csv
import io
import re

import pytest
import search_pages
import staged_folder
import sweep_worlds as worlds

from report import lint


@pytest.fixture(scope="module", name="done")
def at_its_end(tmp_path_factory):
    return search_pages.searched(tmp_path_factory.mktemp("done")).folder


def texts(folder):
    return [f.text() for f in lint.lint(folder).findings]


def test_a_search_at_its_end_is_right(done, capsys):
    assert lint.main([str(done)]) == 0
    said = capsys.readouterr().out
    assert "0 findings" in said and "search in stages" in said


def test_a_search_that_goes_on_is_right(tmp_path):
    def lose(found):
        return [t | {"status": "void", "reason": "late", "result": None}
                if "/syncmap/" in t["cell"] and t["block"] == 0
                and "/t1/" in t["cell"] else
                t | {"disturbed": "others took 40 %"}
                if t["block"] == 1 else t for t in found]
    assert not texts(search_pages.begun(tmp_path / "x", lose).folder)


@pytest.mark.parametrize("lead", [1.01, 1 / 1.01])
def test_a_lead_within_the_margin_is_none(tmp_path, lead):
    """Every block says the same, so that the interval is the lead itself."""
    def play(found):
        return [t | {"result": t["result"] | {"ops": round(
            10 ** 9 * (lead if "/syncmap/" in t["cell"] else 1))}}
            for t in found]
    built = search_pages.begun(tmp_path / "x", play)
    counts = built.verdicts["counts"]
    assert counts["tied"] == counts["measured"] > 0
    assert not texts(built.folder)


def test_a_page_that_doubts_no_wrong_answer_is_found(tmp_path):
    def wrong(found):
        found[0]["result"]["verification"] = {"status": "failed",
                                              "reason": "lost 3 keys"}
        return [found[0] | {"status": "failed"}, *found[1:]]
    built = search_pages.begun(tmp_path / "x", wrong)
    assert "(lost 3 keys): no lead" in built.verdicts["words"][0]
    assert not texts(built.folder)
    assert altered(built.folder, "verdicts.json", lambda text: text.replace(
        "no lead that is told here is", "each lead that is told here is"))


def test_a_search_that_has_not_begun_is_right(tmp_path):
    folder = staged_folder.begin(tmp_path / "x", search_pages.PLAN)
    search_pages.Built(folder)
    assert not texts(folder)


def test_stages_of_claims_are_named(tmp_path, capsys):
    folder = staged_folder.begin(tmp_path / "x", worlds.plan((2, 1, 1)),
                                 kind="claims")
    assert lint.main([str(folder)]) == 2
    assert "lint its stage-01" in capsys.readouterr().err


def altered(folder, file, change):
    path = folder / "report" / file
    text = path.read_text("utf-8")
    assert change(text) != text
    path.write_text(change(text), "utf-8")
    try:
        return [t for t in texts(folder) if "search in stages" in t]
    finally:
        path.write_text(text, "utf-8")


def other_digit(match):
    digit = re.search(r"\d", match[0])
    return (match[0][:digit.start()] + str((int(digit[0]) + 1) % 10)
            + match[0][digit.end():])


def digit_in(pattern, nth=0):
    """Changes the first digit of what matches."""
    def of(text):
        found = list(re.finditer(pattern, text, re.S))[nth]
        return text[:found.start()] + other_digit(found) + text[found.end():]
    return of


def after(text, key):
    """The body of a table."""
    return re.search(rf'id="table-{key}".*?<tbody>(.*?)</tbody>', text,
                     re.S)[1]


def swapped(text):
    """The two leaders change places."""
    return text.replace("gomap_rw", "?").replace("syncmap", "gomap_rw") \
        .replace("?", "syncmap")


@pytest.mark.parametrize("file,change", [
    ("verdicts.json", digit_in(r'"words": \[\s*"[^"]*leads at \d+')),
    ("verdicts.json", digit_in(r"flips on \d+")),
    ("verdicts.json", digit_in(r'"not_needed": \d+')),
    ("index.html", digit_in(r'id="claim">[^<]*leads at \d')),
    ("tables/boundaries.csv", lambda text: text.rsplit("\n", 2)[0] + "\n"),
    ("tables/boundaries.csv", swapped),
    ("figures/flip.csv", lambda text: text.replace(",contender,", ",tied,",
                                                   1)),
    ("figures/flip.csv", lambda text: text.rsplit("\n", 2)[0] + "\n"),
    *(("index.html", lambda text, key=key: text.replace(
        after(text, key), digit_in(r"(?<=>)\d[^<]*</td>")(
            after(text, key))))
      for key in ("points", "trials", "stages", "skipped", "crossover"))])
def test_an_alteration_is_named(done, file, change):
    assert altered(done, file, change)


@pytest.mark.parametrize("key", ["crossover", "ends"])
def test_a_leader_in_a_table_is_read(done, key):
    assert altered(done, "index.html", lambda text: text.replace(
        after(text, key), swapped(after(text, key))))


COLUMNS = {"figures/flip.csv": ("ratio low high n side base_mops looks "
                                "why").split(),
           "tables/boundaries.csv": ("axis kind leads_below leads_above from "
                                     "to position n").split()}


@pytest.mark.parametrize("file,column", [
    (file, column) for file, columns in COLUMNS.items()
    for column in columns])
def test_each_column_is_derived(done, file, column):
    """The first value of each is altered; a reason is taken away."""
    def change(text):
        rows = list(csv.DictReader(io.StringIO(text)))
        row = next(r for r in rows if r[column])
        row[column] = "" if column == "why" else re.sub(
            r"\d", lambda m: str((int(m[0]) + 1) % 10 or 1), row[column], 1) \
            if re.search(r"\d", row[column]) else row[column] + "x"
        out = io.StringIO()
        into = csv.DictWriter(out, rows[0], lineterminator="\n")
        into.writeheader()
        into.writerows(rows)
        return out.getvalue()
    assert altered(done, file, change)
