# SPDX-License-Identifier: Apache-2.0
"""Tests `readmostly compare` on synthetic campaigns: which campaigns take part, and that the page
and comparison.json are computed correctly from each machine's trials."""
import contextlib
import html
import io
import itertools
import json
import re
import shutil
import sys
from pathlib import Path

import jsonschema
import pytest
from machine_campaigns import change, fleet, machine, seal, speeds, three, untrusted
from report_helpers import TOP, Page, main
from test_claims_page import own  # noqa: F401

from report.compare import gather
from report.load import seal as hashes
from report.render import formats

sys.path.append(str(Path(__file__).parent / "oracle"))
import oracle  # noqa: E402


class Compared:
    """A comparison: the program's output and files."""

    def __init__(self, *words, out=None):
        output, error = io.StringIO(), io.StringIO()
        words = list(map(str, words)) + (["-o", str(out)] if out else [])
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
            self.status = main(["compare", *words])
        self.output, self.error = output.getvalue(), error.getvalue()
        self.out = out and out / "report"

    @property
    def page(self):
        return (self.out / "index.html").read_text(encoding="utf-8")

    @property
    def text(self):
        """Returns the page without its tags."""
        return " ".join(html.unescape(re.sub("<[^>]*>", "", self.page)).split())

    @property
    def json(self):
        return json.loads((self.out / "comparison.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    return folder, Compared(*three(folder), out=folder / "out")


def test_the_comparison_follows_its_schema(compared):
    stored = json.loads((TOP / "docs/comparison.schema.json").read_text())
    jsonschema.validate(compared[1].json, stored, jsonschema.Draft202012Validator)


# ---- numbers, checked with the oracle -------------------------------------

def pair_by_oracle(folder, one, two):
    """Returns (ratio, low, high) at 95 % for two cells, and the verdict by the joint interval. Uses
    only oracle.py, no module of report/."""
    campaign = oracle.Campaign(folder)
    over, under = campaign.cells[one], campaign.cells[two]
    group = next(g for g in campaign.groups if over in g.cells.values())
    ratio, _, verdict = group.verdict(over.map, under.map)
    return list(ratio), verdict


def test_each_ratio_and_verdict_agrees_with_the_oracle(compared):
    folder, made = compared
    seen = 0
    for m, ranking in ((m, r) for m in made.json["machines"] for r in m["rankings"]):
        cells = {e["map"]: e["cell"] for e in ranking["entries"]}
        for c in ranking["comparisons"]:
            ratio, verdict = pair_by_oracle(folder / m["label"], cells[c["map"]],
                                            cells[c["against"]])
            assert [c["ratio"][k] for k in ("value", "low", "high")] == pytest.approx(ratio)
            assert (c["verdict"], c["ratio"]["n"]) == (verdict, 10)
            seen += 1
    assert seen == 3 * 4 * 3  # machines, places, rivals


def test_agreement_over_all_pairs_equals_the_oracle_s(compared):
    folder, made = compared
    d = made.json
    words = {}
    for m in d["machines"]:
        for i, ranking in enumerate(m["rankings"]):
            cells = {e["map"]: e["cell"] for e in ranking["entries"] if e["ranked"]}
            for x, y in itertools.combinations(sorted(cells), 2):
                words[m["label"], i, x, y] = pair_by_oracle(
                    folder / m["label"], cells[x], cells[y])[1]
    for a in d["agreement"]:
        one, two = (d["machines"][a[k]]["label"] for k in ("first", "second"))
        pairs = [(words[one, *key], words[two, *key], key) for key in
                 {k[1:] for k in words}]
        decided = [p for p in pairs if {p[0], p[1]} <= {"faster", "slower"}]
        turned = {key for first, second, key in decided if first != second}
        assert a["reversed"] == len(turned)
        assert a["alike"] == len(decided) - len(turned)
        assert a["open"] == len(pairs) - len(decided)
        assert {(r["place"], *sorted((r["faster_on_first"], r["faster_on_second"])))
                for r in a["reversals"]} == turned
        for r in a["reversals"]:
            x, y = sorted((r["faster_on_first"], r["faster_on_second"]))
            assert (words[one, r["place"], x, y] == "faster") == (r["faster_on_first"] == x)


def resolve(document, path):
    for name in path.split("."):
        document = document[int(name)] if name.isdigit() else document[name]
    return document


def numbers_of(made):
    """Returns (text, value, path, format) for each <data> element of a page."""
    found = re.findall(r'<data value="([^"]*)" data-ref="([^"]*)" data-kind="([^"]*)">([^<]*)<',
                       made.page)
    return [(text, float(value), path, kind) for value, path, kind, text in found]


def test_each_number_of_the_page_is_in_comparison_json(compared):
    document, count = compared[1].json, 0
    for text, value, path, kind in numbers_of(compared[1]):
        if path.endswith((".margin", ".#")):
            continue
        stored = resolve(document, path.removesuffix(".value")
                         if path.endswith(".value.value") else path)
        assert stored == value and html.unescape(text) == formats.text(kind, stored), path
        count += 1
    assert count > 30


# ---- conclusions of the page ----------------------------------------------

def test_a_machine_that_flips_the_ranking(compared):
    """On b, syncmap is slower than both locks at 2 threads. On c, syncmap equals gomap_rw, so that
    the two have no verdict there."""
    made = compared[1]
    assert made.status == 0, made.error
    board = {r["map"]: r["reversed"] for r in made.json["board"]}
    assert board == {"ck_ht": [], "shard_rw_32": [], "syncmap": ["gomap_rw"],
                     "gomap_rw": ["syncmap"]}
    assert "Fastest in all 3 runs: ck_ht." in made.output
    assert "with one run per machine" in made.output and "Synthetic." in made.text
    [ab, ac, _] = made.json["agreement"]
    assert {(r["faster_on_first"], r["faster_on_second"]) for r in ab["reversals"]} == {
        ("syncmap", "gomap_rw"), ("shard_rw_32", "syncmap")}
    assert ac["reversed"] == 0


def test_a_thread_count_that_a_machine_lacks_is_named(tmp_path):
    made = Compared(*(machine(tmp_path / name, name * 8, seed=i) for i, name in enumerate("ab")),
                    machine(tmp_path / "c", "cccccccc", seed=3, threads=(1,)),
                    out=tmp_path / "out")
    assert "2 threads: not measured on c" in made.output.splitlines()
    assert "2 threads: not measured on c" in made.text
    assert "1 thread: " not in made.output


def test_equal_machines_agree(tmp_path):
    """Two machines of one model have equal maps, so no order is reversed. The interval of the
    variation between the machines includes 0."""
    made = Compared(*(machine(tmp_path / name, seed=i + 5) for i, name in enumerate("ab")),
                    out=tmp_path / "out")
    [agreement] = made.json["agreement"]
    assert agreement["reversed"] == 0 and agreement["alike"] == 4 * 6
    assert agreement["same_leader"] == agreement["places"] == 4
    [twin] = made.json["twins"]
    assert twin["values"] == 16 and twin["apart"] <= 2
    assert twin["left_out"]["low"] == 1 and twin["left_out"]["high"] < 1.1


def test_machines_of_one_kind_on_which_a_map_differs(tmp_path):
    made = Compared(machine(tmp_path / "a", seed=1),
                    machine(tmp_path / "b", factors={"syncmap": 1.1}, seed=2),
                    out=tmp_path / "out")
    [twin] = made.json["twins"]
    assert twin["largest_map"] == "syncmap" and 1.05 < twin["largest"] < 1.1
    assert twin["left_out"]["low"] > 1.02 and twin["apart"] >= 4
    assert "share a machine id" in made.text


def test_a_run_that_is_not_trusted_recommends_no_map(tmp_path):
    """The rates and ratios of the run are shown, but no sentence, order or reversal uses them."""
    made = Compared(machine(tmp_path / "a", "aaaaaaaa", seed=1),
                    untrusted(tmp_path / "b", "bbbbbbbb", seed=2), out=tmp_path / "out")
    assert [m["trust"]["verdict"] for m in made.json["machines"]] == [
        "use with care", "do not use"]
    assert "Fastest in the run of a: ck_ht." in made.output
    assert "No map is recommended in the run of b." in made.output
    assert made.json["agreement"] == []
    assert [r["reversed"] for r in made.json["board"]] == [[]] * 4
    assert made.page.count('class="barcell lead"') == 1


def test_machines_with_different_leaders(tmp_path):
    made = Compared(machine(tmp_path / "a", "aaaaaaaa"),
                    machine(tmp_path / "b", "bbbbbbbb", {"syncmap": 3}, seed=2),
                    machine(tmp_path / "c", "cccccccc", {"shard_rw_32": 1.2}, seed=3),
                    out=tmp_path / "out")
    assert made.output.splitlines()[:3] == [
        "Fastest in the run of a: ck_ht.", "Fastest in the run of b: syncmap.",
        "Too close to call in the run of c: ck_ht and shard_rw_32."]
    assert made.json["agreement"][0]["same_leader"] == 0


def test_a_map_with_wrong_answers_is_not_ranked(tmp_path):
    made = Compared(machine(tmp_path / "a", "aaaaaaaa"),
                    machine(tmp_path / "b", "bbbbbbbb", seed=2,
                            plant={"fail_verify": ("ck_ht",)}), out=tmp_path / "out")
    assert made.status == 3
    assert "Fastest in the run of b: shard_rw_32." in made.output
    assert "b is incomplete: " in made.text and "ck_ht failed verification" in made.text


def test_claims_are_decided_on_each_machine(tmp_path, own):  # noqa: F811
    """syncmap has 43.5 % of the speed of gomap_rw on one machine, and is faster on the other."""
    from report.claims import ledger
    folders = []
    for name, factor in (("a", 0.435 * 0.75), ("b", 1)):
        folders.append(machine(tmp_path / name, name * 8, {"syncmap": factor}, blocks=20,
                               keys=(65536,), mode="claims-quick"))
        change(folders[-1], lambda m: m.update(notes={"claims": ledger.digest(ledger.read())}))
    made = Compared(*folders, out=tmp_path / "out")
    verdicts = {c["id"]: c["verdicts"] for c in made.json["claims"]}
    assert verdicts["S4-01"] == ["reproduced", "refuted"]
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", made.page))
    assert all(f"{name} {' '.join(words)} " in text for name, words in verdicts.items())


def test_a_cell_is_also_at_the_places_that_it_runs_for(tmp_path):
    """On machines without SMT, two placements are the same cell (`same`). The page shows it at both
    places."""
    folders = [machine(tmp_path / name, ident, seed=i)
               for i, (name, ident) in enumerate((("a", "aaaaaaaa"), ("b", "bbbbbbbb")))]
    for folder in folders:
        change(folder, lambda m: m.update(same=[
            {"id": c["id"].replace("/cores/", "/smt/"), "as": c["id"]}
            for c in m["cells"] if c["measure"] == "throughput"]))
    made = Compared(*folders, out=tmp_path / "out")
    assert {p["placement"] for p in made.json["places"]} == {"cores", "smt"}
    assert len(made.json["places"]) == 8


# ---- versions -------------------------------------------------------------

SMALL = dict(maps=("gomap_rw", "syncmap", "ck_ht"), threads=(2,), keys=(65536,), blocks=8)


def days(parent, count, commit, first, drift, factors=None):
    """Makes `count` runs of one version. In each run, drift() gives the speed of every map on the
    machine."""
    folders = []
    for i in range(count):
        by_map = {m: drift(m, first + i) * (factors or {}).get(m, 1) for m in SMALL["maps"]}
        folders.append(machine(parent / f"{commit[:2]}{i}", factors=by_map, seed=first + i,
                               day=first + i, commit=commit, **SMALL))
    return folders


def test_one_run_of_each_version_has_no_verdict(tmp_path):
    """The interval of two runs does not cover day-to-day changes."""
    made = Compared(*days(tmp_path, 1, "0000000", 10, lambda m, day: 1),
                    *days(tmp_path, 1, "1111111", 20, lambda m, day: 1, {"syncmap": 0.8}),
                    out=tmp_path / "out")
    assert made.status == 0, made.error
    [version] = made.json["versions"]
    assert version["enough"] is False and "commit 1111111" in version["differs"]
    for c in version["changes"]:
        assert (c["verdict"], c["reason"]) == (None, "one run each")
    change_of = {c["map"]: c["ratio"] for c in version["changes"]}
    assert change_of["syncmap"]["value"] == pytest.approx(0.8, rel=0.02)
    assert change_of["syncmap"]["low"] < 0.8 < change_of["syncmap"]["high"]
    assert "some runs have no installation" in made.text
    assert "One run each: no verdict" in made.text and "one run each" in made.text
    assert not re.search("faster|slower", made.text.partition("Comparison of versions")[2])
    assert re.search(r"  syncmap: 0\.\d+ \[.*\] times as fast \(one run each\); ", made.output)


def test_versions_without_a_common_cell_are_not_compared(tmp_path):
    one, two = (days(tmp_path, 1, commit, 10, lambda m, day: 1)[0]
                for commit in ("0000000", "1111111"))
    change(two, lambda m: [c.update(skip="x") for c in m["cells"]])
    lines(two, lambda text: [])
    made = Compared(one, two, out=tmp_path / "out")
    assert made.status == 3
    assert "Nothing could be compared: no cell has a result in both versions." in made.output


@pytest.mark.parametrize("sd", [0.003, 0.2])
def test_six_runs_of_each_version_have_verdicts_of_runs(tmp_path, sd):
    """The same change of 20 % is decided if days differ by 0.3 %, but not if days differ by 20 %,
    however narrow the interval of each run is."""
    import random
    rng = random.Random(3)
    draws = {}

    def drift(name, day):
        return draws.setdefault((name, day), rng.lognormvariate(0, sd))
    made = Compared(*days(tmp_path, 6, "0000000", 1, drift),
                    *days(tmp_path, 6, "1111111", 11, drift, {"syncmap": 0.8}),
                    out=tmp_path / "out")
    [version] = made.json["versions"]
    assert version["enough"] and len(version["then"]) == len(version["now"]) == 6
    verdicts = {c["map"]: c["verdict"] for c in version["changes"]}
    if sd < 0.1:
        assert verdicts == {"syncmap": "slower", "gomap_rw": "equivalent", "ck_ht": "equivalent"}
        assert re.search(r"  syncmap: slower, 0\.\d+ \[.*\] times as fast; ", made.output)
    else:
        assert set(verdicts.values()) == {"undecided"}


# ---- members of the comparison --------------------------------------------

def lines(folder, edit):
    file = folder / "trials.jsonl"
    file.write_bytes(b"".join(edit(file.read_bytes().splitlines(True))))


def other_binary(folder):
    """Half of the lines are from another build. Each line by itself is valid."""
    file = folder / "trials.jsonl"
    trials = [json.loads(line) for line in file.read_text().splitlines()]
    for i, t in enumerate(trials):
        t["binary_sha256"] = ("ab" if i % 2 else "cd") * 32
    file.write_text("".join(json.dumps(t) + "\n" for t in trials))
    change(folder, lambda m: m["build"].update(binary_sha256="ab" * 32))
    seal(folder)


def flipped(folder):
    file = folder / "trials.jsonl"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def twice_in_one(folder):
    """A line has a member twice; its checksum is correct."""
    def edit(text):
        body = text[5].partition(b',"crc32"')[0] + b',"block": 7'
        text[5] = body + f',"crc32":"{hashes.crc32(body)}"}}\n'.encode()
        return text
    lines(folder, edit)


def other_id(folder):
    file = folder / "campaign.json"
    file.write_text(file.read_text().replace("bbbbbbbb", "dddddddd"))


REFUSED = {
    "pooled builds": (other_binary, "pooled builds: block"),
    "journals of two campaigns in one": (
        lambda f: lines(f, lambda t: t + t[4:6]), "a duplicate"),
    "one member twice": (twice_in_one, "occurs twice"),
    "a flipped bit": (flipped, "damaged, its crc32"),
    "another machine's id": (other_id, "damaged, sha256"),
    "lines of another plan": (lambda f: change(f, lambda m: m.update(cells=m["cells"][:-1])),
                              "not in the plan"),
    "another workload": (lambda f: change(f, lambda m: m["workloads"][0].update(text="keys = 7")),
                         "another plan: uniform-97-3: keys = 7 instead of default"),
    "another window": (lambda f: change(f, lambda m: [c.update(window_ns=5) for c in m["cells"]]),
                       "another plan: window_ns of"),
    "another mode": (lambda f: change(f, lambda m: m.update(mode="full")),
                     "another plan: mode full instead of smoke"),
    "measured": (lambda f: change(f, lambda m: m.pop("synthetic")),
                 "another plan: synthetic no, expected yes"),
    "another protocol": (lambda f: change(f, lambda m: m.update(protocol=3)),
                         "protocol 3, expected 2"),
    "another version elsewhere": (lambda f: change(f, lambda m: m["build"].update(
        commit="2222222")), "commit 2222222 instead of 0000000"),
    "no campaign": (lambda f: (f / "campaign.json").unlink(),
                    "expected the folder of a campaign"),
}


@pytest.fixture(scope="module")
def trio(tmp_path_factory):
    """Writes three valid campaigns, which tests copy and change."""
    folder = tmp_path_factory.mktemp("trio")
    for seed, name in enumerate(("sound", "spoilt", "third")):
        machine(folder / name, "abc"[seed] * 8, seed=seed, **SMALL)
    return folder


def with_spoilt(trio, tmp_path, edit):
    shutil.copytree(trio, tmp_path / "trio")
    edit(tmp_path / "trio/spoilt")
    return Compared(*(tmp_path / "trio" / n for n in ("sound", "spoilt", "third")),
                    out=tmp_path / "out")


@pytest.mark.parametrize("name", REFUSED)
def test_campaigns_that_do_not_belong_are_refused_by_name(trio, tmp_path, name):
    edit, why = REFUSED[name]
    made = with_spoilt(trio, tmp_path, edit)
    assert made.status == 3 and not made.json["complete"]
    [absent] = made.json["absent"]
    assert (absent["label"], absent["state"]) == ("spoilt", "refused")
    assert why in absent["reason"] and str(tmp_path) not in made.page
    assert "spoilt is refused: " in made.text and "spoilt is refused: " in made.output
    assert [m["label"] for m in made.json["machines"]] == ["sound", "third"]


@pytest.mark.parametrize("edit, why", [
    (lambda t: t[:20], "trials not run yet"), (lambda t: [*t[:20], t[20][:40]], "torn last line"),
    (lambda t: [], "27 trials not run yet")])
def test_a_truncated_journal_is_incomplete(trio, tmp_path, edit, why):
    made = with_spoilt(trio, tmp_path, lambda f: lines(f, edit))
    assert made.status == 3
    assert "spoilt is incomplete: " in made.text and why in made.text


def test_machines_without_any_result(trio, tmp_path):
    shutil.copytree(trio, tmp_path / "trio")
    folders = [tmp_path / "trio" / n for n in ("sound", "spoilt")]
    for folder in folders:
        lines(folder, lambda t: [])
    made = Compared(*folders, out=tmp_path / "out")
    assert made.status == 3 and made.json["headline"] is None
    assert "No place was measured in two campaigns" in made.text
    assert "No map is recommended in both runs." in made.output


@pytest.mark.parametrize("writes, shown", [(0.03, False), (0.1, True)])
def test_two_plans_of_one_machine_are_compared(tmp_path, writes, shown):
    """The output names the lines that differ. The order of maps is compared if the places differ in
    one factor, but the variation between machines is not estimated."""
    def edit(share):
        def edited(meta):
            meta["machine"]["facts"]["installation"] = {"status": "ok", "text": "1234"}
            meta["workloads"][0]["text"] = f"keys = 64Ki\nwrites = {share}\n"
        return edited
    folders = [machine(tmp_path / name, seed=seed, edit=edit(share), shares=(share,),
                       **SMALL)
               for seed, (name, share) in enumerate((("one", 0.03), ("two", writes)))]
    made = Compared(*folders, out=tmp_path / "out")
    assert made.status == 0, made.error
    assert ("one: uniform-97-3: 97" in made.text) is shown, "whose conditions the header has"
    line = f"two differs from one: uniform-97-3: writes = {writes} instead of 0.03"
    assert (line in made.text, line in made.output) == (shown, shown)
    assert made.json["one_machine"] and bool(made.json["twins"]) is not shown
    assert "two runs of this machine decide" in made.output
    assert len(made.json["places"]) == 1 and made.json["headline"] == 0


def test_the_same_campaign_counts_once(trio, tmp_path):
    shutil.copytree(trio / "sound", tmp_path / "copy")
    made = Compared(trio / "sound", tmp_path / "copy", trio / "third", out=tmp_path / "out")
    assert made.json["absent"] == [{"label": "copy", "state": "refused", "reason":
                                    "the same campaign as sound, which is compared only once"}]
    alone = Compared(trio / "sound", tmp_path / "copy", out=tmp_path / "none")
    assert alone.status == 2 and "1 of 2 campaigns can be compared" in alone.error \
        and "name another one" in alone.error
    assert not (tmp_path / "none").exists()


def test_a_fleet_reports_each_requested_machine(trio, tmp_path):
    folder = tmp_path / "fleet"
    shutil.copytree(trio, folder)
    fleet(folder, {"sound": ("complete", None), "spoilt": ("complete", None),
                   "third": ("interrupted", "time limit"),
                   "d": ("missing", "no route to host"), "e": ("left out", "off by 9 %")})
    made = Compared(folder, out=folder)
    assert made.status == 3 and made.json["wanted"] == 5
    for text in ("d is missing: no route to host", "e is missing: left out: off by 9 %",
                 "third is incomplete: its fleet reports it as interrupted: time limit"):
        assert text in made.text and text in made.output
    assert [m["node"] for m in made.json["machines"]] == ["sound", "spoilt", "third"]


@pytest.mark.parametrize("entry", [{"folder": ""}, {"folder": ".."}, {"folder": "a/b"},
                                   {"folder": None}, {"name": 7}, {"state": None}])
def test_a_machine_of_a_fleet_has_a_folder_below_it(tmp_path, entry):
    fleet(tmp_path, {"n": ("complete", None)})
    file = tmp_path / "fleet.json"
    contents = json.loads(file.read_text())
    contents["machines"][0] |= entry
    file.write_text(json.dumps(contents))
    made = Compared(tmp_path)
    assert made.status == 2 and "fleet.json" in made.error
    file.write_text('{"format": 2, "kind": "fleet", "machines": []}')
    assert "expected format 1" in Compared(tmp_path).error
    file.write_text('{"format": 1, "kind": "fleet", "machines": [],"crc32":"00000000"}')
    assert "fleet.json: damaged" in Compared(tmp_path).error


def test_claims_in_stages_are_their_first_stage(trio, tmp_path):
    staged = tmp_path / "staged"
    shutil.copytree(trio / "sound", staged / "stage-01")
    (staged / "stages.json").write_text('{"kind": "claims"}')
    made = Compared(staged, trio / "third", out=tmp_path / "out")
    assert made.status == 0 and made.json["machines"][0]["label"] == "staged"
    (staged / "stages.json").write_text('{"kind": "crossover"}')
    made = Compared(staged, trio / "third", out=tmp_path / "none")
    assert made.status == 2 and "a search in stages" in made.error


def test_a_page_is_not_written_into_a_campaign(trio, tmp_path):
    made = Compared(trio / "sound", trio / "third", out=trio / "sound")
    assert made.status == 2 and "choose another folder" in made.error
    assert not (trio / "sound/report").exists()


def test_labels_are_unique(tmp_path):
    for place in ("x", "y"):
        (tmp_path / place / "smoke").mkdir(parents=True)
    found = gather.listed([tmp_path / "x/smoke", tmp_path / "y/smoke", tmp_path / "y/smoke",
                           tmp_path / "x"])
    assert [entry.label for entry in found] == ["x/smoke", "y/smoke", "y/smoke (2)", "x"]


def test_a_measured_campaign_without_checksums_is_marked(trio, tmp_path):
    shutil.copytree(trio, tmp_path / "trio")
    folders = [tmp_path / "trio" / n for n in ("sound", "third")]
    for folder in folders:
        change(folder, lambda m: m.pop("synthetic"))
    file = folders[1] / "campaign.json"
    meta = json.loads(file.read_text())
    file.write_text(json.dumps({k: v for k, v in meta.items()
                                if k not in ("line_checksum", "sha256")}))
    made = Compared(*folders, out=tmp_path / "out")
    assert made.status == 0
    assert [m["sealed"] for m in made.json["machines"]] == [True, False]
    assert "third has no checksums" in made.text


# ---- the page -------------------------------------------------------------

def test_the_page_is_well_formed_and_reproducible(compared, tmp_path):
    folder, made = compared
    page = Page(made.page)
    assert not page.wrong and not page.stack
    assert len(set(page.ids)) == len(page.ids)
    assert str(folder) not in made.page and "http" not in made.page
    again = Compared(*(folder / m for m in "abc"), out=tmp_path / "again")
    assert again.page == made.page


HOSTILE = "<script>alert(1)</script>"


def test_hostile_names_are_only_text(tmp_path):
    """Maps, folders, CPUs, workloads, commits and reasons may contain markup and line breaks."""
    name, label = 'a"b<i>', "<img src=x onerror=alert(1)>\n\x1b[31m"
    spec = dict(maps=(name, "gomap_rw", "syncmap"), threads=(2,), keys=(65536,),
                workload=HOSTILE.replace("/", "|"))
    speed = speeds({}, 1)

    def mops(cell, block):
        return speed(cell | {"map": "ck_ht"} if cell["map"] == name else cell, block)

    def edit(meta):
        meta["machine"]["facts"]["cpu_name"]["text"] = HOSTILE
        meta["build"]["commit"] = HOSTILE
    folders = [machine(tmp_path / label, "aaaaaaaa", plant={"mops": mops}, edit=edit, **spec),
               machine(tmp_path / "b", "bbbbbbbb", plant={"mops": mops}, edit=edit, **spec)]
    lines(folders[1], lambda t: t[:-1])
    made = Compared(*folders, tmp_path / HOSTILE.replace("/", "|"), out=tmp_path / "out")
    page = made.page
    assert made.status == 3
    assert "<script" not in page and "<img" not in page and "<i>" not in page
    assert not Page(page).wrong and not Page(page).stack
    assert "&lt;script&gt;" in page and f"Fastest in both runs: {name}." in made.text
    assert all(line.split(":")[0] for line in made.output.splitlines())
    assert "\x1b" not in made.output
