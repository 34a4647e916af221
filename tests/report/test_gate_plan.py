# SPDX-License-Identifier: Apache-2.0
"""Facts about how many blocks the gate gives a run: of base's noise alone."""
import io
import json
import math
import os
import random
import sys

import numpy as np
import pytest
from scipy.stats import norm

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import Fake, meta_of, rows_of, view_of  # noqa: E402
from report import (ending, gate, gate_campaign, gate_plan,  # noqa: E402
                    gate_rules, regress_plan)

RULES, _ = gate_rules.load_rules()


def noise_of(sds, pairs=5, seed=1, block_s=2.0, allowed_s=300.0):
    draw = random.Random(seed)
    return {"pairs": {f"regress/c{i}/t1": [draw.gauss(0, sd) for _ in range(pairs)]
                      for i, sd in enumerate(sds)},
            "block_s": block_s, "allowed_s": allowed_s}


def test_a_quiet_machine_takes_half_of_the_time():
    """Noise measured on quiet machines: 0.3 to 1.3 % a cell."""
    sds = np.linspace(0.003, 0.013, 21)
    blocks = [gate_plan.plan(noise_of(sds, seed=s), RULES)["blocks"]
              for s in range(200)]
    assert min(blocks) == RULES["blocks_least"]
    assert np.median(blocks) <= 75 and np.quantile(blocks, 0.9) < 150


def test_the_noisiest_cell_sizes_the_run():
    """A run is undecided as soon as one of its cells is: with blocks for the
    bulk of them 13 of 20 runs were (docs/evidence.md)."""
    sds = [0.006] * 20
    calm = gate_plan.plan(noise_of(sds), RULES)
    one = gate_plan.plan(noise_of([*sds, 0.02]), RULES)
    alone = gate_plan.spread(noise_of([*sds, 0.02])["pairs"]["regress/c20/t1"])
    assert one["blocks"] == gate_plan.needed(alone, RULES, 21) > calm["blocks"]
    assert one["noise"] <= 0.012, "what is typical is still said"


def test_a_disturbed_cell_takes_the_time_allowed_and_no_more():
    """A cell that said 21 % asked for 10,036 blocks alone: no person is told
    to wait for those."""
    sds = [0.006] * 20
    for wild in range(1, 5):
        noise = noise_of(sds + [0.21] * wild)
        found = gate_plan.plan(noise, RULES)
        assert found["blocks"] == found["most"] == 150
        assert found["needed"] <= 80
        said = "\n".join(regress_plan.words_of(noise, found, RULES))
        assert "too few" not in said and "likely INCONCLUSIVE" in said
        assert found["blind"] == [f"regress/c{20 + i}/t1"
                                  for i in range(wild)]
    assert gate_plan.plan(noise_of([0.21] * 21), RULES)["needed"] > 1000


def test_the_number_is_what_simulation_asks_for():
    """A second hand: with that many blocks of normal noise the test itself
    finds 2 % in a family of 21 with the power that is stated."""
    noise, family, runs = 0.02, 21, 300
    blocks = gate_plan.needed(noise, RULES, family)
    rng = np.random.default_rng(1)
    d = rng.normal(math.log1p(RULES["tolerance"]), noise, (runs, blocks))
    z = norm.isf(RULES["alpha"] / family)
    ranks = gate.stats.signed_ranks(d - math.log1p(RULES["margin"]))
    found = ranks.sum(1) / np.sqrt((ranks ** 2).sum(1)) >= z
    assert 0.92 <= found.mean() <= 0.985, (blocks, found.mean())
    assert not gate_plan.is_blind(noise, blocks, RULES, family)
    assert gate_plan.is_blind(noise, blocks - 3, RULES, family)


def test_time_is_a_limit_and_what_would_suffice_is_said():
    noise = noise_of([0.05] * 21, block_s=3.0, allowed_s=240.0)
    plan = gate_plan.plan(noise, RULES)
    assert plan["blocks"] == plan["most"] == 80 < plan["needed"]
    said = "\n".join(regress_plan.words_of(noise, plan, RULES))
    assert f"would need {plan['needed']} blocks" in said
    assert "MINUTES=" in said and "likely INCONCLUSIVE" in said
    calm = noise_of([0.004] * 21)
    assert len(regress_plan.words_of(
        calm, gate_plan.plan(calm, RULES), RULES)) == 1


def test_even_no_time_leaves_what_a_verdict_needs():
    plan = gate_plan.plan(noise_of([0.01] * 3, allowed_s=0.0), RULES)
    assert plan["blocks"] == RULES["blocks_least"] >= RULES["min_pairs"]


def test_cells_without_pairs_say_nothing_and_size_nothing():
    noise = noise_of([0.004] * 4)
    noise["pairs"]["gone"] = [None] * 5
    noise["pairs"]["rare"] = [0.5, None, None, -0.5, None]
    plan = gate_plan.plan(noise, RULES)
    assert plan["family"] == 6 and plan["blocks"] == RULES["blocks_least"]
    assert not {"gone", "rare"} & set(plan["blind"])
    lost = noise | {"pairs": {"gone": [None] * 5}}
    assert gate_plan.plan(lost, RULES)["noise"] is None
    assert "no pairs" in regress_plan.words_of(
        lost, gate_plan.plan(lost, RULES), RULES)[0]


# ---- what stands in campaign.json -----------------------------------------

def noted(sds, blocks=None):
    noise = noise_of(sds)
    blocks = blocks or gate_plan.plan(noise, RULES)["blocks"]
    return meta_of(Fake(), blocks=blocks) | {
        "notes": {"noise": json.dumps(noise)}}


def test_the_campaigns_number_is_computed_again():
    view = gate_campaign.view_of(noted([0.01] * 3), *gate_rules.load_rules())
    assert view["sized"]["blocks"] == view["plan"]["blocks"]
    with pytest.raises(ending.InputError, match="another number of blocks"):
        gate_campaign.view_of(noted([0.01] * 3, 90), *gate_rules.load_rules())


@pytest.mark.parametrize("note", [
    "", "{", "[]", "{}", '{"pairs": 3, "block_s": 1, "allowed_s": 1}',
    '{"pairs": {"c": [0, 0, "x"]}, "block_s": 1, "allowed_s": 1}',
    '{"pairs": {"c": [0, 0, 0]}, "block_s": 0, "allowed_s": 1}'])
def test_a_note_that_is_no_calibration_is_refused(note):
    meta = meta_of(Fake()) | {"notes": {"noise": note}}
    with pytest.raises(ending.InputError, match="notes.noise"):
        gate_campaign.view_of(meta, *gate_rules.load_rules())


# ---- the command ----------------------------------------------------------

def calibrated(folder, noise):
    """A campaign of base against its copy, as the runner leaves it."""
    meta = meta_of(Fake(), blocks=5)
    meta["arms"] = [arm | {"workload": None} for arm in meta["arms"]
                    if arm["workload"] == "regress-aa"]
    fake = Fake(noise=noise)
    view = view_of(fake, blocks=40) | {"plan": RULES | {"blocks": 5}}
    for contrast in view["contrasts"]:
        contrast |= {"base": "base", "head": "copy"}
    folder.mkdir()
    (folder / "campaign.json").write_text(json.dumps(meta))
    (folder / "trials.jsonl").write_text("".join(json.dumps(row | {
        "started_utc": f"2026-11-20T08:00:{i // 6:02}.000Z",
        "wall_ns": 100_000_000}) + "\n"
        for i, row in enumerate(rows_of(view, fake))))
    return folder


def test_it_says_blocks_and_a_note_that_give_the_same_again(tmp_path, capsys):
    folder = calibrated(tmp_path / "noise", 0.004)
    assert regress_plan.main(["blocks", str(folder), "240"]) == 0
    said = capsys.readouterr()
    blocks, note = said.out.splitlines()
    noise = json.loads(note)
    assert int(blocks) == gate_plan.plan(noise, RULES)[
        "blocks"] == RULES["blocks_least"]
    assert all(len(d) == 5 for d in noise["pairs"].values())
    assert {gate.name_of(c) for c in noise["pairs"]} == {
        "gomap_rw t1", "syncmap t1", "shard_rw_32 t1"}, "what is gated"
    assert "noise of base here" in said.err


def test_a_calibration_that_is_torn_is_refused(tmp_path, capsys):
    folder = calibrated(tmp_path / "noise", 0.004)
    file = folder / "trials.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    assert regress_plan.main(["blocks", str(folder), "240"]) == 2
    assert "interrupted" in capsys.readouterr().err
    (folder / "trials.jsonl").write_text("")
    assert regress_plan.main(["blocks", str(folder), "240"]) == 2
    assert regress_plan.main(["blocks", str(tmp_path), "240"]) == 2
    assert regress_plan.main(["blocks", "x"]) == 2


def chosen(monkeypatch, maps, globs, same=""):
    plan = {"cells": [
        {"id": f"{w}/{m}/u64x8/n{n}/w3/{kind}/m0/uniform/t1/cores/throughput",
         "measure": "throughput", "map": m, "workload": w}
        for w, m, n, kind in (("regress", "gomap_rw", 1024, "update"),
                              ("regress", "gomap_rw", 65536, "fresh"),
                              ("regress", "syncmap", 1024, "update"),
                              ("regress-aa", "gomap_rw", 65536, "fresh"))]
        + [{"id": "regress/gomap_rw/verify", "measure": "verify",
            "map": "gomap_rw", "workload": "regress"}]}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(plan)))
    return regress_plan.main(["cells", maps, globs, same])


@pytest.mark.parametrize("maps,globs,gated", [
    ("", "", 3), ("syncmap", "", 1), ("syncmap,gomap_rw", "", 3),
    ("syncmap gomap_rw", "", 3), (" syncmap, gomap_rw ", "", 3),
    ("", "*64Ki*", 1), ("", "gomap_rw 1Ki update t1", 1),
    ("gomap_rw", "*update*", 1), ("", "*/n1024/*, *fresh*", 3)])
def test_cells_are_chosen_and_controls_stay(monkeypatch, capsys, maps, globs,
                                            gated):
    assert chosen(monkeypatch, maps, globs) == 0
    ids = capsys.readouterr().out.split()
    assert sum(i.startswith("regress-aa/") for i in ids) == 1
    assert len(ids) == gated + 1


def test_maps_of_equal_programs_are_left_out(monkeypatch, capsys):
    assert chosen(monkeypatch, "", "", "gomap_rw") == 0
    ids = capsys.readouterr().out.split()
    assert [i.split("/")[:2] for i in ids] == [
        ["regress", "syncmap"], ["regress-aa", "gomap_rw"]]
    assert chosen(monkeypatch, "", "", "gomap_rw syncmap") == 0
    assert capsys.readouterr().out == ""
    assert chosen(monkeypatch, "nix", "", "gomap_rw syncmap") == 2


@pytest.mark.parametrize("maps,globs,word", [
    ("nix", "", "MAPS=nix"), ("", "nix*", "CELLS=nix*"),
    ("syncmap", "*fresh*", "of both")])
def test_a_wish_that_finds_no_cell_is_refused(monkeypatch, capsys, maps,
                                              globs, word):
    assert chosen(monkeypatch, maps, globs) == 2
    assert word in capsys.readouterr().err
