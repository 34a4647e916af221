# SPDX-License-Identifier: Apache-2.0
"""Extracts the part of a cell's id that is the same in every run."""
import re

COUNTED = re.compile(r"\d+ops")  # the number of operations of a window in a cell's id


def identity(cell: str) -> str:
    """Removes the number of operations, which each campaign calibrates, from a cell's id."""
    return "/".join(part for part in cell.split("/")
                    if not COUNTED.fullmatch(part))
