# SPDX-License-Identifier: Apache-2.0
"""What is asked again of a campaign: its comparisons of two cells, each with
the side that it was decided for (docs/adr/0043)."""
from dataclasses import dataclass

from report import checks, verdicts
from report.journal import JournalError

FIGURES = ("headline", "winner", "flip", "forest")


@dataclass(frozen=True)
class Asked:
    """One comparison: over ÷ under, as the first campaign decided it."""
    over: str  # ids of cells
    under: str
    place: str
    maps: tuple  # (over, under)
    side: int  # +1 over is ahead, -1 behind, 0 not clear
    ratio: dict  # centre, low, high, n at 95 %


def sign(low, high):
    """+1 or -1 where an interval lies beyond the margin, else 0."""
    if low is None:
        return 0
    return (low > verdicts.MARGIN) - (high < 1 / verdicts.MARGIN)


def printed(ratio, low, high, n):
    return {"ratio": ratio, "low": low, "high": high, "n": n}


def of_groups(a, places):
    """Leader ÷ each rival of some groups; the leader was chosen from the
    same data, so clear means by the group's simultaneous interval."""
    for where in places:
        group = a.verdicts[where]
        for r in group["rivals"] if group["cell"] else ():
            yield Asked(group["cell"], r["cell"], group["place"],
                        (group["leader"], r["map"]),
                        sign(r["group_low"], r["group_high"]),
                        printed(r["ratio"], r["low"], r["high"], r["n"]))


def to_base(a, names):
    """Maps ÷ base at every place; the pair was named before the run, so
    clear means by its own 95 % interval."""
    for board, lines in a.grid.items():
        for line, counts in lines.items():
            for threads, cells in sorted(counts.items()):
                base = cells.get(a.base)
                for name in names(cells):
                    pair = a.ratio(base, cells.get(name))
                    if pair and name != a.base:
                        yield Asked(
                            cells[name].id, base.id,
                            a.place((board, line, threads)),
                            (name, a.base), sign(pair["low"], pair["high"]),
                            printed(pair["centre"], pair["low"],
                                    pair["high"], pair["n"]))


def check(figure):
    """JournalError where there is no such figure, before anything runs."""
    if figure is not None and figure not in FIGURES:
        raise JournalError(f'no figure "{figure}" can be repeated, expected '
                           f"one of {', '.join(FIGURES)}")


def of_campaign(a, figure=None):
    """The comparisons of a figure; None: of every group of the campaign.
    JournalError where a control failed: then it decided none."""
    check(figure)
    invalid = checks.invalid(checks.control_rows(a))
    if invalid:
        raise JournalError(f"{a.campaign.path}: {invalid} Nothing of it can "
                           "be replicated")
    if figure == "headline":
        places = [a.headline()] if a.headline() else []
        found = of_groups(a, places)
    elif figure == "flip":
        found = to_base(a, lambda cells: [a.contender])
    elif figure == "forest":
        found = to_base(a, lambda cells: sorted(filter(a.peer, cells)))
    else:
        found = of_groups(a, a.verdicts)
    return list({(q.over, q.under): q for q in found}.values())


def cells_of(a, asked):
    """Ids of the cells that are needed, and of what verifies their maps."""
    wanted = {i for q in asked for i in (q.over, q.under)}
    maps = {m for q in asked for m in q.maps}
    return [c.id for c in a.campaign.planned if c.id in wanted
            or c.measure == "verify" and c.map in maps]
