# SPDX-License-Identifier: Apache-2.0
"""The result as the table of the README."""
from report.model.result import Result
from report.render import text
from report.render.view import wrapped


def readme(result: Result) -> str:
    """The fastest map and the best for each need, fast ones first."""
    wanted = {pick.maps[0] for pick in result.picks}
    if result.groups and result.groups[0].leader:
        wanted.add(result.groups[0].leader)
    rows = [wrapped(row, f"board.{i}") for i, row in enumerate(result.board)
            if row.map in wanted]
    return text.environment(html=False).get_template("readme.md.j2").render(
        **text.context(result), rows=rows)
