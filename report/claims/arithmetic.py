# SPDX-License-Identifier: Apache-2.0
"""What claims of rule arithmetic compute: `compute = NAME ARGUMENTS` of the
ledger is evaluate("NAME ARGUMENTS").

Each function takes numbers or words and returns one number; none reads a
file, a clock or a campaign, and what draws numbers has its seed among its
arguments. Known answers: tests/report/test_claims_arithmetic.py.
"""
import ctypes
import math

import numpy as np
from scipy import stats as distributions

TYPES = {"pointer": ctypes.c_void_p, "bool": ctypes.c_bool,
         "word": ctypes.c_uint64, "byte": ctypes.c_uint8}


class ComputeError(ValueError):
    """The ledger asks for what is not here: the text says what is."""


# ---- draws ----------------------------------------------------------------

def binomial_error(draws, share):
    """Standard error of the share that so many independent draws have."""
    return math.sqrt(share * (1 - share) / draws)


def binomial_two_sided(count, draws, share):
    """Probability, 0 to 1, of a count of independent draws that is no more
    likely than this one: the exact two-sided binomial test."""
    return float(distributions.binomtest(int(count), int(draws),
                                         share).pvalue)


def rate_of_exponential_gaps(mean_s, arrivals, seed):
    """Arrivals per second when the gaps between so many are drawn from the
    exponential distribution of that mean, in s."""
    gaps = np.random.default_rng(int(seed)).exponential(mean_s, int(arrivals))
    return float(arrivals / gaps.sum())


# ---- chains and collisions ------------------------------------------------

def poisson_at_least(count, mean):
    """Share, 0 to 1, of chains with so many keys or more, where chance fills
    chains with that mean."""
    return float(distributions.poisson.sf(count - 1, mean))


def poisson_longest(chains, mean):
    """Median of the longest of so many chains, in keys: the least length that
    all of them keep to with a probability of one half."""
    length = 0
    while chains * distributions.poisson.logcdf(length, mean) < math.log(.5):
        length += 1
    return length


def equal_hashes(keys, bits):
    """Expected share of keys whose hash of so many bits another, earlier key
    has: keys less distinct hashes, over keys."""
    values = 2.0 ** bits
    distinct = -values * math.expm1(keys * math.log1p(-1 / values))
    return 1 - distinct / keys


# ---- shards and layouts ---------------------------------------------------

def share_to_doubled_shards(shards):
    """Share of hashes, 0 to 1, that go from shard i = hash mod N to 2i or
    2i + 1 by hash mod 2N: over all residues, which are equally many."""
    count = int(shards)
    doubled = [residue in (2 * (residue % count), 2 * (residue % count) + 1)
               for residue in range(2 * count)]
    return sum(doubled) / len(doubled)


def struct_size(*members):
    """Bytes of a struct with these members, words of TYPES, in the C ABI of
    this platform."""
    unknown = [word for word in members if word not in TYPES]
    if unknown:
        raise ComputeError(f"struct_size: {', '.join(unknown)}: expected "
                           f"{', '.join(TYPES)}")
    layout = type("Layout", (ctypes.Structure,), {"_fields_": [
        (f"member{i}", TYPES[word]) for i, word in enumerate(members)]})
    return float(ctypes.sizeof(layout))


def quotient(above, below):
    """One stated figure over another."""
    return above / below


FUNCTIONS = {function.__name__: function for function in (
    binomial_error, binomial_two_sided, rate_of_exponential_gaps,
    poisson_at_least, poisson_longest, equal_hashes, share_to_doubled_shards,
    struct_size, quotient)}


def argument(word):
    """A number where it is one, else the word."""
    try:
        return float(word)
    except ValueError:
        return word


def evaluate(text):
    """"binomial_error 1000000 0.973" -> 0.000162; ComputeError where there
    is no such function, or not with these arguments."""
    name, *words = text.split() or [""]
    if name not in FUNCTIONS:
        raise ComputeError(f"{name or 'nothing'}: expected one of "
                           f"{', '.join(FUNCTIONS)}")
    try:
        return float(FUNCTIONS[name](*map(argument, words)))
    except ComputeError:
        raise
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ComputeError(f"{text}: {error}") from None
