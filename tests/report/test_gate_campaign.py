# SPDX-License-Identifier: Apache-2.0
"""Tests how the folder of a `make regress` campaign leads to a verdict and a page. Also tests the
rules. tests/cli/arms.sh tests the order of trials, and tests/cli/regress.sh uses real programs."""
import contextlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import (CELLS, ROOT, Fake, campaign_of, meta_of,  # noqa: E402
                       put, rows_of, sha, verdicts_of, view_of)
from report import __main__ as report  # noqa: E402
from report.ending import InputError  # noqa: E402
from report.gate import __main__ as command  # noqa: E402
from report.gate import campaign, outputs, page, rules  # noqa: E402
from report.gate.model import Role, Verdict  # noqa: E402


# ---- contrasts ------------------------------------------------------------

@pytest.mark.parametrize("cpus, role", [(1, "advice"), (3, "advice"), (4, "gate")])
def test_two_threads_are_advice_below_four_cpus(cpus, role):
    assert [c.role for c in view_of(cpus=cpus).contrasts if "/t2/" in c.cell] == [Role(role)]


class TwoSlow(Fake):
    def __call__(self, binary, cell, *rest):
        self.slow = {"head": 0.1} if cell["threads"] == 2 else {}
        return super().__call__(binary, cell, *rest)


def test_advice_is_shown_and_decides_nothing():
    v = verdicts_of(TwoSlow())
    assert v.verdict == Verdict.PASS and v.advice[0].verdict == Verdict.FAIL
    assert "advice only, shard_rw_32 t2" in outputs.table(v)
    suite = ElementTree.fromstring(outputs.junit(v))[0]
    assert suite.get("failures") == suite.get("errors") == "0"
    assert suite.find("testcase/skipped").get("message").startswith("FAIL")
    assert outputs.annotations(v) == []


def changed(**members):
    meta = meta_of()
    for path, value in members.items():
        meta[path] = value
    return meta


def refused(meta, words, **how):
    with pytest.raises(InputError, match=words):
        campaign_of(meta, **how)


def test_a_workload_has_base_and_one_other_arm():
    meta = meta_of()
    meta["arms"][1]["name"] = "other"
    refused(meta, "no arm head")
    meta["arms"].append(dict(meta["arms"][0], name="head"))
    refused(meta, "expected base and one of")
    meta = meta_of(cells=CELLS[:3])
    meta["arms"] = meta["arms"][:2]
    refused(meta, "no arm copy, slow")


@pytest.mark.parametrize("arm, word", [(3, "copy"), (5, "slow")])
def test_controls_are_of_base(arm, word):
    meta = meta_of()
    meta["arms"][arm]["sha256"] = sha("another")
    refused(meta, f"arm {word}.*copy of base")


@pytest.mark.parametrize("repeat", [{"wait_share": 0.2, "most": 3},
                                    {"wait_share": 0.02, "most": 10}])
def test_another_rule_of_repeats_is_refused(repeat):
    meta = meta_of()
    for cell in meta["cells"]:
        cell["repeat"] = {"wait_share": 0.02, "most": 3, "share": 0.5}
    campaign_of(meta)
    meta["cells"][0]["repeat"] |= repeat
    refused(meta, "expected 0.02 and 3")


@pytest.mark.parametrize("change, blocks", [({}, 12), ({"min_pairs": 6}, 40), ({"flips": 100}, 40)])
def test_plans_that_cannot_decide_are_rejected(change, blocks):
    refused(meta_of(blocks=blocks), "cannot decide", **change)


@pytest.mark.parametrize("window_ns, fine", [(999_999, False), (1_000_000, True)])
def test_windows_too_short_for_the_clock_are_refused(window_ns, fine):
    meta = changed(calibration=[{"cell": "c", "arm": "base", "window_ns": window_ns,
                                 "ns_per_op": []}])
    if fine:
        campaign_of(meta)
    else:
        refused(meta, f"window_ns {window_ns}, expected at least 1000000")


def test_rules_changed_since_the_campaign_began_are_refused():
    refused(changed(notes={"rules": "0" * 64}), "have changed")


@pytest.mark.parametrize("path, value, words", [
    (("cells", 0, "threads"), -1, r"cells\[0\].threads: expected 0 to"),
    (("cells", 2, "blocks"), "9", r"cells\[2\].blocks: expected an integer"),
    (("notes", "ref"), 1, "notes.ref: expected text"),
    (("seed",), None, "seed is missing"),
    (("workloads", 0, "text"), None, r"workloads\[0\].text is missing"),
    (("machine", "cpus"), None, "machine.cpus: expected an integer")])
def test_members_of_a_wrong_type_are_reported(tmp_path, path, value, words):
    meta = meta_of()
    place = meta
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(InputError, match=f"campaign.json: {words}"):
        campaign.read(put(tmp_path / "one", rows=[], meta=meta))


# ---- the rules (R26) ------------------------------------------------------

def rules_with(folder, **change):
    path = folder / "rules.json"
    path.write_text(json.dumps({k: v for k, v in (
        json.loads(rules.RULES.read_text()) | change).items() if v is not ...}))
    return rules.load_rules(path)


@pytest.mark.parametrize("change, words", [
    ({"margin": 0}, "margin: 0"), ({"margin": 0.02, "fail_at": 0.02}, "expected margin < fail_at"),
    ({"fail_at": 0.04, "tolerance": 0.03}, "expected margin < fail_at"),
    ({"tolerance": 1}, "tolerance: 1"), ({"alpha": 0.5}, "alpha: 0.5"),
    ({"alpha": "0.01"}, "alpha: '0.01'"), ({"alpha": True}, "alpha: True"),
    ({"alpha": ...}, "'alpha' is a required property"), ({"power": 0.5}, "power: 0.5"),
    ({"doubt": 0.009}, "expected alpha <= doubt"),
    ({"blocks_least": 19}, "expected min_pairs <= blocks_least"), ({"bulk": 1.1}, "bulk: 1.1"),
    ({"calibration_blocks": 2}, "calibration_blocks: 2"), ({"cut": 0.9}, "cut: 0.9"),
    ({"more": 1}, "more")])
def test_invalid_rules_are_rejected(tmp_path, change, words):
    with pytest.raises(InputError, match=f"rules.json: .*{re.escape(words)}"):
        rules_with(tmp_path, **change)


def test_rules_at_their_limits_are_valid_and_required(tmp_path):
    found = rules_with(tmp_path, fail_at=0.03, tolerance=0.03, cut=10)
    assert (found.fail_at, found.cut) == (0.03, 10)
    with pytest.raises(InputError, match="none.json.*without rules"):
        rules.load_rules(tmp_path / "none.json")


# ---- earlier attempts -------------------------------------------------------

def at(hour, name):
    return {"name": name, "created_utc": f"2026-11-20T{hour:02}:00:00.000Z"}


def put_verdict(folder, text):
    (folder / "report" / "verdicts.json").write_text(text)


def test_attempts_are_numbered_by_age_and_arms(tmp_path):
    rows = rows_of(view_of(), Fake())
    for name, hour, verdict in (("late", 9, None), ("first", 7, "FAIL"),
                                ("second", 8, None), ("future", 11, "PASS")):
        put(tmp_path / name, rows=rows, meta=at(hour, name))
        if verdict:
            put_verdict(tmp_path / name, json.dumps({"verdict": verdict}))
    put(tmp_path / "other", rows=rows, meta=at(6, "other"), head_extra=0.02)
    view, _ = campaign.read(tmp_path / "late")
    assert [(e.attempt, e.verdict, e.name) for e in view.earlier] == [
        (1, "FAIL", "first"), (2, "no verdict", "second")]


@pytest.mark.parametrize("text", [
    "[]", '"PASS"', '{"verdict": ["PASS"]}', '{"verdict": null}',
    '{"verdict": "<img onerror=1>"}', "[" * 99999])
def test_the_verdict_file_of_another_run_may_be_anything(tmp_path, text):
    rows = rows_of(view_of(), Fake())
    for name, hour in (("first", 7), ("late", 8)):
        put(tmp_path / name, rows=rows, meta=at(hour, name))
    put_verdict(tmp_path / "first", text)
    assert campaign.read(tmp_path / "late")[0].earlier[0].verdict == "no verdict"


def test_a_run_with_more_blocks_is_another_attempt(tmp_path):
    """The noise of base sets the number of blocks, which therefore differs between attempts."""
    for name, hour, blocks in (("first", 7, 40), ("late", 8, 53)):
        put(tmp_path / name, rows=rows_of(view_of(blocks=blocks), Fake()),
            meta=at(hour, name), blocks=blocks)
    view, _ = campaign.read(tmp_path / "late")
    first, _ = campaign.read(tmp_path / "first")
    assert len(view.earlier) == 1 and first.plan_sha256 == view.plan_sha256, "one history"
    meta = meta_of()
    meta["workloads"][0]["text"] += "keys = 1024\n"
    assert campaign_of(meta).plan_sha256 != view.plan_sha256


# ---- incomplete folders -------------------------------------------------------

@pytest.mark.parametrize("extra, fine", [((), False), (("base",), False),
                                         (("base", "head"), True)])
def test_a_pending_repeat_of_the_last_block_is_required(tmp_path, extra, fine):
    """All first attempts of a block run before its repeats. If the process is killed between
    repeats, base has one attempt and head two."""
    meta = meta_of()
    for cell in meta["cells"]:
        cell["repeat"] = {"wait_share": 0.02, "most": 3, "share": 0.5}
    meta["order"] = [list(range(len(meta["cells"]) - 1))] * 40
    rows = rows_of(view_of(), Fake())
    pair = {row["arm"]: row for row in rows
            if row["cell"] == meta["cells"][0]["id"] and row["block"] == 39}
    again = [dict(pair[arm], attempt=2) for arm in extra]
    pair["head"]["disturbed"] = "others took 9 %"
    folder = put(tmp_path / "one", meta=meta, rows=[dict(row, attempt=1) for row in rows] + again)
    with contextlib.nullcontext() if fine else pytest.raises(
            InputError, match="measured again.*resum"):
        assert len(campaign.read(folder)[1]) == len(rows)


def run(folder):
    """Runs the command in this process, because imports take half of its time."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = command.main([str(folder)])
    return subprocess.CompletedProcess((), status, out.getvalue(), err.getvalue())


@pytest.mark.parametrize("spoil, words", [
    (lambda text: b"".join(text.splitlines(True)[:-5]), "interrupted in block 39.*--resume"),
    (lambda text: text[:-9], "interrupted"),
    (lambda text: text.replace(b'"slot"', b'"s1ot"', 1), "trials.jsonl: .* block 0: lacks slot"),
    (lambda text: text.replace(b'"ops"', b'"0ps"', 1), "trials.jsonl: .* block 0: lacks ops"),
    (lambda text: text.replace(b'"block": 0', b'"block": 77', 1), "block 77: not in the plan")])
def test_torn_journals_and_other_plans_have_no_verdict(tmp_path, spoil, words):
    folder = put(tmp_path / "cut")
    file = folder / "trials.jsonl"
    file.write_bytes(spoil(file.read_bytes()))
    done = run(folder)
    assert done.returncode == 2 and re.search(words, done.stderr), done.stderr
    assert not (folder / "report" / "verdicts.json").exists()


# ---- the command ----------------------------------------------------------------

@pytest.mark.parametrize("fake, more, status, verdict", [
    (Fake(), {}, 0, "PASS"), (Fake(), {"head_extra": 0.03}, 1, "FAIL"),
    (Fake(noise=0.08), {}, 3, "INVALID")])
def test_the_exit_status_follows_the_verdict(tmp_path, fake, more, status, verdict):
    done = run(put(tmp_path / "run", fake, **more))
    assert done.returncode == status and f"verdict: {verdict}" in done.stdout, done
    found = json.loads((tmp_path / "run/report/verdicts.json").read_text())
    assert found["verdict"] == verdict and len(found["plan_sha256"]) == 64
    assert found["arms"]["head"]["sha256"] == sha("head")
    assert found["cells"][0]["slowdown_percent"] is not None
    again = command.decide(*campaign.read(tmp_path / "run"))
    for name, form in outputs.FILES.items():
        assert (tmp_path / "run/report" / name).read_text() == form(again)


def test_each_verdict_adds_one_line_to_the_history(tmp_path):
    same = put(tmp_path / "same")
    run(same)
    run(put(tmp_path / "slow", head_extra=0.03))
    history = tmp_path / "history.jsonl"
    before = history.read_bytes()
    assert run(same).returncode == 0 and history.read_bytes() == before
    assert [json.loads(line)["verdict"] for line in before.splitlines()] == ["PASS", "FAIL"]
    history.write_bytes(before[:-30])
    torn = run(put(tmp_path / "next", Fake(seed=2)))
    assert "history.jsonl:2: torn or damaged" in torn.stderr
    assert torn.returncode == 0 and len(history.read_bytes()) > len(before)


def test_an_unwritable_history_is_reported_in_one_line(tmp_path):
    folder = put(tmp_path / "same")
    (tmp_path / "history.jsonl").mkdir()
    done = run(folder)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "history.jsonl" in done.stderr


def test_pipelines_get_annotations_and_a_summary_or_one_line(tmp_path):
    folder = put(tmp_path / "run", Fake(slow={"head": 0.05}))
    def go(summary):
        return subprocess.run(
            [sys.executable, "-m", "report", "regress", folder], cwd=ROOT, text=True,
            capture_output=True, env=dict(os.environ, GITHUB_ACTIONS="true",
                                          GITHUB_STEP_SUMMARY=str(tmp_path / summary)))
    done = go("summary")
    assert done.returncode == 1 and "::error title=Readmostly FAIL::" in done.stdout
    assert (tmp_path / "summary").read_text() == (folder / "report/gate.md").read_text()
    done = go("none/summary")
    assert done.returncode == 2 and "none/summary" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_folder_is_status_2(tmp_path, capsys):
    assert report.main(["regress", str(tmp_path / "none")]) == 2
    assert report.main(["regress"]) == 2


# ---- the page ---------------------------------------------------------------------

def test_the_page_has_the_verdict_and_each_row_and_escapes_text():
    dies = Fake(fail={"head": ("failed", "0", "wrong <answer> & more")})
    view = replace(campaign_of(meta_of(dies)), arms=())
    v = verdicts_of(dies)
    text = page.page(view, v, [], ["<b>torn</b>"])
    assert "<answer>" not in text and "wrong &lt;answer&gt; &amp; more" in text
    assert "<b>torn" not in text
    cells = re.findall(r'<tr class="(\w+)">\s*<td>([^<]*)</td>', text)
    assert cells == [(r.verdict.value, outputs.title_of(r)) for r in v.rows]
    claim = re.search(r'id="claim"[^>]*>(.*?)</p>', text, re.S)[1]
    assert claim.strip().startswith("FAIL: head compared with base: gomap_rw t1: head in block")


def test_bars_are_at_the_position_of_their_figures():
    """The axis ends at the end of the widest interval, but at most at 12 %."""
    for slow, cut in ((0.03, False), (0.4, True)):
        v = verdicts_of(Fake(slow={"head": slow}))
        axis = page.axis_of(v)
        row = v.cells[0]
        bar = axis.bar(row)
        assert bar.cut == cut
        assert bar.high == (page.WIDTH if cut else pytest.approx(
            (row.shown.high_percent - axis.low) / (axis.high - axis.low) * page.WIDTH, abs=0.1))
        assert axis.high == (12.0 if cut else max(
            r.shown.high_percent for r in v.rows)) and axis.at(axis.low) == 0
