# SPDX-License-Identifier: Apache-2.0
"""Prints the table of the README: python3 -m report.render.markdown DIR reads
DIR/report/verdicts.json."""
import sys
from pathlib import Path

from report.load import strict_json
from report.load.decode import decode
from report.model.result import Result
from report.render import text
from report.render.view import wrapped


def readme(result: Result) -> str:
    """Formats the fastest map and the best map for each need, from fast to slow."""
    wanted = {pick.maps[0] for pick in result.picks}
    if result.groups and result.groups[0].leader:
        wanted.add(result.groups[0].leader)
    rows = [wrapped(row, f"board.{i}") for i, row in enumerate(result.board)
            if row.map in wanted]
    return text.environment(html=False, cards=result.cards).get_template("readme.md.j2").render(
        **text.context(result), rows=rows)


def main() -> None:
    file = Path(sys.argv[1]) / "report" / "verdicts.json"
    print(readme(decode(Result, strict_json.loads(file.read_bytes()))), end="")


if __name__ == "__main__":
    main()
