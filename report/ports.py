# SPDX-License-Identifier: Apache-2.0
"""Go's own maps, and the ports in C that were written after them
(docs/go-equality.md). What is said of Go is said of Go's own where they
ran."""
from report.look import TABLE

PORTS = TABLE["ports"]  # a port -> the map of Go that it was written after
PAIR = "go_map_rw", "go_sync_map"  # base and contender: the articles' two
LABELLED = "port of "  # a port's label has these words


def is_port(campaign, name):
    """Does it say of itself that it was written after Go's?"""
    about = campaign.maps.get(name) or {}
    return LABELLED in (about.get("label") or "")


def ran(a):
    """The maps that have a throughput."""
    return {c.map for c in a.by_measure.get("throughput", []) if c.ok}


def pair_of(a, base, contender):
    """The pair of the flip map: of Go's own maps where both ran and nobody
    chose another one, also where the plan's base is the port of one.

    base, contender -- as they were asked for; None: they were not
    """
    named = a.named_base()
    if (base is None and contender is None and set(PAIR) <= ran(a)
            and all(map(a.ranked, PAIR))
            and PORTS.get(named, named) == PAIR[0]):
        return PAIR
    return base, contender


def other_base(a):
    """A sentence where the page's base is not the plan's; "" elsewhere."""
    named = a.named_base()
    asked = any(cell.base for cell in a.campaign.cells.values())
    if not asked or a.base in (named, None):
        return ""
    why = ("Go's own pair ran, and the plan's base is the port of one"
           if (a.base, a.contender) == PAIR and is_twin(named)
           else "it was asked for when the page was made")
    return f" The plan's base is {named}, that of this page {a.base}: {why}."


def is_twin(name):
    """Is it the port of the pair's base?"""
    return PORTS.get(name) == PAIR[0]


def twins(cells):
    """(Go's own map, a port of it) of one group, where both are there."""
    return [(PORTS[name], name) for name in sorted(cells)
            if PORTS.get(name) in cells]


def pairs(cells):
    """(base, contender) of ports, of one group that has Go's own pair."""
    if not set(PAIR) <= set(cells):
        return []
    of = {go: [port for whose, port in twins(cells) if whose == go]
          for go in PAIR}
    return [(base, other) for base in of[PAIR[0]] for other in of[PAIR[1]]]
