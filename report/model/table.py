# SPDX-License-Identifier: Apache-2.0
"""A table of a linked page; report/render/tables.toml has its title and column heads."""
from dataclasses import dataclass

from report.model.number import Estimate

Value = None | str | int | float | Estimate


@dataclass(frozen=True)
class Table:
    """A table. The columns are keys of render/tables.toml; each row has a value for each column."""
    id: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
