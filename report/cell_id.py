# SPDX-License-Identifier: Apache-2.0
"""The part of a cell's id that is the same in every run."""
import re

COUNTED = re.compile(r"\d+ops")  # a counted window in a cell's id


def identity(cell: str) -> str:
    """A cell's id without its number of operations, which every campaign calibrates anew."""
    return "/".join(part for part in cell.split("/")
                    if not COUNTED.fullmatch(part))
