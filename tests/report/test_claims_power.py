# SPDX-License-Identifier: Apache-2.0
"""How many blocks a claim's cells need: by their spread alone, and so many
that the claim's effect is shown, by another library's test."""
import numpy as np
import pytest
from made_claims import BLOCKS, campaign, cell, claim
from scipy import stats as scipy_stats

from report.__main__ import main
from report.claims import power


def pair(ratio, sd, n=BLOCKS):
    """A ratio whose logarithms have this sd, as far as n quantiles do; each
    block unlike the one before."""
    ranks = [i // 2 if i % 2 else n - 1 - i // 2 for i in range(n)]
    quantiles = scipy_stats.norm.ppf((np.array(ranks) + 0.5) / n)
    noise = np.exp(quantiles / np.std(quantiles, ddof=1) * sd)
    return cell("a", list(1e6 * ratio * noise)), cell("b", [1e6] * n)


def row(ratio, sd, n=BLOCKS, **said):
    one = claim(**said)
    found, = power.rows(campaign(*pair(ratio, sd, n)), {one.id: one})
    return found


@pytest.mark.parametrize("ratio", [0.3, 1.02, 3.0])
def test_where_the_values_lie_is_not_looked_at(ratio):
    assert row(ratio, 0.05)[2:7] == pytest.approx(row(1.0, 0.05)[2:7])


def test_spread_and_effect_set_what_is_needed():
    calm, wild = row(1.0, 0.03), row(1.0, 0.3)
    assert calm.spread == pytest.approx(0.03)
    assert calm.blocks <= BLOCKS < wild.blocks
    assert not power.short(calm) and power.short(wild)
    assert wild.sees > 0.2 > calm.sees > calm.effect - 0.1
    assert row(1.0, 0.3, effect=0.5).blocks < wild.blocks


@pytest.mark.parametrize("speaks", ["speed", "count"])
def test_so_many_blocks_show_the_effect(speaks):
    """A claim alone in its family, two directions: 0.5 % a test of speed."""
    found = row(1.0, 0.1, speaks=speaks)
    alpha = 0.005 if speaks == "speed" else 0.025
    rng, shown = np.random.default_rng(5), 0
    for _ in range(400):
        d = rng.normal(np.log(1.12 / 1.02), 0.1, found.blocks)
        shown += scipy_stats.wilcoxon(
            d, alternative="greater", method="exact").pvalue <= alpha
    assert 0.92 <= shown / 400 <= 0.985


def test_five_blocks_have_no_row_and_seven_cannot_show_speed():
    one = claim()
    assert power.rows(campaign(*pair(2, 0.01, 5)), {one.id: one}) == []
    assert row(2, 0.01, 7).sees is None and row(2, 0.01, 7).blocks == 8


def test_a_table_names_the_claims_that_are_short():
    one, two = claim(), claim(id="S9-02", workload="v")
    a, b = pair(2, 0.01)
    told = list(power.lines(campaign(*pair(2, 0.4), *(cell(
        c.map, [t["result"]["ops"] for t in c.trials], workload="v")
        for c in (a, b))), {c.id: c for c in (one, two)}))
    assert [line.split()[0] for line in told[1:3]] == ["S9-01", "S9-02"]
    assert told[-1].startswith("1 cell of 2 ")
    assert told[-1].endswith(": S9-01")


def test_power_of_a_folder_that_is_none_is_refused(tmp_path, capsys):
    assert main(["claims", "power", "--from", str(tmp_path / "no")]) == 2
    assert "no such folder" in capsys.readouterr().err
