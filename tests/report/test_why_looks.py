# SPDX-License-Identifier: Apache-2.0
"""Facts about the looks of make regress-bisect JUDGE=time, on invented pairs."""
import math

import numpy as np
import pytest

from report import regress
from report.why import looks

RULES = regress.load_rules()[0]


def pairs(n, percent, spread=0.01, seed=1):
    return math.log1p(percent / 100) + \
        np.random.default_rng(seed).laplace(0, spread, n)


@pytest.mark.parametrize("n, percent, status", [
    (60, 8.0, looks.BAD), (60, -3.0, looks.GOOD), (240, 3.0, looks.BAD),
    (240, 0.0, looks.GOOD), (19, 8.0, looks.OPEN)])
def test_what_is_plain_is_decided(n, percent, status):
    assert looks.decide(pairs(n, percent), RULES)[0] == status


def test_an_early_look_asks_for_more_than_a_late_one():
    d = pairs(60, 1.3, spread=0.012, seed=3)
    assert looks.decide(d, RULES)[0] == looks.OPEN
    assert looks.decide(np.tile(d, 4), RULES)[0] == looks.BAD


def test_the_bounds_are_those_of_obrien_fleming():
    # z of a look is the last one's times the root of how much is still to come
    last = looks.LOOKS[240]
    for n, z in looks.LOOKS.items():
        assert z == pytest.approx(last * math.sqrt(240 / n), abs=2e-3)


def test_looks_call_nothing_bad_more_often_than_they_say():
    """2,000 bisects at the margin itself, where bad is the false answer."""
    rng, bad = np.random.default_rng(7), 0
    rules = RULES | {"fail_at": 0.0}
    for _ in range(2000):
        d = math.log1p(rules["margin"]) + rng.laplace(0, 0.01, 240)
        z = [looks.z_of(d[:n] - math.log1p(rules["margin"])) >= bound
             for n, bound in looks.LOOKS.items()]
        bad += any(z)
    assert bad <= 2000 * 0.01 + 3 * math.sqrt(2000 * 0.01)


def test_z_is_that_of_scipy():
    from scipy.stats import wilcoxon
    d = pairs(120, 0.3)
    ours = looks.z_of(d)
    theirs = wilcoxon(d, method="approx", correction=False,
                      alternative="greater").zstatistic
    assert ours == pytest.approx(theirs, rel=1e-9)
