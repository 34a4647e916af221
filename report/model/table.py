# SPDX-License-Identifier: Apache-2.0
"""A table of a linked page. Titles and heads are in render/tables.toml."""
from dataclasses import dataclass

from report.model.number import Estimate

Value = None | str | int | float | Estimate


@dataclass(frozen=True)
class Table:
    """columns are keys of render/tables.toml; each row has one value per column."""
    id: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
