# SPDX-License-Identifier: Apache-2.0
"""Campaigns with little, broken or wrong data: what the page says then."""
import json
import re

import pytest
from report_helpers import FEW, Built, Page, build, edit, make_journal

from report.journal import JournalError, read


def whole(built):
    """What holds for every page, however little it has to tell."""
    page = Page(built.page)
    assert built.error == ""
    assert page.wrong == [] and page.stack == [] and page.aimless() == []
    assert len(page.ids) == len(set(page.ids))
    assert "http" not in re.sub(r'data:[^"]*', "", built.page)
    assert not re.search(r"\bnan\b|\bNone\b", re.sub(
        r"<script>.*?</script>|base64,[^\"]*", "", built.page, flags=re.S))
    for key in ("answer", "scaling", "ratio", "latency", "cache", "causes", "memory",
                "claims", "validity", "machine", "machines", "regression",
                "limits", "artefacts"):
        assert f'<section id="{key}"' in built.page, key
    rows = {r["cell"]: r for r in built.rows("tables/cells.csv")}
    planned = read(built.folder).cells
    assert set(rows) == set(planned)
    assert all(r["reason"] for r in rows.values()
               if r["state"] != "measured")
    assert built.said[-1] == f"report: {built.out / 'index.html'}"
    assert built.said[-2].startswith("status: ")
    return page


@pytest.mark.parametrize("found", [None, 1, 3])
def test_a_campaign_of_another_protocol_is_refused(tmp_path, found):
    make_journal.make(tmp_path, maps=FEW, threads=(1,), keys=(1000,))
    file = tmp_path / "campaign.json"
    meta = json.loads(file.read_text())
    meta["protocol"] = found
    if found is None:
        del meta["protocol"]
    file.write_text(json.dumps(meta))
    with pytest.raises(JournalError) as refusal:
        read(tmp_path)
    assert str(refusal.value).startswith(
        f"{file}: protocol {found or 1}, expected 2: ")
    assert "measure again" in str(refusal.value)


def twinned(folder, change):
    """A small campaign whose first cell runs for another one, too, with what
    that is called changed: (its file, the cell's id)."""
    make_journal.make(folder, maps=FEW, threads=(1,), keys=(1000,))
    file = folder / "campaign.json"
    meta = json.loads(file.read_text())
    ran = meta["cells"][0]["id"]
    meta["same"] = [change({"id": ran.replace(
        "uniform-97-3/", "twin/").replace("/cores/", "/compact/bind:1/"),
        "as": ran})]
    file.write_text(json.dumps(meta))
    return file, ran


def test_a_run_of_the_gate_is_refused_and_keeps_its_page(tmp_path):
    """`make report` takes the newest folder: it would say that the controls
    were not run yet, and put its own words over the verdict."""
    make_journal.make(tmp_path, maps=FEW, threads=(1,), keys=(1000,))
    file = tmp_path / "campaign.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"arms": [
        {"name": "base", "workload": None},
        {"name": "copy", "workload": "regress-aa"}]}))
    built = Built(tmp_path)
    assert built.status == 2 and built.error == (
        f"report: {tmp_path}: expected a campaign; this is a run of make "
        "regress, whose own page `python3 -m report regress DIR` makes\n")
    assert not built.out.exists()


def test_a_cell_is_known_by_what_else_it_ran_for(tmp_path):
    _, ran = twinned(tmp_path, lambda pair: pair)
    cells = read(tmp_path).cells
    assert [[name.workload, name.placement, name.memory]
            for name in cells[ran].known_as()] == [
        ["uniform-97-3", "cores", "first-touch"], ["twin", "compact", "bind:1"]]
    assert all(c.known_as() == [c] for c in cells.values() if c.id != ran)


@pytest.mark.parametrize("change", [
    lambda pair: pair | {"as": "no such cell"}, lambda pair: {"id": pair["id"]},
    lambda pair: pair | {"as": []}, lambda pair: pair | {"id": "twin"}])
def test_another_name_of_no_cell_is_refused(tmp_path, change):
    file, _ = twinned(tmp_path, change)
    with pytest.raises(JournalError) as refusal:
        read(tmp_path)
    assert str(refusal.value).startswith(f"{file}: same[0] ")


def unranked(built):
    """No ranking anywhere: page, terminal, files for programs."""
    assert built.verdicts["decisions"] == [] or all(
        d["word"] == "not ranked" for d in built.verdicts["decisions"])


def test_failed_control_replaces_the_answer(tmp_path):
    built = build(tmp_path, plant={"control": "fail"})
    whole(built)
    assert not (built.out / "tables" / "decision.md").exists()
    assert not (built.out / "tables" / "ranking.csv").exists()
    assert built.verdicts["valid"] is False
    assert built.verdicts["decisions"] == []
    # fields without hue: no family tint in the flip map
    fields = re.findall(r'<div class="panel".*?</svg>', built.section(
        "answer"), re.S)
    assert fields and not any(re.search(
        r"--(lock|sync|shard|rcu|free)-\d", f) for f in fields)
    assert "INVALID" in built.said[-2]
    unranked(built)


def test_of_a_failed_control_no_file_and_no_drawing_has_a_word(tmp_path):
    """Ratios stay, as what was measured; nobody is in front by them."""
    built = build(tmp_path, plant={"control": "fail"})
    assert not (built.out / "figures" / "winner.csv").exists()
    for file, key in (("flip", "side"), ("forest", "verdict")):
        words_ = {r[key] for r in built.rows(f"figures/{file}.csv")
                  if r["low"]}
        assert words_ == {"a control failed"}, file


def test_slot_effect_is_a_control(tmp_path):
    """Whoever runs late in its block is 3 % slower: INVALID."""
    make_journal.make(tmp_path, maps=FEW, threads=(1, 2), keys=(65536,),
                      kinds=("update",))
    meta = json.loads((tmp_path / "campaign.json").read_text())
    late = {(meta["cells"][i]["id"], b)
            for b, order in enumerate(meta["order"])
            for i in order[len(order) // 2:]}

    def slow(trial):
        if trial["result"] and (trial["cell"], trial["block"]) in late:
            trial["result"]["ops"] = round(trial["result"]["ops"] * 0.97)
        return trial

    edit(tmp_path, slow)
    told = Built(tmp_path).verdicts
    assert told["valid"] is False
    assert [c["name"][:4] for c in told["controls"]
            if c["word"] == "FAILED"] == ["slot"]


def test_map_with_wrong_answers_is_named_and_left_out(tmp_path):
    built = build(tmp_path, plant={"fail_verify": ("urcu_lfht",)})
    whole(built)
    assert built.status == 3, "its cells have no result"
    for d in built.verdicts["decisions"]:
        assert "urcu_lfht" not in (d["leader"], *(r["map"] for r in
                                                  d["rivals"]))
        assert d["maps"] == 3, "the others stay ranked"


def wrong_once(folder, name):
    """A map with a wrong answer in one timed trial; all others count."""
    make_journal.make(folder, maps=FEW, threads=(1, 2), keys=(65536,),
                      kinds=("update",))

    def break_one(trial):
        if f"/{name}/" in trial["cell"] and trial["block"] == 4 and \
                trial["cell"].endswith("t2/cores/throughput"):
            trial["status"] = trial["result"]["status"] = "failed"
            trial["reason"] = "sums unequal"
            trial["result"]["verification"] |= {
                "status": "failed", "reason": "sums unequal"}
        return trial

    edit(folder, break_one)
    return Built(folder)


def test_wrong_answer_in_a_timed_trial_counts_too(tmp_path):
    """Nine of ten right trials of the fastest map do not save it, nor do they
    make a ratio of it."""
    built = wrong_once(tmp_path, "urcu_lfht")
    assert built.verdicts["failed_maps"] == {"urcu_lfht": "sums unequal"}
    assert built.verdicts["decisions"]
    for d in built.verdicts["decisions"]:
        assert "urcu_lfht" not in (d["leader"], *(r["map"] for r in
                                                  d["rivals"]))
    rows = [r for r in built.rows("figures/forest.csv")
            if r["map"] == "urcu_lfht"]
    assert {(r["ratio"], r["verdict"], r["why"]) for r in rows} == {
        ("", "failed verification", "failed verification: sums unequal")}
    assert "urcu_lfht" not in {r["map"] for r in built.rows(
        "figures/efficiency.csv")}
    gains = {r["gain"]: r["gain_why"] for r in built.rows(
        "figures/scaling.csv") if (r["map"], r["threads"]) == (
            "urcu_lfht", "2")}
    assert gains == {"": "failed verification"}


def test_nothing_is_set_against_a_base_with_wrong_answers(tmp_path):
    """The plan names the base, so that it stays; nobody leads against it."""
    built = wrong_once(tmp_path, "gomap_rw")
    assert built.verdicts["base"] == "gomap_rw"
    assert not any("gomap_rw" in text for text in built.verdicts["claim"])
    why = "gomap_rw: failed verification: sums unequal"
    for row in built.rows("figures/flip.csv"):
        assert (row["ratio"], row["side"], row["why"]) == (
            "", "no interval", why)
    assert {(r["ratio"], r["verdict"], r["why"])
            for r in built.rows("figures/forest.csv")} == {
        ("", "failed verification", why)}


@pytest.mark.parametrize("blocks", [1, 5])
def test_few_blocks_rank_nothing(tmp_path, blocks):
    built = build(tmp_path, blocks=blocks)
    whole(built)
    unranked(built)
    assert built.status == 0
    assert all(r["low"] == "" and r["high"] == ""
               for r in built.rows("figures/flip.csv"))


@pytest.mark.parametrize("maps,blocks", [(FEW[2:4], 6), (FEW, 8)])
def test_so_many_blocks_are_enough(tmp_path, maps, blocks):
    """Six for two ranked maps; four of FEW are ranked, and need eight."""
    top = build(tmp_path, maps=maps, blocks=blocks).verdicts["decisions"][0]
    assert (top["n"], top["needs"]) == (blocks, blocks)
    assert all(r["group_low"] is not None for r in top["rivals"])


def test_interrupted_campaign(tmp_path):
    built = build(tmp_path, plant={"keep": 10, "torn": True})
    whole(built)
    assert built.status == 3
    done = sum(r["state"] == "measured"
               for r in built.rows("tables/cells.csv"))
    planned = len(read(tmp_path).planned)
    assert done < planned
    assert "resumable" in built.said[-2]
    assert built.said[-2][9:] in built.page.lower()


def test_empty_journal(tmp_path):
    built = build(tmp_path, plant={"keep": 0})
    whole(built)
    assert built.status == 3
    unranked(built)


def test_journal_missing_altogether(tmp_path):
    make_journal.make(tmp_path, maps=FEW, threads=(1,))
    (tmp_path / "trials.jsonl").unlink()
    built = Built(tmp_path)
    assert built.status == 3


def test_every_map_failed(tmp_path):
    built = build(tmp_path, plant={"fail_verify": FEW})
    whole(built)
    assert built.status == 3


def test_crashed_map_keeps_its_place(tmp_path):
    built = build(tmp_path, plant={"crash": ("snapshot",)})
    whole(built)
    assert built.status == 3
    rows = [r for r in built.rows("figures/forest.csv")
            if r["map"] == "snapshot"]
    assert rows and all(r["ratio"] == "" and "signal 11" in r["why"]
                        for r in rows)


def test_crashed_base_says_so_in_every_row(tmp_path):
    built = build(tmp_path, plant={"crash": ("gomap_rw",)})
    whole(built)
    rows = built.rows("figures/flip.csv")
    assert rows and all(r["ratio"] == "" and "gomap_rw: signal 11"
                        in r["why"] for r in rows)


def test_trials_without_operations_are_void(tmp_path):
    """A map so slow that nothing finished has no rate, not rate 0."""
    make_journal.make(tmp_path, maps=FEW, threads=(1, 2), keys=(65536,),
                      kinds=("update",))

    def stall(trial):
        if "/snapshot/" in trial["cell"] and trial["result"]:
            trial["result"]["ops"] = 0
        return trial

    edit(tmp_path, stall)
    built = Built(tmp_path)
    whole(built)
    assert built.status == 3


def test_results_with_holes(tmp_path):
    """Optional members that are null cost their figure, not the page."""
    make_journal.make(tmp_path, maps=FEW, threads=(1, 2), keys=(65536,),
                      kinds=("update",), rates=(10000,))

    def hollow(trial):
        if trial["result"]:
            trial["result"] |= dict.fromkeys(
                ("footprint", "stats", "by_thread", "verification", "counters",
                 "latency", "late_starts", "environment", "achieved_write_share",
                 "achieved_miss_share", "misses_resident"))
        return trial | {"steal_ticks": None, "load": None}

    edit(tmp_path, hollow)
    built = Built(tmp_path)
    whole(built)
    assert built.status == 0


def test_void_trials_leave_their_block_out(tmp_path):
    built = build(tmp_path, plant={"void": (("syncmap", 2), ("syncmap", 3))})
    whole(built)
    assert built.status == 0
    rows = built.rows("figures/flip.csv")
    assert {r["n"] for r in rows} == {"8"}


def test_one_thread_count(tmp_path):
    built = build(tmp_path, threads=(1,), shares=(0, 0.03))
    whole(built)


def test_one_map_only(tmp_path):
    built = build(tmp_path, maps=("gomap_rw",))
    whole(built)


@pytest.mark.parametrize("what", ["nothing", "no-json", "file"])
def test_no_campaign_is_status_2(tmp_path, what):
    folder = tmp_path / "c"
    if what == "no-json":
        folder.mkdir()
        (folder / "campaign.json").write_text("{")
    if what == "file":
        folder.write_text("")
    built = Built(folder)
    assert built.status == 2
    assert built.said == []
    assert built.error.startswith("report: ") and built.error.count("\n") == 1
    assert not (folder / "report").exists()


def test_unknown_base_is_status_2(tmp_path):
    make_journal.make(tmp_path, maps=FEW, threads=(1,))
    built = Built(tmp_path, "--base", "no_such")
    assert built.status == 2 and 'no map "no_such"' in built.error


@pytest.mark.parametrize("empty", [{"ops": 0}, {"elapsed_ns": 0}])
def test_a_control_without_operations_is_no_pair(tmp_path, empty):
    """One trial of an arm lost all: the others decide, and no page fails
    for it."""
    make_journal.make(tmp_path, maps=FEW, threads=(2,), keys=(65536,),
                      kinds=("update",), plant={"control": "pass"})
    left = ["one"]

    def change(trial):
        if trial.get("arm", "head") != "head" and left:
            left.pop()
            trial["result"].update(empty)
        return trial

    edit(tmp_path, change)
    built = Built(tmp_path)
    pairs = {c["n"] for c in built.verdicts["controls"]
             if c["name"].startswith(("A/A", "+2"))}
    assert not left and max(pairs) - 1 in pairs
