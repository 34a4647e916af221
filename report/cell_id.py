# SPDX-License-Identifier: Apache-2.0
"""What a cell's id says in each run."""
import re

COUNTED = re.compile(r"\d+ops")  # a window, in a cell's id


def identity(cell: str) -> str:
    """A cell's id without its count of operations, which each campaign sets
    anew: the same cell in every run."""
    return "/".join(part for part in cell.split("/")
                    if not COUNTED.fullmatch(part))
