# SPDX-License-Identifier: Apache-2.0
"""Tests that `readmostly advise` refuses questions outside the measured range, and prints a
workload file that the runner accepts."""
import json
import os
import pathlib
import shlex
import subprocess

import advise_campaigns as campaigns
import pytest

from report import advise
from report.advise import workload

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve() / "readmostly"
MAPS = ("null_map", "gomap_rw", "syncmap", "shard_rw_32")
# Two CPUs with up to 8 threads. A write share of 10 % was measured with one number of keys only.
PLACES = [*campaigns.grid(threads=(1, 2, 8), keys=(1024, 65536), write_share=(0.01, 0.03)),
          *campaigns.grid(threads=(1,), keys=(1024,), write_share=(0.1,)),
          *campaigns.grid(threads=(2,), keys=(1024,), write_kind=("churn",))]
QUESTION = "--writes 3% --keys 64Ki --threads 2"
# options, the factor, the reason, part of the id of the cell that would run
REFUSALS = [
    ("--writes 3% --keys 1M --threads 2", "keys", "keys 1M is outside the measured range: 1Ki to "
     "64Ki", "/n1000000/w3/"),
    ("--writes 0.1% --keys 64Ki --threads 2", "writes", "writes 0.1% is outside the measured "
     "range: 1% to 10%", "/w0.1/"),
    ("--writes 3% --keys 64Ki --threads 4", "threads", "4 threads were not measured, and the "
     "machine has 2 CPUs: above that number only measured thread counts have an answer: "
     "1, 2, 8", "/t4/"),
    ("--writes 5% --keys 64Ki --threads 2", "writes", "no measured cells enclose it: with the "
     "other factors as requested, only writes 1%, 3% were measured", "/w5/"),
    ("--writes 5% --keys 10k --threads 2", "writes", "it lies in a gap between measured "
     "combinations", "/n10000/w5/"),
    (QUESTION + " --dist zipf:0.990", "dist", "dist zipf:0.99 was not measured; measured: uniform",
     "/zipf:0.99/"),
    (QUESTION + " --shape str16x24 --dist sequential", "shape", "shape str16x24 was not measured; "
     "measured: u64x8", "/str16x24/"),
    (QUESTION + " --write-kind churn", "keys", "keys 64Ki is outside the measured range: "
     "only 1Ki", "/churn/"),
    (QUESTION + " --misses 10%", "misses", "misses 10% is outside the measured range: only 0%",
     "/m10/"),
    (QUESTION + " --needs scan", "needs", "no rankable map of the campaign meets the "
     "needs scan", "")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return campaigns.write(tmp_path_factory.mktemp("refusals") / "campaign", PLACES, MAPS,
                           blocks=8, cpus=2)


def refused(capsys, folder, options):
    """Returns the workload file and the reason for a question that must be refused."""
    status = advise.main([str(folder), *options.split()])
    out, err = capsys.readouterr()
    assert status == 1
    return out, " ".join(err.split())


def settings(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return dict(map(str.strip, line.split("=", 1)) for line in lines)


def plan(file, *options):
    """Returns the cells that the runner makes of a workload file."""
    if not PROGRAM.exists():
        pytest.skip("readmostly is not built")
    done = subprocess.run([PROGRAM, "plan", "--cells", file, *options], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if "/throughput" in line]


@pytest.mark.parametrize("options, factor, reason", [r[:3] for r in REFUSALS])
def test_outside_is_refused_by_factor_and_range(folder, capsys, options, factor, reason):
    file, why = refused(capsys, folder, options)
    assert why.startswith("advise: refused: ") and reason in why
    words = options.split()
    asked = dict(zip((w.removeprefix("--") for w in words[::2]), words[1::2]))
    asked.pop("needs", None)
    found = settings(file)
    asked["dist"] = asked.get("dist", "uniform").replace("0.990", "0.99")
    assert {k: found.get(k) for k in asked} == asked
    assert int(found["blocks"]) >= 20 and found["window"] == "1s"
    status = advise.main([str(folder), *words, "--json"])
    got = json.loads(capsys.readouterr().out)
    assert (status, got["word"], got["refusal"]["factor"]) == (1, "refused", factor)
    assert got["workload"] == file and not got["measured"]


@pytest.mark.long
@pytest.mark.parametrize("options, cell", [(r[0], r[3]) for r in REFUSALS])
def test_the_runner_accepts_the_workload_file(folder, capsys, tmp_path, options, cell):
    file = tmp_path / "question.conf"
    file.write_text(refused(capsys, folder, options)[0], encoding="utf-8")
    cells = plan(file)
    assert cells and all(cell in line for line in cells)


MANY = ("gomap_callback_rw", "gomap_ck_brlock", "gomap_ck_pflock", "gomap_mutex",
        "gomap_pthread_mutex", "gomap_pthread_rw_reader", "gomap_rw", "hashtriemap",
        "rwlock_probe", "shard_rw_32", "shard_seg", "snapshot", "syncmap", "urcu_lfht")


def test_the_only_measured_value_is_the_default(tmp_path, capsys):
    only = campaigns.grid(threads=(1, 2), keys=(1024,), write_share=(0.03,), shape=("str32x8",),
                          dist=("zipf:0.99",))
    found = campaigns.write(tmp_path / "c", only, MAPS, blocks=8, cpus=2)
    assert advise.main([str(found), *"--writes 3% --keys 1Ki --threads 2".split()]) == 0
    capsys.readouterr()
    file, _ = refused(capsys, found, "--writes 9% --keys 1Ki --threads 2")
    assert settings(file)["shape"] == "str32x8" and settings(file)["dist"] == "zipf:0.99"
    _, why = refused(capsys, found, "--writes 3% --keys 1Ki --threads 2 --shape u64x8")
    assert "measured: str32x8 (choose with --shape)" in why


def long_list(tmp_path, capsys):
    """Returns a workload file and its maps, which do not fit on a line."""
    many = campaigns.write(tmp_path / "many", campaigns.grid(), ("null_map", *MANY), blocks=1)
    out, _ = refused(capsys, many, "--writes 5% --keys 64Ki --threads 2")
    assert "maps" not in settings(out)
    assert all(len(line) < 200 for line in out.splitlines())
    words = shlex.split("".join(line.removeprefix("#") + "\n" for line in out.splitlines()
                                if line.startswith("#   ")))
    lists = [words[i + 1] for i, w in enumerate(words) if w == "--maps"]
    assert [text.split() for text in lists] == [list(MANY)] * 2
    return out, lists[0]


@pytest.mark.long
def test_the_runner_accepts_a_long_list(tmp_path, capsys):
    text, maps = long_list(tmp_path, capsys)
    (tmp_path / "question.conf").write_text(text, encoding="utf-8")
    assert plan(tmp_path / "question.conf", "--maps", maps)


def test_maps_that_fill_a_line_go_to_the_command(tmp_path, capsys):
    assert long_list(tmp_path, capsys)


@pytest.mark.parametrize("maps, blocks", [(2, 20), (229, 20), (230, 21)])
def test_blocks_suffice_for_a_claim_and_a_ranking(maps, blocks):
    """A claim needs 20 blocks. A ranking needs n with 2 / 2^n <= 0.05 / pairs; 20 suffice for
    26,214 pairs, and 230 maps have 26,335."""
    assert workload.blocks_of(maps) == blocks


def test_workload_option_prints_only_the_workload(folder, capsys):
    assert advise.main([str(folder), *QUESTION.split(), "--workload"]) == 0
    out, err = capsys.readouterr()
    assert settings(out)["keys"] == "64Ki" and out.isascii() and not err


@pytest.mark.parametrize("options", [
    "--keys 1k", "--writes 101% --keys 1k --threads 2",
    "--writes 3% --keys 1k --threads 5000", QUESTION + " --write-kind delete",
    QUESTION + " --shape u64x9",
    QUESTION + " --needs scan,order", QUESTION + " --write-kind fresh --misses 1%",
    QUESTION + " --json --workload"])
def test_an_invalid_question_is_a_usage_error(tmp_path, options, capsys):
    with pytest.raises(SystemExit) as end:
        advise.main([str(tmp_path), *options.split()])
    assert end.value.code == 2
    assert ("--threads: as in workload files, e.g. 8;" in capsys.readouterr().err) == (
        "--threads" not in options)


def fails(capsys, folder):
    """Returns the error about a folder that cannot be read."""
    assert advise.main([str(folder), *QUESTION.split()]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith("report advise: ")
    return err


def test_folders(tmp_path, capsys):
    assert "no such folder" in fails(capsys, tmp_path / "none")
    assert "campaign.json" in fails(capsys, tmp_path)
    (tmp_path / "campaign.json").write_text("{")
    assert "not JSON" in fails(capsys, tmp_path)
    (tmp_path / "stages.json").write_text("{")
    assert "stages.json: not JSON" in fails(capsys, tmp_path)
    (tmp_path / "stages.json").unlink()
    for text, error in ((b"", "the file is empty"), (b"[]", "expected one JSON object"),
                        (b'{"a": "\xff"}', "byte 8 is not UTF-8")):
        (tmp_path / "campaign.json").write_bytes(text)
        assert error in fails(capsys, tmp_path)
    folder = campaigns.write(tmp_path / "torn", campaigns.grid(), MAPS)
    with open(folder / "trials.jsonl", "a", encoding="utf-8") as file:
        file.write('{"format": 1, "cell": "unif')
    assert advise.main([str(folder), *QUESTION.split()]) == 0
    assert "1 line of the journal that could not be read" in " ".join(
        capsys.readouterr().out.split())
    (folder / "trials.jsonl").write_text("")
    assert "no ranked map has a result yet" in refused(capsys, folder, QUESTION)[1]
