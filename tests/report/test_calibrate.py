# SPDX-License-Identifier: Apache-2.0
"""What other projects' benchmarks print is read, compared with equal
parameters alone, and judged; nothing is measured here."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location(
    "calibrate", ROOT / "tests/tools/calibrate.py")
calibrate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(calibrate)

RECORDED = ROOT / "tests/fixtures/calibrate"
PAIRS = calibrate.pairs_of(calibrate.PAIRS.read_text())
TALLY = ROOT / "docs/tally/calibration.tsv"


def recorded(told):
    return (RECORDED / f"{told}.txt").read_text()


@pytest.mark.parametrize("name, cpu, elapsed, parameters", [
    ("urcu_lfht", 500 / 15215642 * 1e6, 1e9 / 15215642,
     {"keys": 2048, "threads": 1, "write_share": 0,
      "miss_share": 3803910 / 15215642, "order": "uniform",
      "key_bytes": 8}),
    ("ck_ht", 18.128, None,
     {"keys": 2048, "threads": 1, "write_share": 0, "miss_share": 0,
      "order": "sequential", "key_bytes": 8}),
    ("libcuckoo", 500 / 20480000 * 1e6, 0.5792e9 / 20480000,
     {"keys": 1024, "threads": 1, "write_share": 0, "miss_share": 0.75,
      "order": "lcg", "key_bytes": 8}),
    ("go_sync_map", 500 / 20000000 * 1e6, 37.02,
     {"keys": 1023, "threads": 1, "write_share": 0, "miss_share": 1 / 1024,
      "order": "sequential", "key_bytes": 8})], ids=str)
def test_each_benchmark_is_read(name, cpu, elapsed, parameters):
    pair = PAIRS[name]
    run = calibrate.measured(pair, recorded(pair["told"]), 500e6)
    assert run["cpu_ns"] == pytest.approx(cpu)
    assert run["elapsed_ns"] == (elapsed and pytest.approx(elapsed))
    assert run["parameters"] == pytest.approx(parameters)


@pytest.mark.parametrize("told", sorted(calibrate.TOLD))
def test_an_output_without_its_figure_is_no_figure(told):
    with pytest.raises(calibrate.Unable, match="has no"):
        calibrate.TOLD[told]("done.\n")


def rounds(costs, parameters=None, count=10):
    """Lines of rounds.jsonl: ns of each program, 1 % about it."""
    same = {"keys": 2048, "threads": 1, "miss_share": 0.5}
    return [{"pair": "x", "round": at, "machine": {
        "cpu": "A CPU", "cpus": 2, "commit": "abc",
        "date": "2026-11-22"}, "runs": {
            name: {"cpu_ns": cost * (1 + at / 1000), "elapsed_ns": cost,
                   "parameters": same | (parameters or {}).get(name, {})}
            for name, cost in costs.items()}} for at in range(count)]


@pytest.mark.parametrize("theirs, verdict", [
    (20, "within 10 %"), (21.9, "within 10 %"), (18.3, "within 10 %"),
    (22.1, "further"), (18.1, "further")], ids=str)
def test_ten_percent_is_the_limit_on_both_sides(theirs, verdict):
    row, ours = calibrate.table_of(rounds({"theirs": theirs, "ours": 20}))
    assert row["ratio"] == pytest.approx(theirs / 20)
    assert row["low"] <= row["ratio"] <= row["high"]
    assert row["verdict"] == verdict and ours["verdict"] == "-"


def test_an_interval_about_the_limit_is_too_wide():
    noisy = rounds({"theirs": 22, "ours": 20})
    for row in noisy:
        row["runs"]["theirs"]["cpu_ns"] *= 0.9 + 0.2 * (row["round"] % 2)
    assert calibrate.table_of(noisy)[0]["verdict"] == "too wide"


def test_too_few_rounds_have_no_interval():
    row = calibrate.table_of(rounds({"theirs": 9, "ours": 9}, count=5))[0]
    assert row["low"] is None and row["verdict"].startswith("no interval")


@pytest.mark.parametrize("theirs, said", [
    ({"keys": 1024}, "keys 1024 there, 2048 here"),
    ({"miss_share": 0.375}, "miss_share 0.375 there, 0.5 here"),
    ({"order": "lcg"}, "order lcg there, None here")], ids=str)
def test_other_parameters_are_not_judged(theirs, said):
    row = calibrate.table_of(rounds({"theirs": 20, "ours": 20},
                                    {"theirs": theirs}))[0]
    assert row["verdict"] == f"not judged: {said}"


def test_drawn_shares_may_scatter():
    row = calibrate.table_of(rounds({"theirs": 20, "ours": 20},
                                    {"theirs": {"miss_share": 0.501}}))[0]
    assert row["verdict"] == "within 10 %"


def test_a_package_that_is_missing_is_named(tmp_path):
    pair = PAIRS["ck_ht"] | {"packages": "dpkg no-such-package"}
    with pytest.raises(calibrate.Unable, match="packages no-such-package$"):
        calibrate.programs_of("ck_ht", pair, tmp_path)


def test_a_source_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "UNPACKED", tmp_path)
    monkeypatch.setattr(calibrate, "lists", lambda: tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 100\n")
    (tmp_path / "apt-get").chmod(0o755)
    with pytest.raises(calibrate.Unable, match="libcuckoo to be had.*v0.3.1"):
        calibrate.unpacked(PAIRS["libcuckoo"])


def test_a_source_that_is_there_is_used_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "UNPACKED", tmp_path)
    file = tmp_path / "ck-9" / PAIRS["ck_ht"]["benchmark"]
    file.parent.mkdir(parents=True)
    file.touch()
    assert calibrate.unpacked(PAIRS["ck_ht"]) == tmp_path / "ck-9"


@pytest.mark.parametrize("name", ["no_such_map", "boost_flat"])
def test_a_map_that_is_not_built_is_named(tmp_path, monkeypatch, name):
    (tmp_path / "readmostly").write_text(
        "#!/bin/sh\necho ck_ht x\n"
        "echo 'boost_flat      not built: needs g++'\n")
    (tmp_path / "readmostly").chmod(0o755)
    monkeypatch.setenv("BUILD", str(tmp_path))
    with pytest.raises(calibrate.Unable, match=f"^{name} is not in this"):
        calibrate.request_of(PAIRS["ck_ht"], name, tmp_path)


def test_what_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(calibrate, "LONGEST_S", 0.1)
    with pytest.raises(calibrate.Unable, match="ended with -9"):
        calibrate.output_of(program("import time; time.sleep(20)"), "get")


def test_steps_add_up():
    assert calibrate.arms_of({"steps": "draw hash"}) == [
        ("theirs", []), ("draw", ["draw"]), ("hash", ["draw", "hash"])]


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_each_pair_says_all_that_is_asked_of_it(name):
    pair = PAIRS[name]
    assert pair["told"] in calibrate.TOLD and pair["benchmark"]
    for step in pair["steps"].split():
        assert pair[f"{step}.why"]
        assert pair.get(step) or pair[f"run.{step}"]


def test_the_order_of_their_cuckoo_benchmark_is_one_of_all_keys():
    lines = calibrate.lcg_trace(8, 16).split("\n")[:-1]
    assert lines[:8] == [f"has {key}" for key in range(8)]
    assert sorted(lines[8:]) == sorted(f"get {key}" for key in range(16))
    assert lines[8:11] == ["get 0", "get 3", "get 14"]


def program(text):
    cpu = min(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cpu), sys.executable, "-uc", text]


def test_what_ends_badly_is_no_figure():
    with pytest.raises(calibrate.Unable, match="ended with 3.*why"):
        calibrate.output_of(program("print('why'); exit(3)"), None)


def test_what_goes_on_is_ended_after_its_figure():
    told = calibrate.output_of(program(
        "print('get 5 ns'); import time; time.sleep(20)"), "get")
    assert told == "get 5 ns\n"


def test_the_tally_says_when_where_and_how_quiet():
    rows = rounds({"theirs": 20, "ours": 20})
    head, columns, *_ = calibrate.tally_of(rows, calibrate.table_of(rows))
    assert "2026-11-22, abc, A CPU, 2 CPUs, quiet" in head
    assert tuple(columns.split("\t")) == calibrate.COLUMNS
    for row in rows[3:5]:
        row["runs"]["ours"]["elapsed_ns"] *= 1.1
    head = next(calibrate.tally_of(rows, calibrate.table_of(rows)))
    assert "loaded: we waited for a CPU in 2 of 10 rounds" in head


def record():
    """Rows of docs/tally/calibration.tsv as dicts of text."""
    head, columns, *lines = TALLY.read_text().splitlines()
    assert head.startswith("# make calibrate, 20")
    assert tuple(columns.split("\t")) == calibrate.COLUMNS
    return [dict(zip(calibrate.COLUMNS, line.split("\t"), strict=True))
            for line in lines]


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_the_record_has_each_program_and_the_page_its_figures(name):
    rows = [row for row in record() if row["pair"] == name]
    assert [row["program"] for row in rows] == [
        arm for arm, _ in calibrate.arms_of(PAIRS[name])] + ["ours"]
    page = (ROOT / "docs/peers.md").read_text()
    for row in rows[:-1]:
        assert int(row["rounds"]) >= 10
        assert row["verdict"] in ("within 10 %", "further", "too wide")
        assert (f"| {row['cpu_ns']} | {rows[-1]['cpu_ns']} | {row['ratio']} "
                f"[{row['low']}, {row['high']}] | {row['verdict']} |") in page


@pytest.mark.parametrize("argv", [[], ["table"], ["walk", "x"],
                                  ["run", "x", "no_such_pair"]], ids=str)
def test_what_is_no_command_is_usage(argv):
    assert calibrate.main(argv) == 2


def test_a_folder_without_a_run_is_named(tmp_path, capsys):
    assert calibrate.main(["table", str(tmp_path)]) == 2
    assert "rounds.jsonl: No such file" in capsys.readouterr().err


def test_our_trial_is_read_by_what_it_did(tmp_path):
    readmostly = ROOT / os.environ.get("BUILD", "build/gcc") / "readmostly"
    listed = subprocess.run([readmostly, "list", "--ids"], text=True,
                            capture_output=True, check=False).stdout.split()
    if "ck_ht" not in listed:
        pytest.skip("no ck_ht in this build (package libck-dev)")
    pair = PAIRS["ck_ht"] | {"cell": "keys=64 misses=25% warm-up=1ms "
                             "window=5ms dist=uniform"}
    request = calibrate.request_of(pair, "ck_ht", tmp_path)
    done = subprocess.run([readmostly, "trial"], input=json.dumps(request),
                          capture_output=True, text=True, check=True)
    run = calibrate.of_ours(pair, request["cell"], json.loads(done.stdout))
    assert run["cpu_ns"] > 0
    assert run["parameters"] == {
        "keys": 64, "threads": 1, "order": "uniform", "write_share": 0,
        "miss_share": pytest.approx(0.25, abs=0.05), "key_bytes": 8}
