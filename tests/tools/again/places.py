# SPDX-License-Identifier: Apache-2.0
"""Where a campaign decides a claim: the planned cells of each line `cells`,
and those at other values of the factors that its article leaves open.

What docs/claims.md does not say of `free` is taken so: a line's own settings
of these factors are dropped, those of its subject and against are not; places
of the lines come first, then each line's others; a cell that two lines ask
the same is one place, and two where they do not; a place of which a side has
several cells, by a factor that is not free, is one without a value.
"""
import collections

# A claim with what its line says for itself; [cells of each side].
Place = collections.namedtuple("Place", "claim sides")


def fitting(campaign, claim, where):
    """[planned cells] of each side of a line."""
    return [campaign.fitting(claim["workload"], f"{where} {side}")
            for side in claim.subjects]


def asks(claim):
    """What a line may say for itself and lets its cells answer."""
    return [claim[key] for key in ("against", "statistic", "claimed", "side")]


def places(campaign, lines):
    """lines: [(where, claim)]. Each line is a place; where a factor is free
    one that fits several cells is none, but all of them may be."""
    own = [Place(claim, fitting(campaign, claim, where))
           for where, claim in lines]
    if not any(claim.free for _, claim in lines):
        return own
    found = [place for place in own if len(place.sides[0]) < 2]
    taken = [(cell, asks(place.claim))
             for place in found for cell in place.sides[0]]
    for where, claim in lines:
        for cell, place in elsewhere(campaign, claim, where):
            if (cell, asks(claim)) not in taken:
                taken.append((cell, asks(claim)))
                found.append(place)
    return found


def elsewhere(campaign, claim, where):
    """(cell of the subject, its place) of a line without its settings of free
    factors: the cells of each side at the values of them that the cell has,
    where the other side is planned there, too."""
    kept = [wish for wish in where.split()
            if wish.partition("=")[0] not in claim.free]
    sides = fitting(campaign, claim, " ".join(kept))
    for cell in sides[0]:
        at = cell.of(claim.free)
        beside = [[c for c in side if c.of(claim.free) == at]
                  for side in sides]
        if all(beside):
            yield cell, Place(claim, beside)
