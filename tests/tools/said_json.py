# SPDX-License-Identifier: Apache-2.0
"""Leaves of JSON texts on standard input, a line each: path = value.

    said_json.py [NAME...]   without what lies at or below these names
"""
import json
import sys

def leaves(value, path, without):
    """A list of numbers or of words is one line; of objects, one for each."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in without:
                yield from leaves(inner, f"{path}.{name}" if path else name,
                                  without)
    elif isinstance(value, list) and any(
            isinstance(v, (dict, list)) for v in value):
        for i, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{i}]", without)
    else:
        yield f"{path} = {json.dumps(value)}"


def texts(text):
    """JSON texts one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        yield value


if __name__ == "__main__":
    for one in texts(sys.stdin.read()):
        print("\n".join(leaves(one, "", set(sys.argv[1:]))))
