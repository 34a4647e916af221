# SPDX-License-Identifier: Apache-2.0
"""From a campaign to what the sections show: cells by factor, levels, ratios.

Every statistic comes from report.stats; this module only decides which
trials are set against which. Ratios are paired by block.
"""
import functools
from typing import NamedTuple

from report import factors, journal, ports, stats, verdicts, words
from report.look import Look

REFERENCE = "uniform-97-3"  # the workload the project is named for
REFERENCE_SHARE, REFERENCE_KEYS = 0.03, 65536
CONTENDER = "syncmap"
JOIN = " + "  # of the names of workloads that share a board
KINDS = ("update", "churn", "fresh")
CLOSED = ("mix", "closed")  # loops whose threads do as much as they can
COMMON = (*CLOSED, "paced", "open")  # loops of look-ups and writes


class Board(NamedTuple):
    """All that a flip map holds fixed."""
    workload: str
    shape: str
    keys: int
    miss_share: float
    dist: str
    placement: str
    memory: str
    presize: bool
    optional: tuple = tuple(factors.OPTIONAL.values())

    @property
    def workloads(self):
        return set(self.workload.split(JOIN))

    def unusual(self):
        """Optional factors that are not as usual, in words."""
        return factors.unusual(self.optional)

    def text(self):
        """Conditions in words, for captions."""
        return ", ".join([
            self.workload, words.of_keys(self.keys), self.dist,
            self.shape, f"placement {self.placement}", *self.rest()])

    def rest(self):
        """What most boards need not say, in words: who leaves it out takes
        the cells of one map on two boards for those of one."""
        parts = []
        if self.miss_share:
            parts.append(f"{words.share(self.miss_share)} % misses")
        if self.memory != "first-touch":
            parts.append(f"memory {self.memory}")
        if not self.presize:
            parts.append("not presized")
        return parts + self.unusual()


class Line(NamedTuple):
    """One write kind and share on a board: a row of its flip map."""
    kind: str
    share: float

    def text(self):
        return words.mix(self.share, self.kind)


def kind_order(kind):
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def line_order(line):
    return kind_order(line.kind), line.share


def board_of(c):
    return Board(c.workload, c.shape, c.keys, c.miss_share, c.dist,
                 c.placement, c.memory, c.presize, factors.optional(c))


def merged(grid):
    """Boards that differ in the workload's name only become one, so that a
    sweep of shares and the reference mix share a flip map; but not where
    both have the same line and thread count."""
    result = {}  # factors -> list of [names, lines]
    for board, lines in grid.items():
        places = {(n, t) for n, counts in lines.items() for t in counts}
        for names, have in result.setdefault(board[1:], []):
            if not places & {(n, t) for n, c in have.items() for t in c}:
                names.append(board.workload)
                for line, counts in lines.items():
                    have.setdefault(line, {}).update(counts)
                break
        else:
            result[board[1:]].append([[board.workload], {
                n: dict(c) for n, c in lines.items()}])
    return {Board(JOIN.join(names), *rest): lines
            for rest, group in result.items() for names, lines in group}


def rates_of(campaign):
    """id of a throughput cell -> its rates by block, of those with any."""
    return {c.id: journal.rates(c.ok) for c in campaign.cells.values()
            if c.measure == "throughput" and c.loop in COMMON and c.ok}


class Analysis:
    """What every section reads. Built once per report."""

    def __init__(self, campaign, base=None, contender=None):
        self.campaign = campaign
        self.look = Look(campaign.maps)
        self.failed = campaign.failed_maps
        self.by_measure = {}
        self.other_loops = []  # neither mix nor paced: not comparable to them
        for cell in campaign.cells.values():
            if (cell.loop in COMMON or cell.measure == "causes"
                    or cell.measure.startswith("simulated")):
                self.by_measure.setdefault(cell.measure, []).append(cell)
            else:
                self.other_loops.append(cell)
        self.grid = {}  # Board -> Line -> threads -> map -> Cell
        for cell in self.by_measure.get("throughput", []):
            line = Line(cell.write_kind, cell.write_share)
            (self.grid.setdefault(board_of(cell), {}).setdefault(line, {})
             .setdefault(cell.threads, {}))[cell.map] = cell
        self.grid = merged(self.grid)
        self.rates = rates_of(campaign)
        self.levels = stats.throughputs(self.rates)
        base, contender = ports.pair_of(self, base, contender)
        self.base = base or self.named_base()
        self.pairs = {}
        self.fill_pairs(lambda cells: self.base)
        self.contender = contender or self.choose_contender()

    # ---- who takes part ---------------------------------------------------

    def named_base(self):
        """The base that most cells of the plan name, or the first peer."""
        votes = {}
        for cell in self.campaign.cells.values():
            if cell.base:
                votes[cell.base] = votes.get(cell.base, 0) + 1
        for name in sorted(votes, key=lambda b: (-votes[b], b)):
            if name in self.campaign.maps:
                return name
        peers = [m for m in self.campaign.maps if self.peer(m)]
        return peers[0] if peers else None

    def peer(self, name):
        """May it be compared: a map, not a bound."""
        return not self.look.bound(name)

    @functools.cached_property
    def floors(self):
        """Program (None: the one in C) -> its map that does nothing; None
        where a program has maps here and that one is not among them."""
        found = {None: "null_map"}
        for name, about in self.campaign.maps.items():
            program = about.get("program")
            found.setdefault(program, None)
            if "no-state" in about.get("caps", []):
                found[program] = name
        return found

    def floor_of(self, name):
        """The floor of a map: the driver alone, in its own language."""
        return self.floors[self.campaign.maps[name].get("program")]

    def ranked(self, name):
        """May it be ranked: a peer, verified, no misuse that was planted,
        and no variant set aside."""
        return (self.peer(name) and name not in self.failed
                and name not in self.look.aside
                and not self.campaign.maps[name].get("misuse"))

    def wrong(self, name):
        """That a map's answers were wrong, in words; "" where none was."""
        return (f"failed verification: {self.failed[name]}"
                if name in self.failed else "")

    def choose_contender(self):
        """sync.Map where it was run, Go's own beside Go's own, else the best
        other map of the headline cell."""
        names = {c.map for c in self.by_measure.get("throughput", []) if c.ok}
        names = {n for n in names if self.ranked(n) and n != self.base}
        base, own = ports.PAIR
        usual = own if self.base == base else CONTENDER
        if usual in names or not names:
            return usual if names else None
        cells = self.at(self.headline())
        ranked = [m for m in sorted(cells) if m in names and cells[m].ok]
        return max(ranked or sorted(names), key=lambda m: self.mops(
            cells.get(m)) or 0)

    # ---- cells ------------------------------------------------------------

    def at(self, where):
        """map -> Cell at (board, line, threads); {} where there is none."""
        if where is None:
            return {}
        board, line, threads = where
        return self.grid.get(board, {}).get(line, {}).get(threads, {})

    def level(self, cell):
        """Summary of a cell's throughput in Mop/s; None without a result."""
        return self.levels.get(cell.id) if cell else None

    def mops(self, cell):
        level = self.level(cell)
        return level and level["centre"]

    def crowded(self, cells):
        """Are there more threads than CPUs?"""
        return any(c.cpus and c.threads > len(set(c.cpus))
                   for c in cells.values())

    def threads_of(self, board):
        """All thread counts planned on a board."""
        return sorted({t for line in self.grid[board].values() for t in line})

    def lines_of(self, board):
        return sorted(self.grid[board], key=line_order)

    def boards(self):
        """Boards, the headline one first, then in the order of the plan."""
        head = self.headline()
        rest = [b for b in self.grid if not head or b != head[0]]
        return ([head[0]] if head else []) + rest

    def headline(self):
        """(board, line, threads) that the first sentence is about."""
        return self.first_place

    @functools.cached_property
    def first_place(self):
        """Where the headline is: each place that is named asks it.

        Where a ranked map is planned; the reference workload where it was
        run, 64 Ki keys or the middle size, the share nearest to 3 %,
        updates, and the largest thread count that the machine has CPUs for
        and two ranked maps have results at.
        """
        grid = self.contested() or self.grid
        if not grid:
            return None
        sizes = sorted({b.keys for b in grid})
        middle = (REFERENCE_KEYS if REFERENCE_KEYS in sizes
                  else sizes[len(sizes) // 2])
        order = list(grid)
        board = min(order, key=lambda b: (
            REFERENCE not in b.workloads,
            order[0].workload != b.workload,
            b.keys != middle, b.shape != "u64x8", b.dist != "uniform",
            b.placement != "cores", order.index(b)))
        line = min(grid[board], key=lambda n: (
            n.share == 0, abs(n.share - REFERENCE_SHARE), line_order(n)))
        counts = grid[board][line]
        return board, line, max(counts, key=lambda t: (
            self.measured(counts[t]) >= 2, not self.crowded(counts[t]), t))

    def contested(self):
        """The grid without places at which no map may be ranked: a bound
        alone answers nothing."""
        found = {}
        for board, lines in self.grid.items():
            for line, counts in lines.items():
                for threads, cells in counts.items():
                    if verdicts.entrants(self, cells):
                        found.setdefault(board, {}).setdefault(
                            line, {})[threads] = cells
        return found

    def measured(self, cells):
        """How many ranked maps have a result here."""
        return sum(1 for m, c in cells.items() if c.ok and self.ranked(m))

    # ---- ratios -----------------------------------------------------------

    def comparable(self, *cells):
        """May a ratio be made of them: each has a result, and its map no
        wrong answer. The runner stops a map for a failed check only, so one
        that was wrong in a timed trial has others that count."""
        return all(c and c.ok and c.map not in self.failed for c in cells)

    def fill_pairs(self, base_of):
        """Computes all ratios to one map per cell group at once."""
        groups = {}
        for cells in self.groups():
            base = cells.get(base_of(cells))
            for cell in cells.values():
                if self.comparable(base, cell) and (
                        base.id, cell.id) not in self.pairs:
                    groups[base.id, cell.id] = self.sides(cell, base)
        self.pairs.update(stats.ratios(groups))

    def groups(self):
        """Each {map: Cell} of one board, line and thread count."""
        for lines in self.grid.values():
            for counts in lines.values():
                yield from counts.values()

    def sides(self, *cells):
        """Of each cell {block: rate}."""
        return [self.rates.get(cell.id, {}) for cell in cells]

    def ratio(self, base, cell):
        """Summary of cell / base, paired by block; None without both, and
        where the answers of either map were wrong."""
        if not self.comparable(base, cell):
            return None
        key = base.id, cell.id
        if key not in self.pairs:
            self.pairs.update(stats.ratios({key: self.sides(cell, base)}))
        pair = self.pairs[key]
        return pair if pair["n"] else None

    @functools.cached_property
    def verdicts(self):
        """(board, line, threads) -> verdict of that group of cells."""
        return verdicts.settle(self)

    def place(self, where):
        """"2 threads, 97 % lookups, 3 % updates, 64 Ki keys" and what is not
        usual."""
        board, line, threads = where
        text = (f"{words.plural(threads, 'thread')}, {line.text()}, "
                f"{words.of_keys(board.keys)}")
        if self.headline() and board.workload != self.headline()[0].workload:
            text += f", {board.workload}"
        if board.dist != "uniform":
            text += f", {board.dist}"
        if board.miss_share:
            text += f", {words.share(board.miss_share)} % misses"
        if board.shape != "u64x8":
            text += f", {board.shape}"
        if board.placement != "cores":
            text += f", placement {board.placement}"
        if not board.presize:
            text += ", not presized"
        text += "".join(f", {said}" for said in board.unusual())
        if self.crowded(self.at(where)):
            text += ", more threads than CPUs"
        return text
