# SPDX-License-Identifier: Apache-2.0
"""Whatever becomes of a campaign's files, `validate` names it and the report
says one line: no traceback, no page of changed numbers.

Seeded; DAMAGE=N does N cases of each kind instead of the quick number.
"""
import copy
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest

from report import __main__ as command
from report import damage, ending, journal, page, strict_json
from report.load import histogram

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
FAKE = str(BUILD / "tests" / "fake_trial")
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


def run(folder, *options):
    workload = folder.parent / "tiny.conf"
    workload.write_text(WORKLOAD)
    subprocess.run(
        [READMOSTLY, "run", str(workload), "-o", str(folder), "--counters",
         "none", "--seed", "7", *options], capture_output=True, check=False,
        env=dict(os.environ, RM_TRIAL_PROGRAM=FAKE, RM_FAKE="=ok"))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damage") / "good"
    run(folder, "--note", "text=Größe \x1b \x7f \\u001f \" \u2028 /")
    return folder


@pytest.fixture
def copied(good, tmp_path):
    shutil.copytree(good, tmp_path / "c")
    return tmp_path / "c"


def kept(folder):
    """What decides: the lock and a drawing do not."""
    return sorted(f for f in folder.rglob("*") if f.is_file()
                  and f.name not in ("lock", "topology.svg")
                  and "report" not in f.relative_to(folder).parts)


def validate(folder):
    done = subprocess.run([READMOSTLY, "dev", "validate", str(folder)],
                          capture_output=True, text=True, errors="replace",
                          check=False)
    assert done.returncode in (0, 1, 2), done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def report(monkeypatch, capsys):
    """Runs the command in this process and draws nothing."""
    monkeypatch.setattr(page, "draw_all",
                        lambda panels, *_: ["" for _ in panels])

    def made(folder):
        histogram.read_file.cache_clear()
        monkeypatch.setattr(sys, "argv", ["report", str(folder)])
        status = ending.end(command.main)
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        return status, said.err
    return made


def test_what_was_written_is_whole(copied, report):
    """Also what JSON libraries print in different ways."""
    assert validate(copied)[0] == 0
    assert report(copied)[0] == 0
    meta = json.loads((copied / "campaign.json").read_text())
    assert "\x1b" in meta["notes"]["text"] and damage.is_sealed(meta)
    assert meta["sha256"] == damage.campaign_sha256(meta)
    assert any(e["hlog_crc32"] for t in (copied / "trials.jsonl").read_text()
               .splitlines() for e in (json.loads(t)["result"] or {})
               .get("latency") or [])


@pytest.mark.parametrize("value, text", [
    (0.03, "0.029999999999999999"), (1.0, "1.0"), (1e22, "1e22"),
    (1e-7, "9.9999999999999995e-8"), (-0.0, "-0.0"), (True, "true"),
    (None, "null"), (7, "7"), ("\x1b\n\"\\", '"\\u001B\\n\\"\\\\"'),
    ({"b": [1], "a": {}}, '{"a":{},"b":[1]}')])
def test_the_canonical_text_is_the_runners(value, text):
    assert damage.canonical(value) == text


def equal_json(before, after):
    """A real number has digits that change nothing."""
    try:
        return json.loads(before) == json.loads(after)
    except ValueError:
        return False


def flipped(data, rng):
    """A bit before the last line, since the last one of a journal may be torn."""
    last = data[:-1].rfind(b"\n")
    at = rng.randrange(last if last > 0 else len(data) - 1)
    return (data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)])
            + data[at + 1:])


def cut(data, rng):
    return data[:rng.randrange(len(data))]


@pytest.mark.parametrize("change, cases", [
    (flipped, 20), (cut, 20),
    pytest.param(flipped, 160, marks=pytest.mark.long)])
def test_a_changed_file_is_named(copied, report, change, cases):
    rng, named, equal = random.Random(cases), 0, 0
    files = kept(copied)
    for _ in range(CASES or cases):
        file = rng.choice(files)
        before = file.read_bytes()
        file.write_bytes(change(before, rng))
        if file.name == "campaign.json" and equal_json(
                before, file.read_bytes()):
            equal += 1
        else:
            status, text = validate(copied)
            assert status and file.stem in text, (file, text)
            status, text = report(copied)
            # the report draws without a topology
            assert status in (0, 2, 3) and (status == 0 or file.name in text
                                            or change is cut), text
            named += 1
        file.write_bytes(before)
    print(f"{named} named, {equal} changed no value")
    assert named >= (CASES or cases) * 0.9


@pytest.mark.parametrize("ending_of", ["campaign.json", "trials.jsonl",
                                       ".hlog"])
def test_the_report_refuses_what_it_reads(copied, report, ending_of):
    """A flip within what it shows is status 2 and one line with the file."""
    rng = random.Random(3)
    used = {e["histogram"] for cell in journal.read(copied).cells.values()
            for t in cell.ok for e in t["result"]["latency"] or []}
    files = [f for f in kept(copied) if f.name.endswith(ending_of)
             and (f.suffix != ".hlog" or f"histograms/{f.stem}" in used)]
    for _ in range(30):
        file = rng.choice(files)
        before = file.read_bytes()
        file.write_bytes(flipped(before, rng))
        status, text = report(copied)
        if status == 0:
            assert equal_json(before, file.read_bytes())
        else:
            assert status == 2 and text.count("\n") == 1, text
            assert file.name in text
        file.write_bytes(before)


def places(value, path=()):
    """Paths of all that can be changed."""
    inner = (value.items() if isinstance(value, dict) else
             enumerate(value) if isinstance(value, list) else ())
    for key, member in inner:
        yield path + (key,)
        yield from places(member, path + (key,))


STRANGE = ("x", "", -1, 0, 1.5, 10 ** 30, None, True, [], {}, [[]],
           {"id": 3}, "<b>", float("nan"))


def mutated(value, rng):
    """A copy with a member that is gone, another, or twice as deep."""
    value = copy.deepcopy(value)
    *way, last = rng.choice(list(places(value)))
    place = value
    for key in way:
        place = place[key]
    if rng.random() < 0.3:
        del place[last]
    elif rng.random() < 0.2:
        place[last] = [place[last]]
    else:
        place[last] = rng.choice(STRANGE)
    return value


def unsealed(folder):
    """As a campaign that is older than checksums; (campaign, trials)."""
    meta = json.loads((folder / "campaign.json").read_text())
    del meta["line_checksum"], meta["sha256"]
    trials = [json.loads(line) for line in
              (folder / "trials.jsonl").read_text().splitlines()]
    for trial in trials:
        del trial["crc32"]
    return meta, trials


def write(folder, meta, trials):
    (folder / "campaign.json").write_text(json.dumps(meta, indent=2))
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(t) + "\n" for t in trials))


def test_any_structure_is_met_without_a_traceback(copied, report):
    """Of a campaign without checksums, where only structure can tell."""
    rng, statuses = random.Random(11), {0: 0, 2: 0, 3: 0}
    meta, trials = unsealed(copied)
    write(copied, meta, trials)
    assert report(copied)[0] == 0
    for _ in range(CASES or 30):
        if rng.random() < 0.5:
            write(copied, mutated(meta, rng), trials)
        else:
            at = rng.randrange(len(trials))
            write(copied, meta, trials[:at] + [mutated(trials[at], rng)]
                  + trials[at + 1:])
        validate(copied)
        status, text = report(copied)
        statuses[status] += 1
        assert status != 2 or text.count("\n") == 1, text
    print(statuses)


def test_a_traceback_is_there_for_who_asks(copied, monkeypatch, report):
    meta, trials = unsealed(copied)
    meta["machine"]["cpus"] = "x"
    write(copied, meta, trials)
    status, text = report(copied)
    assert status == 2 and "report/" in text and "--debug" in text
    monkeypatch.setattr(sys, "argv", ["report", str(copied), "--debug"])
    with pytest.raises((TypeError, ValueError)):
        ending.end(command.main)


def test_a_changed_plan_is_not_reported(copied, report):
    """The writes of all cells at half, in a file that looks right."""
    file = copied / "campaign.json"
    file.write_text(file.read_text().replace(
        '"write_share": 0.029999999999999999', '"write_share": 0.5'))
    status, text = report(copied)
    assert status == 2 and "campaign.json: damaged, plan_sha256" in text
    assert "readmostly dev validate" in text


MADE = ("index.html", "verdicts.json", "data.zip")


def left(folder):
    return [name for name in MADE if (folder / "report" / name).exists()]


def test_a_page_that_cannot_be_made_again_leaves_no_old_one(copied, report):
    """It would stand beside the new one's tables."""
    assert report(copied)[0] == 0 and left(copied) == list(MADE)
    for file in copied.rglob("*.hlog"):
        file.write_bytes(file.read_bytes()[:-9])
    histogram.read_file.cache_clear()
    assert command.main([str(copied), "--base", "rwlock_probe"]) == 2
    assert list((copied / "report/tables").iterdir()), "some were made"
    assert left(copied) == []


def test_what_cannot_be_drawn_leaves_no_verdicts(copied, report, monkeypatch):
    assert report(copied)[0] == 0 and left(copied) == list(MADE)

    def fails(*_):
        raise ValueError("no such colour")
    monkeypatch.setattr(page, "draw_all", fails)
    status, said = report(copied)
    assert status == 2 and "no such colour" in said
    assert left(copied) == []


def test_an_older_campaign_says_that_it_has_no_checksums(copied, report):
    meta, trials = unsealed(copied)
    write(copied, meta, trials)
    _, text = validate(copied)
    assert "crc32" not in text  # each of its lines may be without
    trials[0]["result"]["ops"] += 1
    write(copied, meta, trials)
    status, text = validate(copied)
    assert "crc32" not in text
    assert report(copied)[0] == 0
    page = (copied / "report/index.html").read_text()
    assert "· no checksum<" in page and "<b class=\"warn\">no checksum" in page


def test_a_sealed_campaign_is_not_called_an_older_one(copied, report):
    assert report(copied)[0] == 0
    assert "no checksum" not in (copied / "report/index.html").read_text()
    assert "no checksum" not in validate(copied)[1]


def test_a_resume_does_not_go_on_after_a_changed_line(copied):
    file = copied / "trials.jsonl"
    text = file.read_text()
    assert '"ops":' in text[:text.rstrip().rindex("\n")], "not the last line"
    file.write_text(text.replace('"ops":', '"ops":1', 1))
    done = subprocess.run(
        [READMOSTLY, "run", "--resume", "-o", str(copied)],
        capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "trials.jsonl:" in done.stderr and "crc32" in done.stderr


def test_a_changed_last_line_is_torn(tmp_path):
    """A power loss may leave a hole in it and its newline."""
    text = (ROOT / "tests/fixtures/campaign/trials.jsonl").read_bytes()
    body = text.split(b"\n")[0][:-1]
    line = body + b',"crc32":"' + damage.crc32(body).encode() + b'"}\n'
    hole = line[:50] + b"\0\0" + line[52:]
    file = tmp_path / "trials.jsonl"
    for text, whole in ((line + line, 2), (line + hole, 1)):
        file.write_bytes(text)
        problems = []
        assert len(list(journal.lines_of(file, problems, True))) == whole
        assert len(problems) == 2 - whole
    assert "trials.jsonl:2: torn last line" in problems[0]
    file.write_bytes(hole + line)
    with pytest.raises(journal.JournalError, match="crc32"):
        list(journal.lines_of(file, [], True))


# ---- JSON as the runner writes it -----------------------------------------

@pytest.mark.parametrize("text,told", [
    ('{"b": 2, "a": 1, "a": 1}', "'a' is there twice"),
    ('{"x": {"b": 1, "b": 2}}', "'b' is there twice"),
    ("[NaN]", "no number"), ("[-Infinity]", "no number"),
    ("[1e999]", "no number"), (str(2 ** 63), "64 bits"),
    (str(-2 ** 63 - 1), "64 bits"), ("[" * 99999, "nested too deeply"),
    ('["\\ud800"]', "surrogate"), ('{"a": 1}'.encode("utf-16"), ""),
    ("", ""), ("{} {}", "")])
def test_what_the_runner_would_not_write_is_no_json(text, told):
    with pytest.raises(ValueError, match=told):
        strict_json.loads(text)


@pytest.mark.parametrize("text,value", [
    ('{"a": 1, "b": 2}', {"a": 1, "b": 2}), (str(2 ** 63 - 1), 2 ** 63 - 1),
    (str(-2 ** 63), -2 ** 63), ("1e308", 1e308), ("null", None),
    ('["\\ud83d\\ude00"]', ["\U0001f600"]), (b'"\xc3\xa9"', "é")])
def test_what_it_may_write_is(text, value):
    assert strict_json.loads(text) == value


@pytest.mark.parametrize("line,sealed,whole", [
    (b'{"a":1}', False, True), (b'{"a":1}', True, False),
    (b"", True, False)])
def test_a_line_without_a_checksum_is_an_older_campaigns(line, sealed, whole):
    assert damage.line_is_whole(line, sealed) is whole
