# SPDX-License-Identifier: Apache-2.0
# slow: needs more than ten seconds of CPU time; not part of `make check`
"""Tests the error rates of the gate with recorded noise and few suites; tests/long/gate_suites.py
runs 1,000 of each kind."""
import math
import os
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../long"))
import gate_suites  # noqa: E402
from report.gate.rules import load_rules  # noqa: E402

pytestmark = pytest.mark.long

RULES = replace(load_rules(), flips=8000)  # resolves p to 0.1 %
SUITES = 40


@pytest.fixture(scope="module")
def noise():
    return gate_suites.recorded()


def test_equal_programs_raise_no_alarm(noise):
    found = gate_suites.rates(noise, SUITES, RULES)
    assert found["alarms"] == 0, "1,000 suites may have at most ten alarms"
    assert found["FAIL"] == 0


def test_false_alarms_at_the_margin_stay_below_alpha(noise):
    """The requirement that a slowdown is at least `fail_at` (1 %) is left out, because it would
    hide the error rate of the test."""
    found = gate_suites.rates(gate_suites.quieter(noise), 2 * SUITES,
                              replace(RULES, fail_at=-1.0),
                              math.log1p(RULES.margin))
    assert found["alarms"] <= binom.ppf(0.999, 2 * SUITES, RULES.alpha)


def test_two_per_cent_is_detected_on_quiet_noise_and_never_passes(noise):
    found = gate_suites.rates(gate_suites.quieter(noise), 20, RULES,
                              math.log(1.02))
    assert found["alarms"] == 20 and found["FAIL"] >= 0.9
    assert found["PASS"] <= 0.005


def test_the_number_of_blocks_does_not_depend_on_head(noise):
    """Equal calibrations give the same number of blocks, whatever the speed of head."""
    numbers = [[gate_suites.suite(gate_suites.quieter(noise), np.random.default_rng(seed),
                                  RULES, away)[0] for seed in range(3)]
               for away in (0.0, 0.02, -0.5)]
    assert numbers[0] == numbers[1] == numbers[2]
