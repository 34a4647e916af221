# SPDX-License-Identifier: Apache-2.0
"""JSON as the runner writes it: each member once, finite numbers, no depth
that ends a reader. What Python's reader takes beyond that is a mistake."""
import json
import math


def members(pairs):
    """An object of its members; of two with one name one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def number(text):
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value


def loads(text):
    """The value of a text or of UTF-8; ValueError where it is none."""
    try:
        value = json.loads(text, object_pairs_hook=members,
                           parse_float=number, parse_constant=number)
        # half of a pair of surrogates is no text and cannot be written
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except RecursionError:
        raise ValueError("nested too deeply") from None
