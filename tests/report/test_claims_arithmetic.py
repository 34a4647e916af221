# SPDX-License-Identifier: Apache-2.0
"""Compares each function of arithmetic claims with a known value, from scipy or computed by
hand."""
import math

import numpy as np
import pytest
from scipy import stats as distributions
from scipy import special

from report.claims import arithmetic, ledger


def test_the_error_of_a_share_is_binomial():
    """The error is the standard deviation of the binomial distribution, divided by the number of
    draws."""
    known = distributions.binom(1_000_000, 0.973).std() / 1_000_000
    assert arithmetic.evaluate("binomial_error 1000000 0.973") \
        == pytest.approx(known, rel=1e-9)
    assert known == pytest.approx(0.000162, rel=0.01)


def test_the_probability_of_a_sample():
    """The expected probability is a sum over all counts that are at most as likely as the sample.
    """
    counts = np.arange(1001)
    chance = distributions.binom.pmf(counts, 1000, 0.973)
    known = chance[chance <= chance[971] * (1 + 1e-7)].sum()
    assert arithmetic.evaluate("binomial_two_sided 971 1000 0.973") \
        == pytest.approx(known, rel=1e-9)
    assert arithmetic.evaluate("binomial_two_sided 900 1000 0.973") < 1e-20
    assert arithmetic.evaluate("binomial_two_sided 5 10 0.5") == 1


def test_the_rate_of_gaps_is_the_inverse_of_their_mean():
    """A million gaps agree within five standard errors (0.5 %)."""
    rate = arithmetic.evaluate("rate_of_exponential_gaps 0.0125 1000000 1")
    assert rate == pytest.approx(80, rel=0.005) and rate != 80
    assert rate == arithmetic.evaluate(
        "rate_of_exponential_gaps 0.0125 1000000 1")


def test_chains_of_three_keys_or_more():
    """The expected value is 1 - e^-m (1 + m + m^2 / 2), and also scipy's incomplete gamma function.
    """
    for mean in (3.25, 6.1, 6.5):
        by_hand = 1 - math.exp(-mean) * (1 + mean + mean ** 2 / 2)
        assert arithmetic.evaluate(f"poisson_at_least 3 {mean}") \
            == pytest.approx(by_hand, rel=1e-9)
        assert special.gammainc(3, mean) == pytest.approx(by_hand, rel=1e-9)


def test_the_longest_of_many_chains():
    """The expected value is the median of 300 fillings of 16,384 chains with 100,000 keys."""
    rng = np.random.default_rng(7)
    longest = [np.bincount(rng.integers(0, 16384, 100_000)).max()
               for _ in range(300)]
    known = arithmetic.evaluate(f"poisson_longest 16384 {100_000 / 16384}")
    assert abs(np.median(longest) - known) <= 1
    assert known in (17, 18)


def test_equal_hashes_solve_the_birthday_problem():
    """In a million hashes with 31 bits, 232.8 are expected to equal an earlier one. If only one
    hash value exists, all but the first are equal."""
    known = 1e6 * (1e6 - 1) / 2 / 2 ** 31
    assert 1e6 * arithmetic.evaluate("equal_hashes 1000000 31") \
        == pytest.approx(known, rel=0.001)
    assert arithmetic.evaluate("equal_hashes 4 0.0000000001") \
        == pytest.approx(0.75, rel=1e-3)


def test_doubling_by_low_bits_sends_few_keys_to_twice_their_shard():
    """In shards 0 and N - 1, half of the keys stay in place. For two shards by hand: residue 0 goes
    to 0 (yes), 1 to 1 (no: 2 or 3), 2 of shard 0 to 2 (no), 3 of shard 1 to 3 (yes)."""
    assert arithmetic.evaluate("share_to_doubled_shards 2") == 0.5
    assert arithmetic.evaluate("share_to_doubled_shards 1") == 1
    assert arithmetic.evaluate("share_to_doubled_shards 32") == 2 / 64


def test_a_struct_has_its_padding():
    """A bool after a pointer is padded to a word, and so are seven bytes."""
    assert arithmetic.evaluate("struct_size pointer bool") == 16
    assert arithmetic.evaluate("struct_size pointer bool" + 6 * " byte") == 16
    assert arithmetic.evaluate("struct_size bool") == 1


@pytest.mark.parametrize("text, words", [
    ("", "nothing: expected one of"),
    ("no_such 1", "no_such: expected one of"),
    ("binomial_error 1", "binomial_error 1: "),
    ("struct_size pointer complex", "complex: expected pointer"),
    ("quotient 1 0", "quotient 1 0: "),
])
def test_errors_state_the_expected_form(text, words):
    with pytest.raises(arithmetic.ComputeError) as raised:
        arithmetic.evaluate(text)
    assert words in str(raised.value)


def test_each_computation_of_the_ledger_has_a_value():
    asked = [c for c in ledger.read().values() if c.rule == "arithmetic"]
    assert asked
    for claim in asked:
        assert math.isfinite(arithmetic.evaluate(claim.compute)), claim.id
