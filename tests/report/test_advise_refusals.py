# SPDX-License-Identifier: Apache-2.0
"""report advise refuses outside of what was measured, and what it prints then
is a workload file that the runner takes."""
import json
import os
import pathlib
import shlex
import subprocess

import advise_campaigns as campaigns
import pytest
from report_helpers import edit

from report import advise

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve() / \
    "readmostly"
MAPS = ("null_map", "gomap_rw", "syncmap", "shard_rw_32")
# Two CPUs, and 8 threads on them; 10 % at one size only: a hole at the other.
PLACES = campaigns.grid(threads=(1, 2, 8), keys=(1024, 65536),
                        write_share=(0.01, 0.03)) + campaigns.grid(
    threads=(1,), keys=(1024,), write_share=(0.1,)) + campaigns.grid(
    threads=(2,), keys=(1024,), write_kind=("churn",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return campaigns.write(tmp_path_factory.mktemp("refusals") / "campaign",
                           PLACES, MAPS, blocks=8, cpus=2)


# options, the factor, what is said of it, part of the cell's id that would run
REFUSALS = [
    ("--writes 3% --keys 1M --threads 2", "keys",
     "keys 1M is outside of what was measured: 1Ki to 64Ki", "/n1000000/w3/"),
    ("--writes 3% --keys 100 --threads 2", "keys",
     "keys 100 is outside of what was measured: 1Ki to 64Ki", "/n100/w3/"),
    ("--writes 50% --keys 64Ki --threads 2", "writes",
     "writes 50% is outside of what was measured: 1% to 10%", "/w50/"),
    ("--writes 0.1% --keys 64Ki --threads 2", "writes",
     "writes 0.1% is outside of what was measured: 1% to 10%", "/w0.1/"),
    ("--writes 3% --keys 64Ki --threads 4", "threads",
     "threads 4 were not run, and the machine has 2 CPUs: above them only "
     "counts that were run are answered: 1, 2, 8", "/t4/"),
    ("--writes 3% --keys 64Ki --threads 64", "threads",
     "threads 64 were not run", "/t64/"),
    ("--writes 3% --keys 64Ki --threads 2 --write-kind fresh", "write-kind",
     "write-kind fresh was not measured, but churn, update", "/fresh/"),
    ("--writes 3% --keys 64Ki --threads 2 --dist zipf:0.990", "dist",
     "dist zipf:0.99 was not measured, but uniform", "/zipf:0.99/"),
    ("--writes 3% --keys 64Ki --threads 2 --shape str64x24", "shape",
     "shape str64x24 was not measured, but u64x8", "/str64x24/"),
    ("--writes 10% --keys 10k --threads 1", "keys",
     "no measured cells enclose it: with all else as asked, keys 1Ki alone "
     "were measured", "/n10000/w10/"),
    # beyond the ten: other factors, two at once, and needs
    ("--writes 3% --keys 64Ki --threads 2 --write-kind churn", "keys",
     "keys 64Ki is outside of what was measured: 1Ki alone", "/churn/"),
    ("--writes 3% --keys 64Ki --threads 2 --placement smt", "placement",
     "placement smt was not measured, but cores", ""),
    ("--writes 3% --keys 64Ki --threads 2 --misses 10%", "misses",
     "misses 10% is outside of what was measured: 0% alone", "/m10/"),
    ("--writes 3% --keys 64Ki --threads 2 --needs scan", "needs",
     "no map of the campaign that may be ranked meets the needs scan", ""),
]


def refused(capsys, folder, options):
    """(workload file, what is said) of a question that must be refused."""
    status = advise.main([str(folder), *options.split()])
    out, err = capsys.readouterr()
    assert status == 1
    return out, " ".join(err.split())


def settings(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return dict(map(str.strip, line.split("=", 1)) for line in lines)


@pytest.mark.parametrize("options,factor,said,cell", REFUSALS)
def test_outside_is_refused_by_factor_and_range(folder, capsys, options,
                                                factor, said, cell):
    file, why = refused(capsys, folder, options)
    assert why.startswith("advise: refused: ") and said in why
    words = options.split()
    asked = dict(zip((w.removeprefix("--") for w in words[::2]), words[1::2]))
    asked.pop("needs", None)
    found = settings(file)
    asked["dist"] = asked.get("dist", "uniform").replace("0.990", "0.99")
    assert {k: found.get(k) for k in asked} == asked
    assert int(found["blocks"]) >= 20
    status = advise.main([str(folder), *words, "--json"])
    got = json.loads(capsys.readouterr().out)
    assert (status, got["word"], got["refusal"]["factor"]) == (
        1, "refused", factor)
    assert got["workload"] == file and not got["measured"]


@pytest.mark.long
@pytest.mark.skipif(not PROGRAM.exists(), reason="readmostly is not built")
@pytest.mark.parametrize("options,factor,said,cell", REFUSALS)
def test_the_runner_takes_the_workload_file(folder, capsys, tmp_path, options,
                                            factor, said, cell):
    file = tmp_path / "question.conf"
    file.write_text(refused(capsys, folder, options)[0], encoding="utf-8")
    done = subprocess.run([PROGRAM, "plan", "--cells", file], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines()
             if "/throughput" in line]
    assert lines and all(cell in line for line in lines)


MANY = ("gomap_callback_rw", "gomap_ck_brlock", "gomap_ck_pflock",
        "gomap_mutex", "gomap_pthread_mutex", "gomap_pthread_rw_reader",
        "gomap_rw", "hashtriemap", "rwlock_probe", "shard_rw_32",
        "shard_seg", "snapshot", "syncmap", "urcu_lfht")


@pytest.mark.long
def test_maps_that_fill_a_line_go_to_the_command(tmp_path, capsys):
    many = campaigns.write(tmp_path / "many", campaigns.grid(),
                           ("null_map", *MANY), blocks=1)
    out, _ = refused(capsys, many, "--writes 5% --keys 64Ki --threads 2")
    assert "maps" not in settings(out)
    assert all(len(line) < 200 for line in out.splitlines())
    words = shlex.split("".join(line.removeprefix("#") + "\n"
                                for line in out.splitlines()
                                if line.startswith("#   ")))
    plan, run = (words[i + 1] for i, w in enumerate(words) if w == "--maps")
    assert plan.split() == run.split() == list(MANY)
    if not PROGRAM.exists():
        pytest.skip("readmostly is not built")
    (tmp_path / "question.conf").write_text(out, encoding="utf-8")
    done = subprocess.run(
        [PROGRAM, *words[1:words.index("readmostly", 1)]], cwd=tmp_path,
        text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_workload_alone_is_printed_where_it_is_asked_for(folder, capsys):
    words = "--writes 3% --keys 64Ki --threads 2 --workload".split()
    assert advise.main([str(folder), *words]) == 0
    out, err = capsys.readouterr()
    assert settings(out)["keys"] == "64Ki" and not err
    assert out.isascii()


# ---- mistakes of usage, and of folders --------------------------------------

@pytest.mark.parametrize("options", [
    "--keys 1k --threads 2", "--writes 101% --keys 1k --threads 2",
    "--writes 3% --keys 0 --threads 2", "--writes 3% --keys 1k --threads 5000",
    "--writes 3% --keys 1k --threads 2 --write-kind delete",
    "--writes 3% --keys 1k --threads 2 --needs scan,order",
    "--writes 3% --keys 1k --threads 2 --write-kind fresh --misses 1%",
    "--writes 3% --keys 1k --threads 2 --json --workload"])
def test_a_wrong_question_is_a_mistake_of_usage(tmp_path, capsys, options):
    """Valid values of options: test_advise_numbers.py, test_advise_questions.py."""
    with pytest.raises(SystemExit) as end:
        advise.main([str(tmp_path), *options.split()])
    assert end.value.code == 2


QUESTION = "--writes 3% --keys 64Ki --threads 2"


def fails(capsys, folder):
    """What is said of a folder that cannot be read."""
    assert advise.main([str(folder), *QUESTION.split()]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith("report advise: ")
    return err


def test_folders_that_are_no_campaign_are_named(tmp_path, capsys):
    assert "no such folder" in fails(capsys, tmp_path / "none")
    assert "campaign.json" in fails(capsys, tmp_path)
    (tmp_path / "campaign.json").write_text("{")
    assert "not JSON" in fails(capsys, tmp_path)


def test_a_campaign_without_a_trial_is_refused(tmp_path, capsys):
    folder = campaigns.write(tmp_path / "empty", campaigns.grid(), MAPS)
    edit(folder, lambda trial: None)
    _, why = refused(capsys, folder, QUESTION)
    assert "no ranked map has a result yet" in why


def test_a_torn_line_is_left_out_and_told(tmp_path, capsys):
    folder = campaigns.write(tmp_path / "torn", campaigns.grid(), MAPS)
    with open(folder / "trials.jsonl", "a", encoding="utf-8") as file:
        file.write('{"format": 1, "cell": "unif')
    assert advise.main([str(folder), *QUESTION.split()]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "1 line of the journal that could not be used" in said
