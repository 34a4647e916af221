# SPDX-License-Identifier: Apache-2.0
"""Tests the number of blocks that the cells of a claim need: it depends only on their spread, and
agrees with the test of another library."""
import numpy as np
import pytest
from made_claims import BLOCKS, campaign, cell, claim
from scipy import stats as scipy_stats

from report.claims import power


def pair(ratio, sd, n=BLOCKS, **factors):
    """Makes two cells. The logarithms of their ratios are n quantiles of a normal distribution with
    this standard deviation. Neighbouring blocks have different ratios, so that they are not
    correlated."""
    ranks = [i // 2 if i % 2 else n - 1 - i // 2 for i in range(n)]
    quantiles = scipy_stats.norm.ppf((np.array(ranks) + 0.5) / n)
    noise = np.exp(quantiles / np.std(quantiles, ddof=1) * sd)
    return cell("a", list(1e6 * ratio * noise), **factors), cell("b", [1e6] * n, **factors)


def row(ratio, sd, n=BLOCKS, **keys):
    found, = power.rows(campaign(*pair(ratio, sd, n)), {"S9-01": claim(**keys)})
    return found


@pytest.mark.parametrize("ratio", [0.3, 1.02, 3.0])
def test_the_values_do_not_matter(ratio):
    assert row(ratio, 0.05)[2:7] == pytest.approx(row(1.0, 0.05)[2:7])


def test_spread_and_effect_determine_the_blocks():
    calm, wild = row(1.0, 0.03), row(1.0, 0.3)
    assert calm.spread == pytest.approx(0.03)
    assert calm.blocks <= BLOCKS < wild.blocks and wild.short and not calm.short
    assert wild.sees > 0.2 > calm.sees > calm.effect - 0.1
    assert row(1.0, 0.3, effect=0.5).blocks < wild.blocks


@pytest.mark.parametrize("speaks", ["speed", "count"])
def test_the_computed_blocks_show_the_effect(speaks):
    """The family has one claim with two directions, so each test of speed has an error of 0.5 %."""
    found = row(1.0, 0.1, speaks=speaks)
    alpha = 0.005 if speaks == "speed" else 0.025
    rng, shown = np.random.default_rng(5), 0
    for _ in range(400):
        d = rng.normal(np.log(1.12 / 1.02), 0.1, found.blocks)
        shown += scipy_stats.wilcoxon(d, alternative="greater", method="exact").pvalue <= alpha
    assert 0.92 <= shown / 400 <= 0.985


def test_five_blocks_have_no_row_and_seven_cannot_show_speed():
    assert power.rows(campaign(*pair(2, 0.01, 5)), {"S9-01": claim()}) == []
    assert row(2, 0.01, 7).sees is None and row(2, 0.01, 7).blocks == 8
