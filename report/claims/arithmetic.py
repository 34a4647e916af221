# SPDX-License-Identifier: Apache-2.0
"""What a claim of arithmetic computes: `compute = NAME ARGUMENT...`."""

FUNCTIONS = {}


def evaluate(text):
    """The value of a computation; ValueError where there is no such."""
    name, *arguments = text.split()
    if name not in FUNCTIONS:
        raise ValueError(f"{name}: expected one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name](*map(float, arguments))
