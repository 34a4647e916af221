# SPDX-License-Identifier: Apache-2.0
"""Tests published results: an entry can be computed from its journal, differences are reported, and
one page shows all entries."""
import contextlib
import html
import io
import json
import re
import shutil
import tarfile

import jsonschema
import pytest
from machine_campaigns import change, machine, untrusted
from report_helpers import TOP, Page, main
from test_compare import lines, pair_by_oracle

from report import load
from report.decide import result
from report.public import entry, journal
from report.render import markdown

SMALL = dict(maps=("gomap_rw", "syncmap", "ck_ht"), threads=(1, 2), keys=(65536,), blocks=8)
SCHEMA = json.loads((TOP / "docs/public.schema.json").read_text())


def public(*words):
    """Returns (status, standard output, standard error)."""
    output, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        status = main(["public", *map(str, words)])
    return status, output.getvalue(), error.getvalue()


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Writes two campaigns, and a folder with their entries."""
    folder = tmp_path_factory.mktemp("given")
    campaigns = [machine(folder / "a", "aaaaaaaa", **SMALL),
                 untrusted(folder / "b", "bbbbbbbb", seed=2, blocks=8, threads=(2,))]
    (folder / "public").mkdir()
    for campaign in campaigns:
        status, text, error = public("entry", campaign, "--journal", f"host:{campaign.name}")
        assert status == 0, error
        (folder / "public" / f"{campaign.name}.json").write_text(text)
    (folder / "public/README.md").write_text("no entry")
    return folder


def entry_of(given, name):
    return json.loads((given / "public" / f"{name}.json").read_text())


def test_entries_follow_their_schema(given):
    for file in [*(given / "public").glob("*.json"), *(TOP / "results/public").glob("*.json")]:
        jsonschema.validate(json.loads(file.read_text()), SCHEMA, jsonschema.Draft202012Validator)


def test_the_numbers_agree_with_the_oracle(given):
    rows = [(g, c) for g in entry_of(given, "a")["groups"] for c in g["comparisons"]]
    assert len(rows) == 2 * 2
    for group, c in rows:
        cells = {e["map"]: e["cell"] for e in group["entries"]}
        ratio, verdict = pair_by_oracle(given / "a", cells[c["map"]], cells[c["against"]])
        assert [c["ratio"][k] for k in ("value", "low", "high")] == pytest.approx(ratio, rel=1e-5)
        assert c["verdict"] == verdict


def test_an_entry_is_reproducible_and_is_verified(given):
    assert public("entry", given / "a", "--journal", "host:a")[1] == (
        given / "public/a.json").read_text()
    status, output, _ = public("verify", given / "public/a.json", given / "a")
    assert status == 0 and "2 rankings follow" in output


SPOILT = {
    "a ratio": (lambda e: e["groups"][1]["comparisons"][0]["ratio"].update(value=1.5),
                "groups[1].comparisons[0].ratio.value: 1.5, but the journal has "),
    "a verdict": (lambda e: e["groups"][0]["comparisons"][0].update(verdict="equivalent"),
                  "groups[0].comparisons[0].verdict: 'equivalent'"),
    "a row less": (lambda e: e["groups"].pop(), "groups: 1 values, but the journal has 2 values"),
    "a member more": (lambda e: e.update(remark="great"), "remark: 'great', but the journal has "
                      "nothing"),
    "another machine": (lambda e: e["campaign"].update(machine="cccccccc"), "campaign.machine"),
    "another hash": (lambda e: e.update(trials_jsonl_sha256="0" * 64), "trials_jsonl_sha256")}


@pytest.mark.parametrize("name", SPOILT)
def test_deviations_from_the_journal_are_reported(given, tmp_path, name):
    edit, where = SPOILT[name]
    contents = entry_of(given, "a")
    edit(contents)
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(contents))
    status, output, _ = public("verify", file, given / "a")
    assert status == 1 and where in output


def test_another_journal_does_not_verify_an_entry(given, tmp_path):
    shutil.copytree(given / "a", tmp_path / "a")
    file = tmp_path / "a/trials.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(True)[:-1]))
    status, output, _ = public("verify", given / "public/a.json", tmp_path / "a")
    assert status == 1 and "differs from the entry" in output
    data = bytearray(file.read_bytes())
    data[999] ^= 2
    file.write_bytes(data)
    status, _, error = public("verify", given / "public/a.json", tmp_path / "a")
    assert status == 2 and "damaged" in error


@pytest.mark.parametrize("text, why", [
    ("{", "Expecting"), ("[]", "an object"), ('{"format": 1, "kind": "public result"}', "journal"),
    (None, "expected format 2")])
def test_invalid_entries_are_rejected_by_name(given, tmp_path, text, why):
    (tmp_path / "x.json").write_text(text or json.dumps(entry_of(given, "a") | {"format": 1}))
    for words in (("page", tmp_path), ("verify", tmp_path / "x.json", given / "a")):
        status, _, error = public(*words)
        assert status == 2 and "x.json" in error and why in error


@pytest.mark.parametrize("stored, true, where", [
    ({"a": 1}, {"a": 1}, None), ([1, [2]], [1, [2]], None),
    ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b: 1, but the journal has 2"),
    ({"a": [1, 2]}, {"a": [1, 3]}, "a[1]: 2, but the journal has 3"),
    ({"a": [1]}, {"a": [1, 1]}, "a: 1 values, but the journal has 2 values"),
    ({"b": 1}, {"a": 1, "b": 1}, "a: nothing, but the journal has 1"),
    ({"a": 1}, {"a": 1.0}, "a: 1, but the journal has 1.0"),
    ({"a": 1}, {"a": True}, "a: 1, but the journal has True"),
    ({"a": None}, {"a": "x"}, "a: None, but the journal has 'x'"),
    ({"a": []}, {"a": 1}, "a: 0 values, but the journal has 1")])
def test_the_first_difference_is_reported_with_its_place(stored, true, where):
    assert entry.first_difference(stored, true) == where


# ---- the page -------------------------------------------------------------

def page_of(folder, out):
    status, output, error = public("page", folder, "-o", out)
    assert status == 0, error
    page = (out / "report/index.html").read_text()
    assert output == f"report: {out / 'report/index.html'}\n"
    assert not Page(page).wrong and not Page(page).stack
    return page


def rows_of(page):
    return [[html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in
             re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
            for row in re.findall(r"<tr>(.*?)</tr>", page, re.S)][1:]


def test_each_ranking_has_a_row_and_an_untrusted_one_no_map(given, tmp_path):
    page = page_of(given / "public", tmp_path)
    rows = rows_of(page)
    groups = [g for name in "ab" for g in entry_of(given, name)["groups"]]
    assert len(rows) == len(groups) == 4
    assert [row[2] for row in rows] == ["ck_ht"] * 2 + ["no map is recommended"] * 2
    assert [row[6] for row in rows] == ["host:a"] * 2 + ["host:b"] * 2
    assert [float(row[3].split()[0]) for row in rows] == [
        pytest.approx(g["entries"][0]["rate"]["value"] / 1e6, rel=0.005) for g in groups]
    assert "2 campaigns on 2 kinds of machine." in page and "Synthetic: " in page


def test_a_page_without_an_entry(tmp_path):
    assert "There is no entry yet." in page_of(TOP / "results/public", tmp_path) or list(
        (TOP / "results/public").glob("*.json"))
    status, _, error = public("page", tmp_path / "gone")
    assert status == 2 and "gone: no such folder" in error


def test_hostile_entries_are_only_text(given, tmp_path):
    bad = "</script><script>alert(1)</script>"
    shutil.copytree(given / "a", tmp_path / "a")
    change(tmp_path / "a", lambda m: m["machine"]["facts"]["cpu_name"].update(text=bad))
    contents = json.loads(public("entry", tmp_path / "a", "--journal", bad)[1])
    contents["groups"][0]["leader"] = contents["notes"] = [bad]
    contents["groups"][0]["leader"] = bad
    (tmp_path / "x.json").write_text(json.dumps(contents))
    page = page_of(tmp_path, tmp_path / "out")
    assert page.count("<script>") == 1 and page.count("&lt;script&gt;alert") > 3


# ---- publish ----------------------------------------------------------------

def publish(*words):
    """Returns (status, standard output, standard error)."""
    output, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        status = main(["publish", *map(str, words)])
    return status, output.getvalue(), error.getvalue()


def test_a_published_entry_is_verified_by_the_journal_next_to_it(given, tmp_path):
    for out in (tmp_path / "1", tmp_path / "2"):
        status, output, error = publish(given / "a", "-o", out)
        assert status == 0 and "merge request" in output, error
        assert sorted(f.name for f in out.iterdir()) == ["a.json", "a.tar.xz"]
    for name in ("a.json", "a.tar.xz"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    status, output, _ = publish(given / "b", "-o", tmp_path)
    assert status == 3 and "Do not add" in output and "merge request" not in output
    contents = json.loads((tmp_path / "1/a.json").read_text())
    assert contents == entry_of(given, "a") | {"journal": "a.tar.xz"}
    contents["groups"][0]["needs"] = 99
    (tmp_path / "1/a.json").write_text(json.dumps(contents))
    status, output, _ = public("verify", tmp_path / "1/a.json")
    assert status == 1 and "groups[0].needs: 99" in output


def test_an_incomplete_campaign_is_to_be_resumed(given, tmp_path, capsys):
    folder = shutil.copytree(given / "a", tmp_path / "a")
    lines(folder, lambda trials: trials[:-1])
    status, output, _ = publish(folder, "-o", tmp_path)
    assert status == 3 and (f". 1 trial not run yet.\nNext: readmostly run --resume -o {folder}, "
                            "then publish it again\n") in output
    assert main([str(given / "a"), "--earlier", str(tmp_path / "gone")]) == 2
    assert "--earlier" in capsys.readouterr().err
    damaged = shutil.copytree(given / "a", tmp_path / "damaged")
    (damaged / "campaign.json").write_text("{")
    (damaged / "report").mkdir(exist_ok=True)
    (damaged / "report/verdicts.json").write_text("{}")
    main([str(folder), "--earlier", str(damaged)])
    assert f"--earlier {damaged}/campaign.json: not JSON" in capsys.readouterr().err


@pytest.mark.parametrize("name, text, error", [
    ("../a", b"x", "../a: expected only campaign.json"), (None, b"no archive", "damaged"),
    (None, None, "No such file")])
def test_journals_that_are_no_campaign_are_rejected(given, tmp_path, name, text, error):
    shutil.copy(given / "public/a.json", tmp_path)
    if name:
        with tarfile.open(tmp_path / "a.tar.xz", "w:xz") as tar:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    elif text:
        (tmp_path / "a.tar.xz").write_bytes(text)
    status, _, found = public("verify", tmp_path / "a.json")
    assert status == 2 and "a.tar.xz" in found and error in found
    assert not (tmp_path.parent / "a").exists()


def test_a_journal_that_is_too_large_needs_an_address(given, tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "MOST_BYTES", 1000)
    status, _, error = publish(given / "a", "-o", tmp_path)
    assert status == 2 and "at most 1000" in error and not list(tmp_path.iterdir())
    assert "nonsense: expected a public address" in publish(
        given / "a", "-o", tmp_path, "--journal", "nonsense")[2]
    assert publish(given / "a", "-o", tmp_path, "--journal", "host:a")[0] == 0
    assert (tmp_path / "a.json").read_text() == (given / "public/a.json").read_text()


# ---- entries in this tree -----------------------------------------------------

STORED = sorted((TOP / "results/public").glob("*.json"))


@pytest.mark.parametrize("file", STORED, ids=[file.stem for file in STORED])
def test_each_stored_entry_follows_from_its_journal(file):
    if json.loads(file.read_text())["journal"].startswith(("http:", "https:")):
        pytest.skip("its journal is not in the tree")
    assert public("verify", file)[0] == 0


def test_the_table_of_the_readme_comes_from_a_stored_entry():
    readme = (TOP / "README.md").read_text()
    names = set(re.findall(r"results/public/([\w.-]+)\.json", readme))
    if not STORED and not names:
        pytest.skip("results/public has no entry yet")
    assert len(names) == 1, "README.md must name the one entry of its table"
    with journal.unpacked(TOP / "results/public" / f"{names.pop()}.tar.xz") as folder:
        table = markdown.readme(result.build(load.read(folder)))
    for part in filter(None, map(str.strip, table.split("\n\n"))):
        assert part in readme
