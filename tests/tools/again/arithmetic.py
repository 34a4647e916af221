# SPDX-License-Identifier: Apache-2.0
"""What the ledger's line `compute` asks for, from its words alone."""
import ctypes

import numpy as np
from scipy import stats

TYPES = {"pointer": ctypes.c_void_p, "bool": ctypes.c_bool}


def struct_size(*members):
    """Bytes of a struct of these members on this platform."""
    fields = [(f"m{i}", TYPES[m]) for i, m in enumerate(members)]
    return ctypes.sizeof(type("Struct", (ctypes.Structure,),
                              {"_fields_": fields}))


def binomial_two_sided(seen, draws, p):
    """Probability of a sample at least as far from what is expected."""
    return stats.binomtest(int(seen), int(draws), float(p)).pvalue


def rate_of_exponential_gaps(mean_s, gaps, seed):
    """Arrivals per second of gaps with this mean."""
    drawn = np.random.default_rng(int(seed)).exponential(float(mean_s),
                                                         int(gaps))
    return len(drawn) / drawn.sum()


def share_to_doubled_shards(shards):
    """Share of hashes modulo 2N that move from shard i to 2i or 2i + 1."""
    n = int(shards)
    return float(np.mean([h // 2 == h % n for h in range(2 * n)]))


KNOWN = {f.__name__: f for f in (struct_size, binomial_two_sided,
                                 rate_of_exponential_gaps,
                                 share_to_doubled_shards)}


def evaluate(text):
    """The value of "FUNCTION ARGUMENT ..."; None: no such function here."""
    name, *arguments = text.split()
    return KNOWN[name](*arguments) if name in KNOWN else None
