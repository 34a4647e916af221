# SPDX-License-Identifier: Apache-2.0
"""Which cells a panel of a map of fields is about."""
import re

from report.lint import say
from report.lint.rows import USUAL

FACTORS = tuple(k for k in USUAL if k != "miss_share")
RATIO = re.compile(rf"([\w.-]+) [/÷] ([\w.-]+) = ({say.NUMBER}) "
                   rf"(?:\[({say.NUMBER}), ({say.NUMBER})\])?")


def named(panel, board, factor):
    return say.names_factor(panel.name, factor, board[0].place[factor])


def panels(c, key):
    """(groups, panel) of each panel, by the place in its name."""
    for panel in c.page.panels(f"{key}-"):
        keys = say.keys(panel.name)
        fits = [b for b in merged(c) if b[0].place["keys"] == keys and any(
            g.place["workload"] in panel.name for g in b)]
        fits = [b for b in fits if all(
            named(panel, b, k) or b[0].place[k] in c.places.plain(k)
            for k in FACTORS)]
        fits = sorted(fits, key=lambda b: -sum(
            named(panel, b, k) for k in FACTORS))
        if fits:
            yield fits[0], panel
        else:
            c.log.skip("index.html", panel.name, "fits no groups")


def board_of(c, head):
    """All groups that may stand beside one: other threads and mixes of its
    board. Where two workloads have the same place, its own counts."""
    board = next(b for b in merged(c) if head in b)
    place = lambda g: (g.place["threads"], g.place["write_kind"],
                       g.place["write_share"])
    own = {place(g) for g in board
           if g.place["workload"] == head.place["workload"]}
    return [g for g in board if place(g) not in own
            or g.place["workload"] == head.place["workload"]]


def merged(c):
    """Boards; those whose workloads alone differ count as one, too."""
    boards = c.rows.boards()
    found = {}
    for b in boards:
        key = tuple(kv for kv in b[0].board if kv[0] != "workload")
        found.setdefault(key, []).append(b)
    several = [sum(bs, []) for bs in found.values() if len(bs) > 1]
    return several + boards
