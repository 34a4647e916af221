# SPDX-License-Identifier: Apache-2.0
"""Tests the verdict on simulated campaigns with and without faults. docs/adr/0057 summarises 1,000
campaigns of each kind."""
import zlib

import pytest
import simulated_campaigns as simulated
from scipy.stats import binom

from report.model.trust import Trust

CAMPAIGNS = 100
RARE = 1e-3  # probability with which a correct rule fails this test
NOISES = [pytest.param(n, marks=() if n == "AR(1)" else pytest.mark.long)
          for n in simulated.NOISES]


def counts(truth: object, noise: str, kinds: dict) -> tuple[int, int]:
    """Returns the numbers of campaigns with the verdict "good", and with "good" or "use with care".
    """
    found = simulated.verdicts(kinds[truth], simulated.NOISES[noise], CAMPAIGNS,
                               zlib.crc32(f"{truth} {noise}".encode()))
    return found[Trust.GOOD], found[Trust.GOOD] + found[Trust.CARE]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("fault", simulated.FAULTS)
def test_a_campaign_with_a_fault_is_rarely_good(fault: str, noise: str) -> None:
    good, _ = counts(fault, noise, simulated.FAULTS)
    assert good <= binom.isf(RARE, CAMPAIGNS, 0.05)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("kind", simulated.HARMLESS)
def test_a_sound_campaign_is_mostly_good(kind: str, noise: str) -> None:
    good, usable = counts(kind, noise, simulated.HARMLESS)
    assert good >= binom.ppf(RARE, CAMPAIGNS, 0.70)
    assert usable >= binom.ppf(RARE, CAMPAIGNS, 0.95)


def test_without_a_copy_the_layout_bias_is_unknown() -> None:
    found = simulated.verdicts(
        lambda rng: simulated.Truth(simulated.lead(1.5), has_copy=False),
        simulated.Noise(own_sd=0.01), 5, 1)
    assert found == {Trust.CARE: 5}
