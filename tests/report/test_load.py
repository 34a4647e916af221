# SPDX-License-Identifier: Apache-2.0
"""Tests report.load with complete, damaged, older and invalid campaigns.

The seed is fixed; DAMAGE=N runs N cases of each kind instead of a few.
"""
import copy
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from seal import sealed

from report import load
from report.decide import result
from report.load import JournalError, histogram, seal, strict_json
from report.load.trial import Status

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
CASES = int(os.environ.get("DAMAGE", "0"))
WORKLOAD = """keys = 1Ki
threads = 1
warm-up = 1ms
window = 2ms
blocks = 2
maps = gomap_rw rwlock_probe
writes = 3%
loop = mix paced
rate = 1k/s
"""
Json = Any


@pytest.fixture(scope="module", name="good")
def play(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs a campaign with the fake trial program."""
    folder = tmp_path_factory.mktemp("load") / "good"
    workload = folder.with_name("tiny.conf")
    workload.write_text(WORKLOAD)
    subprocess.run(
        [READMOSTLY, "run", str(workload), "-o", str(folder), "--counters", "none", "--seed", "7",
         "--note", "text=Größe \x1b \x7f \\u001f \" \u2028 /"], capture_output=True, check=False,
        env=dict(os.environ, RM_TRIAL_PROGRAM=str(BUILD / "tests/fake_trial"), RM_FAKE="=ok"))
    return folder


@pytest.fixture(name="folder")
def copied(good: Path, tmp_path: Path) -> Path:
    shutil.copytree(good, tmp_path / "c")
    return tmp_path / "c"


def lines_of(folder: Path) -> list[Json]:
    return [json.loads(t) for t in (folder / "trials.jsonl").read_text().splitlines()]


def write(folder: Path, meta: Json = None, trials: Json = None) -> None:
    """Writes changed files with valid checksums."""
    if meta is not None:
        if "sha256" in meta:
            meta["plan_sha256"] = seal.plan_sha256(meta)
            meta["sha256"] = seal.campaign_sha256(meta)
        (folder / "campaign.json").write_text(json.dumps(meta))
    if trials is not None:
        (folder / "trials.jsonl").write_text("".join(map(sealed, trials)))


def meta_of(folder: Path) -> Json:
    return json.loads((folder / "campaign.json").read_text())


def refusal(folder: Path) -> str:
    """Returns the line with which a campaign is rejected, or "" if it is accepted."""
    try:
        campaign = load.read(folder)
        for cell in campaign.cells.values():
            for trial in cell.ok:
                for e in (trial.result.latency if trial.result else None) or ():
                    histogram.read(folder, e)
    except JournalError as error:
        assert "\n" not in str(error)
        return str(error)
    return ""


def validate(folder: Path) -> tuple[int, str]:
    """Returns the status and output of `readmostly dev validate`, which is written in C."""
    done = subprocess.run([READMOSTLY, "dev", "validate", str(folder)], capture_output=True,
                          text=True, errors="replace", check=False)
    assert done.returncode in (0, 1, 2), done.stderr
    return done.returncode, done.stdout + done.stderr


# ---- whole files ------------------------------------------------------------------

def test_unchanged_files_are_accepted(folder: Path) -> None:
    """The files include text that JSON libraries print in different ways."""
    assert validate(folder)[0] == 0 and refusal(folder) == ""
    campaign, meta = load.read(folder), meta_of(folder)
    assert campaign.problems == () and campaign.complete and not campaign.missing
    assert "\x1b" in meta["notes"]["text"]
    assert meta["sha256"] == seal.campaign_sha256(meta)
    assert {c.measure for c in campaign.cells.values()} >= {"throughput", "latency", "verify"}
    assert len(campaign.ran) == len(lines_of(folder)) == campaign.trials
    for cell, trial in campaign.ran:
        line = next(t for t in lines_of(folder) if (t["cell"], t["block"]) == (
            trial.cell, trial.block))
        assert trial.result and trial.result.ops == line["result"]["ops"]
        assert cell.id == line["cell"] and trial.wall_ns == line["wall_ns"]
        assert campaign.round_of[cell.id, trial.block] in (0, 1)


@pytest.mark.parametrize("value, text", [
    (0.03, "0.029999999999999999"), (1.0, "1.0"), (1e22, "1e22"), (-0.0, "-0.0"),
    (1e-7, "9.9999999999999995e-8"), (True, "true"), (None, "null"), (7, "7"),
    ("\x1b\n\"\\", '"\\u001B\\n\\"\\\\"'), ({"b": [1], "a": {}}, '{"a":{},"b":[1]}')])
def test_the_canonical_text_is_the_runners(value: object, text: str) -> None:
    assert seal.canonical(value) == text


def test_a_cell_has_the_names_of_cells_that_run_as_it(folder: Path) -> None:
    meta = meta_of(folder)
    ran = next(c["id"] for c in meta["cells"] if c["measure"] == "throughput")
    twin = "twin/" + ran.partition("/")[2].replace("/cores/", "/compact/bind:1/").replace(
        "/auto/", "/compact/bind:1/")
    for pair, fine in (({"id": twin, "as": ran}, True), ({"id": twin, "as": "none"}, False),
                       ({"id": "twin", "as": ran}, False), ({"id": twin}, False),
                       ({"id": twin, "as": []}, False)):
        write(folder, meta | {"same": [pair]})
        if fine:
            names = load.read(folder).cells[ran].known_as
            assert [n.workload for n in names][1:] == ["twin"]
            assert (names[1].placement, names[1].memory) == ("compact", "bind:1")
        else:
            assert f"{folder / 'campaign.json'}: same[0]" in refusal(folder)


# ---- older campaigns --------------------------------------------------------------

def test_campaigns_of_earlier_versions_are_read(folder: Path) -> None:
    """The oldest campaigns have no arms, order, attempts, budget of repeats or checksums."""
    before = load.read(folder)
    meta, trials = meta_of(folder), lines_of(folder)
    for name in ("arms", "order", "same", "line_checksum", "sha256", "estimate_ns"):
        meta.pop(name, None)
    for cell in meta["cells"]:
        cell["repeat"].pop("share")
    for trial in trials:
        for name in ("attempt", "disturbed", "others_share", "crc32", "arm"):
            trial.pop(name, None)
    write(folder, meta)
    (folder / "trials.jsonl").write_text("".join(json.dumps(t) + "\n" for t in trials))
    campaign = load.read(folder)
    assert campaign.problems == () and campaign.rounds == () and campaign.repeats.left == 0
    assert {c.id: c.rates for c in campaign.cells.values()} == {
        c.id: c.rates for c in before.cells.values()}
    assert [a.name for a in campaign.plan.arms] == ["head"]
    del meta["cells"][0]["repeat"]
    write(folder, meta)
    assert refusal(folder) == ""


@pytest.mark.parametrize("protocol", [None, 1, 3])
def test_another_protocol_is_refused(folder: Path, protocol: int | None) -> None:
    meta = meta_of(folder) | {"protocol": protocol}
    if protocol is None:
        del meta["protocol"]
    write(folder, meta)
    assert refusal(folder).startswith(
        f"{folder / 'campaign.json'}: protocol {protocol or 1}, expected 2: ")


# ---- wrong members ----------------------------------------------------------------

@pytest.mark.parametrize("way, value, error", [
    (("cells", 0, "keys"), "1", "cells[0].keys: expected"),
    (("cells", 0, "blocks"), -1, "cells[0].blocks: expected 0 to 2^64"),
    (("cells", 0, "rate_per_s"), True, "cells[0].rate_per_s: expected"),
    (("cells", 1, "map"), ..., "cells[1].map: expected a value, but it is missing"),
    (("cells", 1, "cpus"), ["0"], "cells[1].cpus[0]: expected an integer"),
    (("cells", 1, "map"), "no_such", "cells of maps without a description: no_such"),
    (("order",), 5, "order: expected a list"), (("arms",), 5, "arms: expected a list"),
    (("machine", "cpus"), "x", "machine.cpus: expected an integer"),
    (("maps", 0, "id"), None, "maps[0].id: expected text"),
    (("format",), 2, "format 2, expected 1: ")])
def test_a_wrong_member_of_the_plan_is_named(
        folder: Path, way: tuple[str | int, ...], value: object, error: str) -> None:
    meta = meta_of(folder)
    put(meta, way, value)
    write(folder, meta)
    assert refusal(folder).startswith(f"{folder / 'campaign.json'}: {error}")


@pytest.mark.parametrize("way, value, error", [
    (("status",), "fine", "status: expected ok, void, failed, skipped"),
    (("block",), -1, "block: expected 0 to 2^64"), (("block",), "0", "block: expected"),
    (("attempt",), 1.5, "attempt: expected"),
    (("cell",), ..., "cell: expected a value, but it is missing"),
    (("wall_ns",), "1", "wall_ns: expected"), (("result",), [], "result: expected an object"),
    (("result", "ops"), -1, "result.ops: expected"),
    (("result", "elapsed_ns"), True, "result.elapsed_ns: expected"),
    (("result", "by_thread", 0, "ops"), None, "result.by_thread[0].ops: expected"),
    (("result", "verification"), [], "result.verification: expected"),
    (("result", "latency"), [1], "result.latency[0]: expected an object")])
def test_a_wrong_member_of_a_trial_is_named_with_its_line(
        folder: Path, way: tuple[str | int, ...], value: object, error: str) -> None:
    trials = lines_of(folder)
    put(trials[3], way, value)
    write(folder, trials=trials)
    [problem] = load.read(folder).problems
    assert problem.startswith(f"trials.jsonl:4: not a trial, ignored ({error}")


def test_a_rate_is_a_finite_number(folder: Path) -> None:
    """With 1e-308 ns as the length of the window, the rate would be infinite."""
    trials = lines_of(folder)
    for trial in trials:
        trial["result"]["elapsed_ns"] = 1e-308
    write(folder, trials=trials)
    timed = [c for c in load.read(folder).cells.values() if c.measure == "throughput"]
    assert timed and all(c.rates == {} and c.state == "void" for c in timed)


def put(place: Json, way: tuple[str | int, ...], value: object) -> None:
    """Sets a member, or removes it (...)."""
    for key in way[:-1]:
        place = place[key]
    if value is ...:
        del place[way[-1]]
    else:
        place[way[-1]] = value


def test_lines_out_of_order_are_reported(folder: Path) -> None:
    """Adds a duplicate, an attempt out of order, and a cell that is not planned. Each problem is
    printed on one line, whatever characters the names in the journal contain."""
    trials = lines_of(folder)
    n = len(trials)
    write(folder, trials=[*trials, trials[2], trials[2] | {"attempt": 3},
                          trials[0] | {"cell": "x\x1b[2J"}, trials[1] | {"attempt": 2}])
    campaign = load.read(folder)
    three, one, two = campaign.problems
    assert one.startswith(f"trials.jsonl:{n + 1}: a duplicate, ignored: {trials[2]['cell']}")
    assert two.startswith(f"trials.jsonl:{n + 2}: attempt 3 without earlier attempts, ignored")
    assert three == f"trials.jsonl:{n + 3}: not in the plan, ignored: x\\x1b[2J block " \
        f"{trials[0]['block']} arm head"
    cell = campaign.cells[trials[1]["cell"]]
    assert [t.attempt for t in cell.earlier] == [1] and len(campaign.ran) == n + 1


def test_an_interrupted_campaign_is_incomplete(folder: Path) -> None:
    data = (folder / "trials.jsonl").read_bytes().splitlines(True)
    (folder / "trials.jsonl").write_bytes(b"".join(data[:5]) + data[5][:40])
    campaign = load.read(folder)
    assert campaign.problems == (
        "trials.jsonl:6: torn last line, ignored (the trial was being written)",)
    assert campaign.pending == len(data) - 5 and not campaign.complete and campaign.missing
    result.build(campaign)
    (folder / "trials.jsonl").unlink()
    campaign = load.read(folder)
    assert campaign.problems == ("trials.jsonl: missing, no trial has finished",)
    assert {c.reason for c in campaign.planned} == {"not run yet"}
    assert result.build(campaign).answer.lead is None


def test_a_trial_without_operations_is_void_and_wrong_answers_fail_a_map(folder: Path) -> None:
    trials = lines_of(folder)
    timed = [t for t in trials if t["cell"].endswith("throughput")]
    timed[0]["result"]["ops"] = 0
    timed[1].update(status="failed", reason="sums unequal")
    timed[1]["result"]["verification"] |= {"status": "failed", "reason": "sums unequal"}
    write(folder, trials=trials)
    campaign = load.read(folder)
    [void] = [t for c in campaign.cells.values() for t in c.trials if t.status is Status.VOID]
    assert (void.cell, void.reason) == (timed[0]["cell"], "no operation finished in the window")
    assert dict(campaign.failed_maps) == {
        campaign.cells[timed[1]["cell"]].map: "sums unequal"}


def test_incomplete_results_lose_only_their_figures(folder: Path) -> None:
    trials = lines_of(folder)
    for trial in trials:
        trial["result"] |= dict.fromkeys(
            ("footprint", "stats", "by_thread", "verification", "counters", "latency",
             "late_starts", "environment", "achieved_write_share"))
        trial |= {"steal_ticks": None}
    write(folder, trials=trials)
    campaign = load.read(folder)
    assert campaign.problems == () and not campaign.missing
    result.build(campaign)


@pytest.mark.parametrize("what", ["nothing", "no-json", "file"])
def test_other_folders_are_rejected(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "c"
    if what == "no-json":
        folder.mkdir()
        (folder / "campaign.json").write_text("{")
    if what == "file":
        folder.write_text("")
    assert refusal(folder).startswith(str(folder))


# ---- damage -----------------------------------------------------------------------

def flipped(data: bytes, rng: random.Random) -> bytes:
    """Flips a bit before the last line, because the last line of a journal may be torn."""
    last = data[:-1].rfind(b"\n")
    at = rng.randrange(last if last > 0 else len(data) - 1)
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[:rng.randrange(len(data))]


def equal_json(before: bytes, after: bytes) -> bool:
    """True if both texts have the same JSON values. Changed digits may be beyond the precision of a
    double."""
    try:
        return bool(json.loads(before) == json.loads(after))
    except ValueError:
        return False


@pytest.mark.parametrize("change, cases", [
    (flipped, 40), (cut, 25), pytest.param(flipped, 300, marks=pytest.mark.long)])
def test_a_changed_file_is_reported(folder: Path, change: Callable[[bytes, random.Random], bytes],
                                    cases: int) -> None:
    """The reader in C rejects such files, and so does report.load if it reads the file."""
    rng, named = random.Random(cases), 0
    used = {f"{e.histogram}.hlog" for c in load.read(folder).cells.values() for t in c.ok
            for e in (t.result.latency if t.result else None) or ()}
    files = [folder / name for name in ("campaign.json", "trials.jsonl", "topology.xml", *used)]
    for _ in range(CASES or cases):
        file = rng.choice(files)
        before = file.read_bytes()
        file.write_bytes(change(before, rng))
        histogram.read_file.cache_clear()
        if file.name != "campaign.json" or not equal_json(before, file.read_bytes()):
            status, text = validate(folder)
            assert status and file.stem in text, (file, text)
            text = refusal(folder)
            assert file.name in text or (change is cut and not text), (file, text)
            named += bool(text)
        file.write_bytes(before)
    assert named >= (CASES or cases) * (0.9 if change is flipped else 0.5)


def test_a_changed_plan_is_refused(folder: Path) -> None:
    """The write share of all cells is set to half, in a file with valid syntax."""
    file = folder / "campaign.json"
    file.write_text(file.read_text().replace(
        '"write_share": 0.029999999999999999', '"write_share": 0.5'))
    assert f"{file}: damaged, plan_sha256" in refusal(folder)
    assert "readmostly dev validate" in refusal(folder)


def test_a_changed_last_line_is_torn(folder: Path) -> None:
    """After a power loss, a part of the file may contain zeros. In the last line, this counts as a
    torn line; in any other line, as damage."""
    data = (folder / "trials.jsonl").read_bytes().splitlines(True)
    hole = data[-1][:50] + b"\0\0" + data[-1][52:]
    (folder / "trials.jsonl").write_bytes(b"".join([*data[:-1], hole]))
    assert load.read(folder).problems == (
        f"trials.jsonl:{len(data)}: torn last line, ignored (wrong crc32)",)
    (folder / "trials.jsonl").write_bytes(b"".join([data[0], hole, *data[1:]]))
    assert refusal(folder).startswith(f"{folder / 'trials.jsonl'}:2: damaged, its crc32")


def places(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yields the paths to all values that can be changed."""
    inner = (value.items() if isinstance(value, dict) else
             enumerate(value) if isinstance(value, list) else ())
    for key, member in inner:
        yield (*path, key)
        yield from places(member, (*path, key))


STRANGE = ("x", "", -1, 0, 1.5, 10 ** 30, None, True, [], {}, [[]], {"id": 3}, "<b>",
           float("nan"), ...)


def test_any_structure_is_rejected_in_one_line_or_has_a_result(folder: Path) -> None:
    """The campaign has no checksums, so that only the reader of the structure can reject the
    changes."""
    rng, ends = random.Random(11), {"refused": 0, "read": 0}
    meta, trials = meta_of(folder), lines_of(folder)
    del meta["line_checksum"], meta["sha256"]
    for _ in range(CASES or 60):
        changed, lines = copy.deepcopy(meta), copy.deepcopy(trials)
        victim = changed if rng.random() < 0.5 else rng.choice(lines)
        put(victim, rng.choice(list(places(victim))), rng.choice(STRANGE))
        write(folder, changed)
        (folder / "trials.jsonl").write_text("".join(json.dumps(t) + "\n" for t in lines))
        if refusal(folder):
            ends["refused"] += 1
        else:
            result.build(load.read(folder))
            ends["read"] += 1
    assert min(ends.values()) > 5


# ---- JSON as the runner writes it -------------------------------------------------

@pytest.mark.parametrize("text, error", [
    ('{"b": 2, "a": 1, "a": 1}', "'a' occurs twice"), ("[NaN]", "not a number"),
    ('{"x": {"b": 1, "b": 2}}', "'b' occurs twice"), ("[-Infinity]", "not a number"),
    ("[1e999]", "not a number"), (str(2 ** 63), "64 bits"), (str(-2 ** 63 - 1), "64 bits"),
    ("[" * 99999, "nested too deeply"), ('["\\ud800"]', "surrogate"),
    ('{"a": 1}'.encode("utf-16"), ""), (b"\xef\xbb\xbf1", ""), ("", ""), ("{} {}", "")])
def test_json_that_the_runner_cannot_write_is_rejected(text: str | bytes, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        strict_json.loads(text)


@pytest.mark.parametrize("text, value", [
    ('{"a": 1, "b": 2}', {"a": 1, "b": 2}), (str(2 ** 63 - 1), 2 ** 63 - 1),
    (str(-2 ** 63), -2 ** 63), ("1e308", 1e308), ("null", None),
    ('["\\ud83d\\ude00"]', ["\U0001f600"]), (b'"\xc3\xa9"', "é")])
def test_json_that_the_runner_may_write_is_accepted(text: str | bytes, value: object) -> None:
    assert strict_json.loads(text) == value


@pytest.mark.parametrize("line, checked, whole", [
    (b'{"a":1}', False, True), (b'{"a":1}', True, False), (b"", True, False)])
def test_lines_without_a_checksum_are_valid_in_older_campaigns_only(
        line: bytes, checked: bool, whole: bool) -> None:
    assert seal.line_is_whole(line, checked) is whole


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, -float("inf")]])
def test_a_number_that_json_lacks_is_never_written(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        strict_json.dumps(value)


def test_the_report_has_one_writer_of_json() -> None:
    """Only strict_json may write JSON, except that seal.py writes the numbers of texts that
    strict_json has read."""
    writers = {file.name for file in (ROOT / "report").rglob("*.py")
               if re.search(r"(?<!strict_)json\.dumps?\(", file.read_text(encoding="utf-8"))}
    assert writers == {"strict_json.py", "seal.py"}
