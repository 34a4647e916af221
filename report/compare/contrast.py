# SPDX-License-Identifier: Apache-2.0
"""What machines are compared by: ratios and ranks within each, place by
place. No number of one machine is ever divided by one of another."""
import itertools
from typing import NamedTuple

from report import stats, verdicts, words
from report.analysis import Analysis, Board, Line, board_of


class Place(NamedTuple):
    """All that maps of one group share, under one workload's name: boards
    that a machine's plan lets fall together are told apart here."""
    board: Board
    line: Line
    threads: int

    def text(self):
        return (f"{words.plural(self.threads, 'thread')}, {self.line.text()},"
                f" {self.board.text()}")


def place_of(cell):
    return Place(board_of(cell), Line(cell.write_kind, cell.write_share),
                 cell.threads)


def index_of(a):
    """Place -> map -> cell of a machine's throughput cells, each at every
    place that it was asked for as."""
    found = {}
    for cell in a.by_measure.get("throughput", []):
        for known in cell.known_as():
            found.setdefault(place_of(known), {}).setdefault(cell.map, cell)
    return found


class Side:
    """One machine's half of every row: its campaign, analysed."""
    invalid = None  # the control that failed, of a machine that ranks nobody

    def __init__(self, member, base=None, contender=None):
        self.member, self.label = member, member.label
        known = member.campaign.maps
        self.a = Analysis(member.campaign,
                          *(m if m in known else None
                            for m in (base, contender)))
        self.index = index_of(self.a)
        self.failed = member.campaign.failed_maps
        self.invalid = member.invalid

    def rates(self, place):
        """map -> {block: rate} of the maps that may be ranked there."""
        return {} if self.invalid else {m: self.a.rates[c.id] for m, c in
                self.index.get(place, {}).items()
                if c.id in self.a.rates and self.a.ranked(m)}

    def cell(self, place, name):
        return self.index.get(place, {}).get(name)

    def fit(self, place, name):
        """Has a map a result at a place, and no wrong answer anywhere?"""
        cell = self.cell(place, name)
        return bool(cell and cell.ok and name not in self.failed)

    def why_not(self, place, name):
        """Why a map has no result at a place here, in words."""
        cell = self.cell(place, name)
        if name not in self.member.campaign.maps:
            return "not in this build"
        if cell is None:
            return "no such cell: not planned on this machine"
        return cell.reason or (f"failed verification: {self.failed[name]}"
                               if name in self.failed else "")


def leading(members, base, contender):
    """Of the first machine that has two maps to set against each other; of the
    first, where none has: a campaign may have ended before any trial."""
    sides = (Side(member, base, contender) for member in members)
    first = next(sides)
    return next((side for side in itertools.chain([first], sides)
                 if side.a.contender), first)


class Comparison:
    """All machines, what they share, and every row that pages are made of."""

    def __init__(self, found, base=None, contender=None):
        self.found = found
        members = found.members
        lead = leading(members, base, contender)
        self.lead, self.asked = lead.a, (base, contender)
        self.base = base or lead.a.base
        self.contender = contender or lead.a.contender
        self.sides = [lead if m is lead.member
                      else Side(m, self.base, self.contender)
                      for m in members]
        self.look = self.lead.look if len(members) == 1 else widest(self.sides)
        self.places = self.shared()
        self.head = self.headline()
        self.pairs = self.all_pairs()

    def shared(self):
        """Places of two machines at least, in the order of the plans."""
        count = {}
        for side in self.sides:
            for place in side.index:
                count[place] = count.get(place, 0) + 1
        least = min(2, len(self.sides))
        return [place for place, n in count.items() if n >= least]

    def headline(self):
        """The place that most machines have, of these the leading machine's
        headline or what is nearest to it: the same line, most threads
        without more threads than CPUs. None where no two share a place."""
        first = self.lead
        if not (self.places and self.contender and first.headline()):
            return None
        board, line, threads = first.headline()

        def rank(place):
            here = [s for s in self.sides if self.both(s, place)]
            crowded = any(s.a.crowded(s.index[place]) for s in here)
            return (len(here), place.board.workload in board.workloads,
                    place.board[1:] == board[1:], place.line == line,
                    place.line.share == line.share, not crowded,
                    place.threads == threads, place.threads)
        return max(self.places, key=rank)

    def both(self, side, place):
        """Has a machine results of both maps of the pair?"""
        return all(side.fit(place, name)
                   for name in (self.base, self.contender))

    def line_places(self):
        """The headline's line: its places by thread count."""
        return sorted((p for p in self.places
                       if p[:2] == self.head[:2]), key=lambda p: p.threads)

    def all_pairs(self):
        """(label, place, map) -> summary of map ÷ base at 95 %."""
        groups = {}
        for side in self.sides:
            for place in self.places:
                if not side.fit(place, self.base):
                    continue
                base = side.cell(place, self.base)
                for name, cell in side.index[place].items():
                    if side.fit(place, name) and name != self.base:
                        groups[side.label, place, name] = \
                            side.a.sides(cell, base)
        return {key: s for key, s in stats.ratios(groups).items()
                if s["n"]}

    # ---- rows -------------------------------------------------------------

    def row(self, side, place, name):
        """map ÷ base on one machine; its reason where there is none."""
        pair = self.pairs.get((side.label, place, name))
        base, cell = (side.cell(place, m) for m in (self.base, name))
        row = {**places_columns(place), "machine": side.label, "map": name,
               "base": self.base, "ratio": None, "low": None, "high": None,
               "n": 0, "side": verdicts.NONE, "why": "",
               "base_mops": side.a.mops(base), "cell": cell and cell.id}
        if pair:
            row |= {"ratio": pair["centre"], "side": side_word(pair),
                    **{k: pair[k] for k in ("low", "high", "n")}}
        if row["low"] is None:
            row["why"] = self.why(side, place, name, row["n"])
        elif side.invalid:
            row["side"] = verdicts.WITHHELD
        return row

    def why(self, side, place, name, n):
        for each in (self.base, name):
            why = side.why_not(place, each)
            if why:
                return f"{each}: {why}"
        return f"{words.plural(n, 'block')}, an interval needs 6"

    def ratio_rows(self):
        """Every map over the base at every shared place on every machine
        that has that place."""
        return [self.row(side, place, name) for place in self.places
                for name in sorted({m for s in self.sides
                                    for m in s.index.get(place, {})}
                                   - {self.base})
                for side in self.sides if place in side.index]

    def pair_rows(self, places):
        """Contender ÷ base at some places, of every machine, also of those
        that have not the place."""
        return [self.row(side, place, self.contender)
                for side in self.sides for place in places]


def widest(sides):
    """One look for the maps of all machines."""
    from report.look import Look
    return Look({m: about for side in reversed(sides)
                 for m, about in side.member.campaign.maps.items()})


def places_columns(place):
    b = place.board
    return {"workload": b.workload, "shape": b.shape, "keys": b.keys,
            "miss_share": b.miss_share, "dist": b.dist,
            "placement": b.placement, "memory": b.memory,
            "presize": b.presize, "optional": " ".join(b.unusual()),
            "write_kind": place.line.kind, "write_share": place.line.share,
            "threads": place.threads}


def side_word(pair):
    """verdicts.side() in words of two maps."""
    return {"contender": "ahead", "base": "behind"}.get(
        verdicts.side(pair), verdicts.side(pair))


def pairs_of(items):
    return list(itertools.combinations(items, 2))
