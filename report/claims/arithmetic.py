# SPDX-License-Identifier: Apache-2.0
"""The functions for claims with `rule = arithmetic`. Such a claim has a line `compute = NAME
ARGUMENTS`, and evaluate("NAME ARGUMENTS") computes its value.

Each function takes numbers or words and returns one number. No function reads a file, a clock or a
campaign. A function that uses random numbers takes their seed as an argument.
"""
import ctypes
import math
from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats as distributions

TYPES = {"pointer": ctypes.c_void_p, "bool": ctypes.c_bool,
         "word": ctypes.c_uint64, "byte": ctypes.c_uint8}


class ComputeError(ValueError):
    """Raised if the function is unknown, or does not accept these arguments."""


def poisson_longest(chains: float, mean: float) -> float:
    """Median length in keys of the longest of this many chains, that is, the smallest length that
    no chain exceeds with a probability of at least one half."""
    length = 0
    while chains * distributions.poisson.logcdf(length, mean) < math.log(.5):
        length += 1
    return length


def equal_hashes(keys: float, bits: float) -> float:
    """Expected share of keys whose hash of `bits` bits equals the hash of an earlier key:
    (keys - distinct hashes) / keys."""
    values = math.pow(2.0, bits)
    return 1.0 + values * math.expm1(keys * math.log1p(-1 / values)) / keys


def share_to_doubled_shards(shards: float) -> float:
    """Share of hashes that lie in shard i = hash mod N and, after the number of shards doubles to
    2N, in shard 2i or 2i + 1. All residues are assumed to be equally frequent."""
    count = int(shards)
    return sum(r in (2 * (r % count), 2 * (r % count) + 1) for r in range(2 * count)) / (2 * count)


def struct_size(*members: str) -> float:
    """Size of a C struct with members of these types (see TYPES) on this platform, in bytes."""
    unknown = [word for word in members if word not in TYPES]
    if unknown:
        raise ComputeError(f"struct_size: {', '.join(unknown)}: expected {', '.join(TYPES)}")
    layout = type("Layout", (ctypes.Structure,), {"_fields_": [
        (f"member{i}", TYPES[word]) for i, word in enumerate(members)]})
    return float(ctypes.sizeof(layout))


FUNCTIONS: Mapping[str, Callable[..., float]] = {
    # Standard error of a share that is estimated from independent draws.
    "binomial_error": lambda draws, share: math.sqrt(share * (1 - share) / draws),
    # Total probability of all counts that are at most as likely as this one.
    "binomial_two_sided": lambda count, draws, share: float(distributions.binomtest(
        int(count), int(draws), share).pvalue),
    # Arrivals per second of a simulated process with exponential gaps of this mean in seconds.
    "rate_of_exponential_gaps": lambda mean_s, arrivals, seed: float(
        arrivals / np.random.default_rng(int(seed)).exponential(mean_s, int(arrivals)).sum()),
    # Share of chains that have at least `count` keys, if keys are independent.
    "poisson_at_least": lambda count, mean: float(distributions.poisson.sf(count - 1, mean)),
    "poisson_longest": poisson_longest,
    "equal_hashes": equal_hashes,
    "share_to_doubled_shards": share_to_doubled_shards,
    "struct_size": struct_size,
    "quotient": lambda above, below: float(above / below),
}


def argument(word: str) -> float | str:
    """Converts a word to a number if possible."""
    try:
        return float(word)
    except ValueError:
        return word


def evaluate(text: str) -> float:
    """Calls the function that the text names. Raises ComputeError. "quotient 1 4" returns 0.25."""
    name, *words = text.split() or [""]
    if name not in FUNCTIONS:
        raise ComputeError(f"{name or 'nothing'}: expected one of {', '.join(FUNCTIONS)}")
    try:
        return float(FUNCTIONS[name](*map(argument, words)))
    except ComputeError:
        raise
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ComputeError(f"{text}: {error}") from None
