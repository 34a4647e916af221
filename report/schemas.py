# SPDX-License-Identifier: Apache-2.0
"""python3 -m report.schemas: writes the JSON schemas in docs/ that are generated from
dataclasses."""
from collections.abc import Mapping
from pathlib import Path

from report.compare.model import Document
from report.model.encode import schema_text
from report.model.result import Result
from report.public.entry import PublicResult
from report.reproduce.judge import Reproduction

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCHEMAS: Mapping[str, type] = {
    "verdicts.schema.json": Result, "comparison.schema.json": Document,
    "public.schema.json": PublicResult, "reproduction.schema.json": Reproduction}


def main() -> None:
    for name, cls in SCHEMAS.items():
        (DOCS / name).write_text(schema_text(cls, name), encoding="utf-8")


if __name__ == "__main__":
    main()
