# SPDX-License-Identifier: Apache-2.0
"""Tests the comparison of `make rebuild` (docs/reference/artifact.md): equal files, drawings by
other tools, and files that differ from the data. Folders are written by hand, and a stub makes the
pages."""
import json
import shutil
import zipfile

import pytest

from report.artifact import rebuild
from report.artifact.contents import Packed
from report.load import JournalError

TOOLS = {"python": "3", "numpy": "2"}


def folder(path, files):
    """Writes a folder with these texts."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def zipped(path, members, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", how) as file:
        for name, text in members:
            file.writestr(zipfile.ZipInfo(name), text, how)


# ---- two files ------------------------------------------------------------

@pytest.mark.parametrize("name,one,other,same", [
    ("a.svg", "<svg>1", "<svg>2", True), ("a.pdf", "1", "2", True),
    ("a.png", "1", "2", True), ("a.csv", "1", "2", False),
    ("svg", "1", "2", False),
    ("a.html", "a<svg x>1\n</svg>b<svg>2</svg>", "a<svg>3</svg>b<svg></svg>",
     True),
    ("a.html", "a<svg>1</svg>b<svg>2</svg>", "a<svg>1</svg>c<svg>2</svg>",
     False),
    ("a.html", "a base64,AAAA+/== b", "a base64,BB b", True),
    ("a.html", "a base64,AAAA b", "a base64,AAAA c", False)])
def test_a_drawing_alone_may_differ(tmp_path, name, one, other, same):
    for at, text in (("1", one), ("2", other)):
        folder(tmp_path / at, {name: text})
    assert rebuild.same_data(name, tmp_path / "1" / name,
                             tmp_path / "2" / name) == same


@pytest.mark.parametrize("members,same", [
    ([("a", "x" * 99), ("b", "y")], True), ([("a", "x" * 98), ("b", "y")],
                                            False),
    ([("a", "x" * 99)], False), ([("a", "x" * 99), ("c", "y")], False),
    ([("b", "y"), ("a", "x" * 99)], False)])
def test_zip_files_are_compared_by_content(tmp_path, members, same):
    """The result does not depend on the compression of the zip files."""
    zipped(tmp_path / "1.zip", [("a", "x" * 99), ("b", "y")])
    zipped(tmp_path / "2.zip", members, zipfile.ZIP_DEFLATED)
    assert rebuild.same_data("r.zip", tmp_path / "1.zip",
                             tmp_path / "2.zip") == same


# ---- two folders ----------------------------------------------------------

KEPT = {"index.html": "a<svg>1</svg>", "t/a.csv": "1", "t/b.csv": "2",
        "f/x.svg": "x", "same": "s"}


def compared(tmp_path, made, same_tools):
    shutil.rmtree(tmp_path / "made", ignore_errors=True)
    return rebuild.compare(folder(tmp_path / "kept", KEPT),
                           folder(tmp_path / "made", made), same_tools)


def test_files_are_equal_drawn_differently_or_wrong(tmp_path):
    """A file that is missing on one side does not count as equal."""
    assert compared(tmp_path, KEPT, True) == rebuild.Difference([], 0, 5)
    made = KEPT | {"index.html": "a<svg>2</svg>", "f/x.svg": "y",
                   "t/a.csv": "9", "t/new.csv": ""}
    del made["t/b.csv"]
    wrong = ["t/a.csv: differs from the file made from the data",
             "t/b.csv: cannot be made from the data",
             "t/new.csv: missing, although the data produce it"]
    assert compared(tmp_path, made, False) == rebuild.Difference(wrong, 2, 1)
    drawn = ["f/x.svg: differs from the file made from the data",
             "index.html: differs from the file made from the data"]
    assert compared(tmp_path, made, True) == rebuild.Difference(drawn + wrong, 0, 1)


# ---- a campaign, and all of them ------------------------------------------

@pytest.fixture
def artifact(tmp_path, monkeypatch):
    """Makes two campaigns whose pages depend on one file of each campaign and on the installed
    drawing tools."""
    top = folder(tmp_path / "artifact", {
        "environment/commit.txt": "abc\n",
        rebuild.PYTHON: json.dumps(TOOLS)})
    for name in ("a", "b"):
        folder(top / "campaigns" / name, {
            "campaign.json": "{}", "page": name, "lock": "",
            "report/index.html": name, "report/x.svg": "drawn",
            "report/old": name} | {"report/data.csv": "1"})

    def make(copy):
        assert not (copy.path / "lock").exists()
        assert not (copy.path / "report").exists()
        page = (copy.path / "page").read_text()
        if page == "broken":
            raise JournalError("torn")
        return folder(copy.path / "report", {
            "index.html": page, "x.svg": "drawn", "old": page,
            "data.csv": "1"})
    monkeypatch.setattr(rebuild, "make", make)
    monkeypatch.setattr(rebuild, "versions", lambda: dict(TOOLS))
    return top


def test_unchanged_pages_are_rebuilt_with_the_same_bytes(artifact):
    assert rebuild.all_again(artifact) == rebuild.Rebuilt([], [], 8, "abc")


def test_an_added_file_and_a_torn_journal_are_reported(artifact):
    folder(artifact / "campaigns/b/report", {"added": "x"})
    folder(artifact / "campaigns/a", {"page": "broken"})
    found = rebuild.all_again(artifact)
    assert found.problems == [
        "campaigns/a: no page: torn",
        "campaigns/b/report/added: cannot be made from the data"]
    assert found.same == 4


def test_drawings_of_other_tools_are_a_note(artifact):
    """If the versions of the tools are equal, different drawings are a problem. Otherwise, a note
    names the tools."""
    folder(artifact / "campaigns/b/report", {"x.svg": "otherwise"})
    found = rebuild.all_again(artifact)
    assert found.notes == [] and found.problems == [
        "campaigns/b/report/x.svg: differs from the file made from the data"]
    folder(artifact, {rebuild.PYTHON: json.dumps({"python": "3"})})
    found = rebuild.all_again(artifact)
    assert found.problems == [] and found.same == 7
    (note,) = found.notes
    assert note.startswith("campaigns/b: 1 drawings, ")
    assert note.endswith(" versions also differ: numpy 2 (packed with None)")


@pytest.mark.parametrize("kept,wrong", [("decided", False), ("another", True)])
def test_verdicts_of_stages_are_recomputed(artifact, monkeypatch, kept, wrong):
    monkeypatch.setattr(rebuild, "decide", lambda folder: "decided")
    folder(artifact / "campaigns/a", {
        "verdicts.json": kept,
        "stages.json": '{"kind": "claims", "mode": "quick"}'})
    found = rebuild.rebuild_and_compare(artifact, Packed(artifact / "campaigns/a"), True)
    assert found == rebuild.Difference(
        ["campaigns/a/verdicts.json: differs from the verdicts of the data"] * wrong, 0, 4)
