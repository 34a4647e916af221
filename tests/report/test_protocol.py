# SPDX-License-Identifier: Apache-2.0
"""Tests that the trial protocol's schema, the runner's reader and real trials agree."""
import copy
import json
import os
import pathlib
import re
import stat
import subprocess

import pytest
from schemas import validator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
FAKE = str(BUILD / "tests" / "fake_trial")
WORKLOAD = str(ROOT / "tests" / "fixtures" / "campaign.conf")


REQUEST = validator("trial-protocol", "request")
RESULT = validator("trial-protocol", "result")


def script(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def run(folder, program, *arguments):
    """Runs a campaign whose trials `program` plays."""
    environment = dict(os.environ, RM_TRIAL_PROGRAM=program)
    done = subprocess.run(
        [READMOSTLY, "run", *arguments, "-o", str(folder), "--counters",
         "none"], env=environment, capture_output=True, text=True, cwd=ROOT,
        timeout=300)
    lines = (folder / "trials.jsonl").read_text().splitlines()
    return done, [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Returns requests and results of real trials with closed and open loops."""
    folder = tmp_path_factory.mktemp("real")
    spy = script(folder / "spy", f"""#!/bin/sh
tee {folder}/request.$$ | {READMOSTLY} dev trial | tee {folder}/result.$$
""")
    workload = folder / "open.conf"
    workload.write_text("""writes = 10%
keys = 1Ki
threads = 1
loop = paced
rate = 20k/s
arrivals = poisson
warm-up = 1ms
window = 20ms
blocks = 1
verify = 1kops
maps = gomap_rw
""")
    run(folder / "mix", spy, WORKLOAD, "--set", "blocks=1")
    run(folder / "paced", spy, str(workload))
    read = lambda kind: [json.loads(p.read_text()) for p in
                         sorted(folder.glob(kind + ".*"))]
    return read("request"), read("result")


def paths(value, path=()):
    """Yields the paths of all members below a JSON value; only the first element of arrays."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield path + (name,)
            yield from paths(member, path + (name,))
    elif isinstance(value, list) and value:
        yield from paths(value[0], path + (0,))


def parent_of(value, path):
    for part in path[:-1]:
        value = value[part]
    return value


def mutations(value):
    """Yields (description, changed copy): with each member removed, and with each member of another
    type."""
    for path in paths(value):
        if path[0] in ("environment", "counters") and len(path) > 1:
            continue  # any content is valid
        less = copy.deepcopy(value)
        del parent_of(less, path)[path[-1]]
        yield ".".join(map(str, path)) + " missing", less
        odd = copy.deepcopy(value)
        parent_of(odd, path)[path[-1]] = [["odd"]]
        yield ".".join(map(str, path)) + " odd", odd


def test_real_requests_obey_the_schema(real):
    requests, _ = real
    assert len(requests) >= 8
    for request in requests:
        REQUEST.validate(request)


def test_real_results_obey_the_schema(real):
    requests, results = real
    assert len(results) == len(requests)
    for result in results:
        RESULT.validate(result)
        assert result["status"] in ("ok", "void"), result["reason"]
    assert any(result["latency"] for result in results)


def test_the_schema_accepts_each_back_end_of_the_page(real):
    """The schema must reject all other values."""
    page = (ROOT / "docs" / "reference" / "trial-protocol.md").read_text()
    section = re.search(r"\n`counters`:(.*?)\n`config`", page, re.S)[1]
    names = re.findall(r'"backend": "(\w+)"', section)
    assert set(names) >= {"none", "perf", "likwid", "sim", "replay"}
    for name in names:
        assert REQUEST.is_valid(real[0][0] | {"counters": {"backend": name}})
    schema = json.loads((ROOT / "docs" / "trial-protocol.schema.json")
                        .read_text())["$defs"]["request"]
    known = set(schema["properties"]["counters"]["properties"])
    assert set(re.findall(r'"(\w+)": ', section)) <= known
    assert not REQUEST.is_valid(real[0][0] | {"counters": {"backend": "x"}})


def test_trial_and_schema_reject_the_same_requests(real):
    request = next(r for r in real[0]
                   if r["cell"]["measure"] == "throughput")
    request["cell"]["window_ns"] = 1000000
    cases = list(mutations(request))
    cases += [("unknown", dict(request, more=1)),
              ("unknown factor", dict(request, cell=dict(request["cell"],
                                                         more=1)))]
    assert len(cases) > 50
    for what, case in cases:
        done = subprocess.run([READMOSTLY, "dev", "trial"], input=json.dumps(case),
                              capture_output=True, text=True, timeout=600)
        # the back end rejects a request without counters
        if what.startswith("counters.backend"):
            continue
        assert done.returncode == 2, what
        assert done.stderr.strip(), what
        assert not REQUEST.is_valid(case), what


def journaled(tmp_path, answers):
    """Returns the runner's results for these answers of a trial program. Between them, the program
    gives good answers, which are not returned."""
    (tmp_path / "answers").mkdir()
    for number, answer in enumerate(answers):
        (tmp_path / "answers" / str(number)).write_text(
            json.dumps(answer) + "\n")
    # The n-th call prints answer n / 2 if n is even, and a good answer if n is odd. CELL is
    # replaced by the id of the cell.
    player = script(tmp_path / "player", f"""#!/bin/sh
request=$(cat)
good() {{ printf %s "$request" | {FAKE}; exit; }}
case $request in *'"measure":"verify"'*) good;; esac
n=$(cat {tmp_path}/state 2>/dev/null || echo 0)
echo $((n + 1)) >{tmp_path}/state
answer={tmp_path}/answers/$((n / 2))
[ $((n % 2)) = 0 ] && [ -e $answer ] || good
id=${{request#*'"id":"'}}
exec sed "s|CELL|${{id%%'"'*}}|" $answer
""")
    blocks = len(answers) * 2 + 1
    _, lines = run(tmp_path / "campaign", player, WORKLOAD, "--set",
                   f"blocks={blocks}", "--set", "maps=gomap_rw", "--set",
                   "write-kind=update")
    return [t for t in lines if t["cell"].endswith("throughput")][::2]


@pytest.mark.long
def test_runner_and_schema_reject_the_same_results(real, tmp_path):
    result = next(r for r in real[1] if r["latency"])
    result["cell"] = "CELL"
    del result["longest"][1:]  # one element is enough, because all have the same members
    result["longest"][0]["causes"] = [
        {"event": "grow", "slot": -1, "overlap_ns": 7}]
    del result["slices"][1:]
    result["slices"][0].update(
        bytes=7, pauses=[{"event": "grow", "count": 1, "ns": 7}])
    cases = list(mutations(result))
    cases.append(("good", result))
    trials = journaled(tmp_path, [case for _, case in cases])
    accepted = 0
    for (what, case), trial in zip(cases, trials):
        valid = RESULT.is_valid(case)
        assert valid == (trial["status"] != "failed"), (what, trial["reason"])
        accepted += valid
        if not valid:
            assert trial["reason"], what
    assert trials[len(cases) - 1]["status"] != "failed"
    assert len(cases) > 100 and accepted < 11, accepted


def test_two_distributions_of_one_kind_are_rejected(real, tmp_path):
    """Two distributions of one kind would be stored in the same file."""
    result = copy.deepcopy(next(r for r in real[1] if r["latency"]))
    result["cell"] = "CELL"
    result["latency"].append(result["latency"][0])
    trial = journaled(tmp_path, [result])[0]
    assert trial["status"] == "failed"
    assert "is a duplicate of its operation and clock" in trial["reason"]
    done = subprocess.run([READMOSTLY, "dev", "validate", str(tmp_path / "campaign")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_campaign_and_journal_obey_their_schemas(tmp_path):
    os.environ["RM_FAKE"] = "rwlock_probe/u64x8/n1024/w3/churn=crash"
    try:
        _, lines = run(tmp_path / "campaign", FAKE, WORKLOAD, "--set",
                       "blocks=3")
    finally:
        del os.environ["RM_FAKE"]
    campaign = json.loads((tmp_path / "campaign" / "campaign.json")
                          .read_text())
    validator("campaign").validate(campaign)
    trials = validator("trials")
    assert {line["status"] for line in lines} >= {"ok", "failed", "skipped"}
    for line in lines:
        trials.validate(line)


def test_the_schema_of_a_cell_is_up_to_date():
    """`make schemas` writes the schema from the table of factors."""
    made = subprocess.run([READMOSTLY, "dev", "describe", "--schema"],
                          capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "docs" / "cell.schema.json").read_text()
