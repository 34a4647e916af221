# SPDX-License-Identifier: Apache-2.0
"""Campaigns of several machines beside each other: who takes part, who is
refused by name, and that the numbers are those of each machine alone."""
import contextlib
import io
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import schemas
from machine_campaigns import change, fleet, machine, seal, three
from report_helpers import Page, main

from report.compare import gather

sys.path.append(str(Path(__file__).parent / "oracle"))
import oracle  # noqa: E402


COMPARISON = schemas.validator("comparison")


class Compared:
    """A comparison: what the program said, and what it wrote."""

    def __init__(self, *words, out=None):
        said, error = io.StringIO(), io.StringIO()
        words = list(map(str, words)) + (["-o", str(out)] if out else [])
        with contextlib.redirect_stdout(said), \
                contextlib.redirect_stderr(error):
            self.status = main(["compare", *words])
        self.said, self.error = said.getvalue(), error.getvalue()
        self.out = out and out / "report"

    @property
    def page(self):
        return (self.out / "index.html").read_text(encoding="utf-8")

    @property
    def told(self):
        found = json.loads((self.out / "comparison.json").read_text())
        COMPARISON.validate(found)
        return found

    @property
    def red(self):
        return "".join(re.findall(r'<div class="banner".*?</div>', self.page))


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    return folder, Compared(*three(folder), out=folder / "out")


# ---- the numbers ----------------------------------------------------------

def by_hand(folder, cell, base):
    """Ratio and 95 % interval of cell ÷ base by the oracle: no module of the
    report."""
    cells = oracle.Campaign(folder).cells
    found = oracle.ratios(cells[cell], cells[base])
    return [oracle.centre(found), *oracle.interval(found)]


def test_every_ratio_is_the_one_of_a_second_hand(compared):
    folder, made = compared
    rows = [r for r in made.told["ratios"] if r["map"] == "syncmap"]
    assert len(rows) == 3 * 4
    for r in rows:
        base = r["cell"].replace("/syncmap/", f"/{r['base']}/")
        assert [r["ratio"], r["low"], r["high"]] == pytest.approx(
            by_hand(folder / r["machine"], r["cell"], base), rel=1e-5)
        assert r["n"] == 10


def test_machines_disagree_and_the_page_says_where(compared):
    folder, made = compared
    assert made.status == 0, made.error
    assert [(x["machine"], x["from_threads"], x["to_threads"]) for x in
            made.told["crossovers"]] == [("b", 1, 2)]
    assert not made.red.count("Missing")
    assert "Synthetic." in made.red


def test_ranks_and_reversals_are_those_that_were_planted(compared):
    """On b syncmap falls behind both locks at 2 threads; on c it equals
    gomap_rw: that decides nothing."""
    rows = {r["map"]: r for r in compared[1].told["ranks"]}
    assert rows["ck_ht"]["ranks"] == {"a": 1, "b": 1, "c": 1}
    assert rows["syncmap"]["reversed"] == ["gomap_rw"]
    assert rows["gomap_rw"]["reversed"] == ["syncmap"]
    assert rows["ck_ht"]["reversed"] == []
    pairs = {tuple(r["machines"]): r for r in
             compared[1].told["agreement"]}
    turned = {(x["ahead_one"], x["ahead_two"]) for x in
              pairs["a", "b"]["reversals"]}
    assert turned == {("syncmap", "gomap_rw"), ("shard_rw_32", "syncmap")}
    assert pairs["a", "c"]["reversed"] == 0


def test_a_machine_whose_control_failed_ranks_nobody(tmp_path):
    """Its ratios stand there; no sentence, rank, reversal or flip is made of
    them, and it is named in red."""
    one = machine(tmp_path / "a", "aaaaaaaa", seed=1)
    other = machine(tmp_path / "b", "bbbbbbbb", {"syncmap": 0.4}, seed=2,
                    plant={"control": "fail"})
    made = Compared(one, other, out=tmp_path / "out")
    told = made.told
    assert told["headline"]["a"] and told["headline"]["b"] is None
    assert {r["side"] for r in told["ratios"] if r["machine"] == "b"} == {
        "a control failed"}
    assert all(r["ratio"] for r in told["ratios"])
    assert {label for r in told["ranks"] for label in r["ranks"]} == {"a"}
    assert told["agreement"] == [] and told["crossovers"] == []


def test_no_value_of_two_machines_is_ever_mixed(compared):
    """A machine's ratios are the same bytes whoever stands beside it."""
    folder, made = compared
    alone = Compared(folder / "a", folder / "c", out=folder / "pair")
    of_a = [r for r in made.told["ratios"] if r["machine"] == "a"]
    assert of_a == [r for r in alone.told["ratios"] if r["machine"] == "a"]


def test_the_page_is_well_formed_and_the_same_twice(compared):
    folder, made = compared
    page = Page(made.page)
    assert not page.wrong and not page.stack
    assert len(set(page.ids)) == len(page.ids)
    assert str(folder) not in made.page
    again = Compared(*(folder / m for m in "abc"), out=folder / "again")
    assert again.page == made.page
    assert all((made.out / "tables" / f"{name}.md").is_file() for name in (
        "machines", "machine-ratios", "crossover", "ranks",
        "rank-agreement"))


# ---- who takes part -------------------------------------------------------

def two(tmp_path, edit=None, **spec):
    """A sound campaign, and one that edit() has spoilt after sealing."""
    one = machine(tmp_path / "sound", "aaaaaaaa")
    other = machine(tmp_path / "spoilt", "bbbbbbbb", seed=2, **spec)
    machine(tmp_path / "third", "cccccccc", seed=3)
    if edit:
        edit(other)
    return Compared(one, other, tmp_path / "third", out=tmp_path / "out")


def lines(folder, edit):
    file = folder / "trials.jsonl"
    file.write_bytes(b"".join(edit(file.read_bytes().splitlines(True))))


def other_binary(folder):
    """Half of the lines come from another build, each a right line."""
    file = folder / "trials.jsonl"
    told = [json.loads(line) for line in file.read_text().splitlines()]
    for i, t in enumerate(told):
        t["binary_sha256"] = ("ab" if i % 2 else "cd") * 32
    file.write_text("".join(json.dumps(t) + "\n" for t in told))
    change(folder, lambda m: m["build"].update(binary_sha256="ab" * 32))
    seal(folder)


def flipped(folder):
    file = folder / "trials.jsonl"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def twice_in_one(folder):
    """One member twice in a line, whose checksum is right."""
    from report import damage
    file = folder / "trials.jsonl"
    text = file.read_bytes().splitlines(True)
    body = text[5].partition(b',"crc32"')[0]
    body += b',"block": 7'
    text[5] = body + f',"crc32":"{damage.crc32(body)}"}}\n'.encode()
    file.write_bytes(b"".join(text))


def other_id(folder):
    file = folder / "campaign.json"
    file.write_text(file.read_text().replace("bbbbbbbb", "dddddddd"))


REFUSED = {
    "pooled builds": (other_binary, "pooled builds: block"),
    "journals of two campaigns in one": (
        lambda f: lines(f, lambda t: t + t[4:6]), "a duplicate"),
    "one member twice": (twice_in_one, "is there twice"),
    "a flipped bit": (flipped, "damaged, crc32"),
    "another machine's id": (other_id, "damaged, sha256"),
    "lines of another plan": (
        lambda f: change(f, lambda m: m.update(cells=m["cells"][:-1])),
        "not in the plan"),
    "another workload": (lambda f: change(
        f, lambda m: m["workloads"][0].update(text="keys = 7")),
        "another plan: workload uniform-97-3"),
    "another window": (lambda f: change(f, lambda m: [
        c.update(window_ns=5) for c in m["cells"]]),
        "another plan: window_ns of"),
    "another mode": (lambda f: change(f, lambda m: m.update(mode="full")),
                     "another plan: mode full, expected smoke"),
    "another protocol": (lambda f: change(f, lambda m: m.update(protocol=3)),
                         "protocol 3, expected 2"),
    "another version elsewhere": (lambda f: change(
        f, lambda m: m["build"].update(commit="2222222")),
        "commit 2222222, the first campaign's is 0000000"),
    "no campaign": (lambda f: (f / "campaign.json").unlink(),
                    "No such file"),
}


@pytest.mark.long
@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_belong_is_refused_by_name(tmp_path, name):
    edit, why = REFUSED[name]
    made = two(tmp_path, edit)
    assert made.status == 3
    assert [r["label"] for r in made.told["refused"]] == ["spoilt"]
    assert why in made.told["refused"][0]["reason"]
    assert "<b>Refused: spoilt</b>" in made.red
    assert {r["machine"] for r in made.told["ratios"]} == {"sound", "third"}
    assert not made.told["complete"]


CUT = {
    "at a line": (lambda t: t[:150], "55 trials not run yet"),
    "in a line": (lambda t: [*t[:150], t[150][:40]], "torn last line")}


@pytest.mark.long
@pytest.mark.parametrize("name", CUT)
def test_a_truncated_journal_is_named_as_incomplete(tmp_path, name):
    edit, why = CUT[name]
    made = two(tmp_path, lambda f: lines(f, edit))
    assert made.status == 3
    assert "<b>Incomplete: spoilt</b>" in made.red and why in made.red


@pytest.mark.long
@pytest.mark.parametrize("trials", [0, 3])
def test_a_machine_that_ended_before_its_first_ratio_is_named(
        tmp_path, trials):
    """The others choose the pair; where none has one, the page says so."""
    folders = [machine(tmp_path / name, 8 * name, seed=seed)
               for seed, name in enumerate("abc")]
    lines(folders[0], lambda t: t[:trials])
    made = Compared(*folders, out=tmp_path / "out")
    assert made.status == 3 and "<b>Incomplete: a</b>" in made.red
    assert {r["machine"] for r in made.told["ratios"]
            if r["ratio"] is not None} == {"b", "c"}
    for folder in folders[1:]:
        lines(folder, lambda t: t[:trials])
    made = Compared(*folders, out=tmp_path / "none")
    assert made.status == 3 and "<b>Incomplete: c</b>" in made.red


@pytest.mark.long
def test_the_same_campaign_counts_once(tmp_path):
    one = machine(tmp_path / "one", "aaaaaaaa")
    machine(tmp_path / "two", "bbbbbbbb", seed=2)
    shutil.copytree(one, tmp_path / "copy")
    made = Compared(one, tmp_path / "copy", tmp_path / "two",
                    out=tmp_path / "out")
    assert made.told["refused"] == [{
        "label": "copy", "reason": "the same campaign as one: it counts "
        "once"}]
    alone = Compared(one, tmp_path / "copy", out=tmp_path / "none")
    assert alone.status == 2
    assert "1 of 2 campaigns can be compared" in alone.error
    assert not (tmp_path / "none").exists()


def test_a_fleet_names_all_that_it_wanted(tmp_path):
    folder = tmp_path / "fleet"
    three(folder)
    fleet(folder, {"a": ("complete", None), "b": ("complete", None),
                   "c": ("interrupted", "time limit"),
                   "d": ("missing", "no route to host"),
                   "e": ("left out", "off by 9 %")})
    made = Compared(folder, out=folder)
    assert made.status == 3
    assert [(m["label"], m["state"]) for m in made.told["missing"]] == [
        ("d", "missing"), ("e", "left out")]
    for text in ("<b>Missing: d</b>: no route to host",
                 "<b>Missing: e</b>: left out: off by 9 %",
                 "<b>Incomplete: c</b>: its fleet calls it interrupted"):
        assert text in made.red
    assert made.told["wanted"] == 5


@pytest.mark.parametrize("change_entry", [
    {"folder": "../a"}, {"folder": ""}, {"name": 7}, {"folder": "x/y"}])
def test_a_fleet_that_leads_elsewhere_is_refused(tmp_path, change_entry):
    folder = fleet(tmp_path, {"a": ("complete", None)})
    told = json.loads((folder / "fleet.json").read_text())
    told["machines"][0] |= change_entry
    (folder / "fleet.json").write_text(json.dumps(told))
    made = Compared(folder)
    assert made.status == 2 and "fleet.json" in made.error


def test_a_page_is_not_written_into_a_campaign(tmp_path):
    one = machine(tmp_path / "one")
    other = machine(tmp_path / "two", "bbbbbbbb", seed=2)
    made = Compared(one, other, out=one)
    assert made.status == 2 and "expected another folder" in made.error
    assert not (one / "report").exists()


def test_labels_differ_though_folders_have_one_name(tmp_path):
    for place in ("x", "y"):
        (tmp_path / place / "smoke").mkdir(parents=True)
    found = gather.listed([tmp_path / "x/smoke", tmp_path / "y/smoke",
                           tmp_path / "y/smoke"])
    assert [label for label, *_ in found] == ["x/smoke", "y/smoke",
                                              "y/smoke (2)"]
