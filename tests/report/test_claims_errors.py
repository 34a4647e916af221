# SPDX-License-Identifier: Apache-2.0
"""Simulates how often a ledger of true claims gets a false refutation.

Every claim is true, and the truth is at the edge of the claimed range. Without a correction for the
whole family, 88 to 98 % of such ledgers would have a false refutation.
"""
import numpy as np
import pytest
from made_claims import claim
from scipy import stats as dist

from report.claims import decide, evidence, rules
from report.stats.power import autoregression

CLAIMS = 150
REFUTING = (rules.Call.OPPOSITE, rules.Call.NONE, rules.Call.OTHER)
EDGES = (  # a claim, and the true ratio of subject / against
    (claim(), 1.02), (claim(rule="equal", side=""), 1.02),
    (claim(rule="ratio", side="", claimed=(2.0, 2.0)), 2.4),
    (claim(rule="ratio", side="", claimed=(3.0, 3.0)), 2.5),
    (claim(rule="figure", side="", claimed=(5.0, 5.0)), 6.0))


def cells_of(ones):
    """Builds {key: (claim, evidence)} from pairs of a claim and its values."""
    return {decide.Key(str(i), "", 0): (one, evidence.Evidence(
        "", (str(i),), tuple(enumerate(values)))) for i, (one, values) in enumerate(ones)}


def ledger_of(rng, n, lag1):
    """Returns the cells of one run, with noise of 3 to 10 %."""
    noise = autoregression(rng, CLAIMS, n, lag1) * rng.uniform(0.03, 0.1, (CLAIMS, 1))
    edges = [EDGES[i % len(EDGES)] for i in range(CLAIMS)]
    return cells_of((one, (truth * np.exp(x)).tolist()) for (one, truth), x in zip(edges, noise))


def refuted(cells, every):
    """Counts the refuted claims. If `every` is false, skips claims whose p values are all above 1
    %, because these are never refuted."""
    return sum(rules.outcome_of(*cells[key], p).word == "refuted"
               for key, p in decide.corrected(cells).items()
               if every or min(p.get(a, 1.0) for a in REFUTING) <= rules.ALPHA)


def false_ledgers(seed, ledgers, n, lag1, every=False):
    rng = np.random.default_rng(seed)
    return sum(refuted(ledger_of(rng, n, lag1), every) > 0 for _ in range(ledgers))


@pytest.mark.parametrize("lag1, ledgers", [
    (0.4, 50), pytest.param(0.0, 1000, marks=pytest.mark.long),
    pytest.param(0.4, 1000, marks=pytest.mark.long)])
def test_true_claims_at_the_edge_are_refuted_in_one_ledger_of_100(lag1, ledgers):
    false = false_ledgers([20, int(10 * lag1)], ledgers, 20, lag1)
    assert false <= dist.binom.isf(0.001, ledgers, 0.013)


def test_refutations_are_decided_within_the_family_only():
    """Decides every claim of a few ledgers, also claims with a large p."""
    assert false_ledgers(1, 10, 20, 0.0, every=True) <= 1


@pytest.mark.parametrize("rule, ratio", [
    ({}, 0.8), ({}, 1.0), ({"rule": "equal", "side": ""}, 1.2),
    ({"rule": "ratio", "side": "", "claimed": (2.0, 2.0)}, 3.0),
    ({"rule": "figure", "side": "", "claimed": (2.0, 2.0)}, 3.0)])
def test_claims_that_are_far_from_true_are_refuted(rule, ratio):
    """True claims are rarely refuted in the tests above. This test shows that refutation is
    possible."""
    rng, n = np.random.default_rng(3), CLAIMS // 10
    count = sum(refuted(cells_of(
        (claim(**rule), (ratio * np.exp(0.004 * rng.normal(size=26))).tolist())
        for _ in range(n)), True) for _ in range(20))
    assert count >= 0.95 * 20 * n
