# SPDX-License-Identifier: Apache-2.0
"""Which cells a panel of a map of fields is about."""
import re

from report.lint import say
from report.lint.rows import USUAL, nameless

FACTORS = tuple(k for k in USUAL if k != "miss_share")
RATIO = re.compile(rf"([\w.-]+) [/÷] ([\w.-]+) = ({say.NUMBER}) "
                   rf"(?:\[({say.NUMBER}), ({say.NUMBER})\])?")


def named(panel, board, factor):
    return say.names_factor(panel.name, factor, board[0].place[factor])


def panels(c, key):
    """(groups, panel) of each panel, by the place in its name."""
    for panel in c.page.panels(f"{key}-"):
        keys = say.keys(panel.name)
        fits = [b for b in boards(c) if b[0].place["keys"] == keys
                and c.rows.shared[id(b[0])] in panel.name
                and all(named(panel, b, k)
                        or b[0].place[k] in c.places.plain(k)
                        for k in FACTORS)]
        if fits:
            yield max(fits, key=lambda b: (
                sum(named(panel, b, k) for k in FACTORS),
                len(c.rows.shared[id(b[0])]))), panel
        else:
            c.log.found("place", "index.html", panel.name, "campaign.json",
                        "it fits no groups")


def board_of(c, head):
    """All groups that stand beside one: other threads and mixes."""
    return next(b for b in boards(c) if head in b)


def boards(c):
    """Groups that differ in threads and mix only, or in the name of their
    workload."""
    found = {}
    for g in c.rows.groups:
        found.setdefault((c.rows.shared[id(g)], nameless(g)), []).append(g)
    return list(found.values())
