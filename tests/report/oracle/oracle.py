# SPDX-License-Identifier: Apache-2.0
"""Recomputes the numbers of a report from trials.jsonl and campaign.json.

It implements docs/verdicts.md and results/README.md. This module
shares no code with report/: a wrong filter, centre, interval, base, count or
byte in report/ makes the two differ. It checks no text.
"""
import collections
import csv
import itertools
import json
import math
import statistics
from pathlib import Path

from scipy.special import comb
from scipy.stats import rankdata

TOP = Path(__file__).resolve().parents[3]
LOOPS = ("mix", "closed", "open", "paced")
PLACE = {"workload": None, "keys": None, "write_kind": None,
         "write_share": None, "threads": None, "shape": "u64x8",
         "miss_share": 0.0, "dist": "uniform", "placement": "cores",
         "memory": "first-touch", "presize": True} | {
    name: member["default"] for name, member in json.loads(
        (TOP / "docs/cell.schema.json").read_text("utf-8"))[
            "properties"].items() if "default" in member}
ASIDE = {name for name, map_ in json.loads(
    (TOP / "report/families.json").read_text("utf-8"))["maps"].items()
    if "aside" in map_}
TOLERANCE = 6e-6  # data files have six digits


def pseudo_median(values):
    """Hodges-Lehmann: median of the averages of all pairs, a value with
    itself included."""
    pairs = itertools.combinations_with_replacement(values, 2)
    return statistics.median((a + b) / 2 for a, b in pairs)


def centre(values):
    """Pseudo-median on logarithms, of values above 0; None without values."""
    logs = [math.log(v) for v in values]
    return math.exp(pseudo_median(logs)) if logs else None


def joint_error(maps):
    """5 % shared by all pairs of so many maps."""
    return 0.05 / max(comb(maps, 2, exact=True), 1)


def end_rank(n, error):
    """Which average from either end bounds the interval of n values, counted
    over all 2^n signs; 0: none."""
    ways = {0: 1}  # sum of the positive ranks -> sign patterns
    for rank in range(1, n + 1):
        ways = collections.Counter(ways) + collections.Counter(
            {total + rank: w for total, w in ways.items()})
    beyond = itertools.accumulate(ways[t] for t in range(max(ways) + 1))
    return sum(2 * w <= (error + 2e-12) * 2 ** n for w in beyond)


def widened_by(values):
    """sqrt((1 + r) / (1 - r)), r the lag-1 correlation of the ranks without
    its bias, one standard error higher, from 0 to 0.95."""
    n = len(values)
    ranks = rankdata(values) - (n + 1) / 2
    square = float(ranks @ ranks)
    r = float(ranks[1:] @ ranks[:-1]) / square if square else 0
    r = (n * r + 1) / (n - 4) + (n - 3) ** -0.5
    r = min(max(r, 0), 0.95)
    return math.sqrt((1 + r) / (1 - r))


def interval(values, error=0.05):
    """(low, high) of the centre of values above 0 in the order of blocks;
    (None, None): too few."""
    logs = [math.log(v) for v in values]
    k = end_rank(len(logs), error)
    if not k:
        return None, None
    averages = sorted((a + b) / 2 for a, b in
                      itertools.combinations_with_replacement(logs, 2))
    middle, wider = statistics.median(averages), widened_by(logs)
    return tuple(math.exp(middle + wider * (end - middle))
                 for end in (averages[k - 1], averages[-k]))


def needed_blocks(maps):
    """Fewest blocks at which `maps` maps can be ranked: a signed-rank
    interval at 5 % shared by all pairs has to exist."""
    n = 6
    while 2 ** (1 - n) > joint_error(maps):
        n += 1
    return n


class Cell:
    """A planned cell and its trials of the arm head."""

    def __init__(self, plan):
        self.plan, self.id, self.map = plan, plan["id"], plan["map"]
        self.last, self.attempts = {}, {}  # block -> trial, attempts
        self.place = tuple(str(plan.get(k, usual))
                           for k, usual in PLACE.items())
        self.timed = plan["measure"] in ("throughput", "causes")

    def counts(self, trial):
        """Did it finish with right answers, and operations if it is timed?"""
        result = trial.get("result")
        return trial["status"] == "ok" and isinstance(result, dict) and (
            not self.timed or bool(result.get("ops")
                                   and result.get("elapsed_ns")))

    def status(self, trial):
        """A timed trial without operations is void."""
        if trial["status"] == "ok" and trial.get("result"):
            return "ok" if self.counts(trial) else "void"
        return trial["status"]

    @property
    def ok(self):
        return {b: t for b, t in self.last.items() if self.counts(t)}

    @property
    def mops(self):
        """block -> million operations per second."""
        return {b: million_per_s(t) for b, t in sorted(self.ok.items())}

    @property
    def centre(self):
        return centre(self.mops.values())

    @property
    def state(self):
        if self.ok or self.plan.get("skip") or not self.last:
            return ("measured" if self.ok else
                    "skipped" if self.plan.get("skip") else "not run")
        ends = {self.status(t) for t in self.last.values()}
        return next((s for s in ("failed", "void", "skipped") if s in ends),
                    "failed")


def million_per_s(trial):
    return trial["result"]["ops"] * 1e3 / trial["result"]["elapsed_ns"]


def ratios(over, under):
    """over ÷ under in the blocks that both have."""
    a, b = over.mops, under.mops
    return [a[k] / b[k] for k in sorted(a.keys() & b.keys())]


def ratio(over, under):
    """(centre, n) of the same."""
    found = ratios(over, under)
    return centre(found), len(found)


def is_trial(line):
    return (isinstance(line, dict) and isinstance(line.get("cell"), str)
            and isinstance(line.get("block"), int)
            and line.get("status") in ("ok", "void", "failed", "skipped"))


class Group:
    """The ranked maps of one place: leader, rivals, number of blocks."""

    def __init__(self, campaign, cells):
        self.all = {c.map: c for c in cells}
        self.ranked = {c.map: c for c in cells if campaign.may_rank(c.map)
                       and not c.plan.get("skip")}
        able = {m: c for m, c in self.ranked.items() if c.ok}
        self.maps, self.needs = len(able), needed_blocks(len(able))
        full = {m: c for m, c in able.items() if len(c.ok) >= self.needs}
        self.leader = min(full or able, default=None,
                          key=lambda m: (-able[m].centre, m))
        lead = self.ranked.get(self.leader)
        self.rivals = {m: ratio(lead, c) if lead else (None, 0)
                       for m, c in self.ranked.items() if m != self.leader}
        used = [n for _, n in self.rivals.values() if n >= self.needs]
        self.n = min(used) if used else max(
            (n for _, n in self.rivals.values()), default=0)
        if self.maps == 1:
            self.n = len(lead.ok)
        self.named = self.maps == 1 or bool(used)  # is there a leader to name


class Campaign:
    """A campaign folder as planned and as run."""

    def __init__(self, folder):
        folder = Path(folder)
        self.meta = json.loads((folder / "campaign.json").read_text("utf-8"))
        self.maps = {m["id"]: m for m in self.meta["maps"]}
        self.cells = {c["id"]: Cell(c) for c in self.meta["cells"]}
        self.arms, self.ran = {}, []  # (arm, cell) -> {block: trial}
        self.read(folder / "trials.jsonl")
        self.failed = {c.map for c in self.cells.values()
                       for t in c.last.values() if ((t.get("result") or {})
                       .get("verification") or {}).get("status") == "failed"}
        by_place = {}
        for c in self.cells.values():
            if c.plan["measure"] == "throughput" and c.plan["loop"] in LOOPS:
                by_place.setdefault(c.place, []).append(c)
        self.groups = [Group(self, cells) for cells in by_place.values()]
        self.group_of = {c.id: g for g in self.groups
                         for c in g.all.values()}

    def read(self, file):
        """Of a trial the last attempt counts; a line that is not the attempt
        after the one before it, or not terminated, does not exist."""
        data, tried = file.read_bytes(), collections.Counter()
        for line in data.split(b"\n")[:-1]:
            try:
                trial = json.loads(line)
            except ValueError:
                continue
            if not is_trial(trial) or trial["cell"] not in self.cells:
                continue
            arm, cell = trial.get("arm", "head"), self.cells[trial["cell"]]
            identity = arm, cell.id, trial["block"]
            if trial.get("attempt", 1) != tried[identity] + 1:
                continue
            tried[identity] += 1
            self.ran.append((cell, trial))
            if arm == "head":
                cell.last[trial["block"]] = trial
                cell.attempts.setdefault(trial["block"], []).append(trial)
            else:
                self.arms.setdefault((arm, cell.id), {})[
                    trial["block"]] = trial

    def peer(self, name):
        return self.maps[name].get("family") != "bound"

    def may_rank(self, name):
        return (self.peer(name) and name not in self.failed
                and name not in ASIDE and not self.maps[name].get("misuse"))

    def comparable(self, *cells):
        return all(c and c.ok and c.map not in self.failed for c in cells)

    def planned_base(self):
        """The map that most cells name; on a tie the first by name."""
        votes = collections.Counter(
            c.plan["base"] for c in self.cells.values() if c.plan.get("base"))
        return min((m for m in votes if m in self.maps), default=None,
                   key=lambda m: (-votes[m], m))

    def missing(self):
        """Cells that were to run and gave nothing. A misuse is to fail."""
        return {c.id for c in self.cells.values()
                if not c.plan.get("skip") and not c.ok and not (
                    self.maps[c.map].get("misuse") and c.state == "failed")}


# ---- comparison with what the report wrote --------------------------------

class Comparison:
    """Differences between the report of a folder and this module, as text,
    and how many values were compared in each file."""

    def __init__(self, folder):
        self.campaign = Campaign(folder)
        self.out = Path(folder) / "report"
        self.found, self.compared = [], collections.Counter()
        self.verdicts = json.loads(
            (self.out / "verdicts.json").read_text("utf-8"))
        self.base = self.verdicts["base"]
        self.contender = self.verdicts["contender"]
        for file in sorted(self.out.rglob("*.csv")):
            check = next((f for pattern, f in FILES.items()
                          if file.match(pattern)), None)
            if check:
                with open(file, encoding="utf-8", newline="") as lines:
                    check(self, file.name, list(csv.DictReader(lines)))
        self.verdict_file()

    def same(self, file, row, what, told, wanted):
        """One value of a row: numbers by value, None as an empty field."""
        self.compared[file] += 1
        told = None if told == "" else told
        try:
            if isinstance(wanted, (int, float)) and told is not None:
                fits = math.isclose(float(told), wanted, rel_tol=TOLERANCE)
            else:
                fits = told == wanted
        except ValueError:
            fits = False
        if not fits:
            self.found.append(f"{file}: {row}: {what} is {told}, "
                              f"expected {wanted}")

    def row(self, file, row, **wanted):
        for what, value in wanted.items():
            self.same(file, row.get("cell") or row.get("place"), what,
                      row[what], value)

    def rows_are(self, file, rows, wanted):
        """Each wanted cell has as many rows as it is wanted, no other has."""
        told = collections.Counter(r["cell"] for r in rows)
        wanted = collections.Counter(list(wanted))
        self.same(file, "rows", "surplus", sorted(told - wanted), [])
        self.same(file, "rows", "lacking", sorted(wanted - told), [])

    def cell(self, row):
        return self.campaign.cells[row["cell"]]

    def group(self, row):
        return self.campaign.group_of[row["cell"]]

    def pair(self, over, under):
        """(ratio, n) of two cells that may be compared; else (None, 0)."""
        if not self.campaign.comparable(over, under):
            return None, 0
        return ratio(over, under)

    # ---- one method for each file -----------------------------------------

    def cells(self, file, rows):
        self.rows_are(file, rows, self.campaign.cells)
        for row in rows:
            c = self.cell(row)
            rate = c.id in self.campaign.group_of and c.centre
            self.row(file, row, state=c.state, n=len(c.ok), mops=rate or None,
                     planned=0 if c.plan.get("skip") else c.plan["blocks"])

    def raw(self, file, rows):
        """All trials of the peers of one group."""
        if not rows:
            return
        wanted = [c for c in self.group(rows[0]).all.values()
                  if self.campaign.peer(c.map)]
        self.rows_are(file, rows, [c.id for c in wanted for _ in c.ok])
        for row in rows:
            self.row(file, row, n=1, mops=self.cell(row).mops.get(
                int(row["block"])))

    def forest(self, file, rows):
        """Each map ÷ the base of its group."""
        for row in rows:
            c = self.cell(row)
            base = self.group(row).all.get(self.base)
            value, n = self.pair(c, base)
            self.row(file, row, base=self.base, ratio=value, n=n,
                     base_mops=base and base.centre)
            self.ends(file, row, c, base, n)

    def flip(self, file, rows):
        """Contender ÷ base; a row has a cell if the contender has one."""
        for row in rows:
            if not row["cell"]:
                self.row(file, row, ratio=None, n=0)
                continue
            c, base = self.cell(row), self.group(row).all.get(self.base)
            value, n = self.pair(c, base)
            self.same(file, row["cell"], "map", c.map, self.contender)
            self.row(file, row, ratio=value, n=n,
                     base_mops=base and base.centre)
            self.ends(file, row, c, base, n)

    def ranking(self, file, rows):
        """Leader ÷ each rival, in every group."""
        self.rows_are(file, [r for r in rows if r["cell"]], [
            g.ranked[m].id for g in self.campaign.groups for m in g.rivals])
        for row in rows:
            if not row["cell"]:
                continue
            g, c = self.group(row), self.cell(row)
            self.row(file, row, leader=g.leader, maps=g.maps, needs=g.needs,
                     group_n=g.n, mops=c.centre, ratio=g.rivals[c.map][0],
                     n=g.rivals[c.map][1], leader_cell=g.leader
                     and g.ranked[g.leader].id)
            self.outcome(file, row, g, c.map)

    def ends(self, file, row, over, under, n):
        """The 95 % interval of a ratio of n blocks."""
        low, high = interval(ratios(over, under)) if n else (None, None)
        self.row(file, row, low=low, high=high)

    def outcome(self, file, row, group, name):
        """Of leader ÷ rival: its 95 % interval, and the one of all pairs of
        the group, which decides."""
        lead = group.ranked.get(group.leader)
        pair = ratios(lead, group.ranked[name]) if lead else []
        low, high = interval(pair)
        least, most = interval(pair, joint_error(group.maps))
        self.row(file, row, low=low, high=high, group_low=least,
                 group_high=most, outcome="no interval" if least is None else
                 "behind" if least > 1.02 else "tied")

    def matrix(self, file, rows):
        self.rows_are(file, rows, [
            c.id for g in self.campaign.groups for c in g.all.values()
            if self.campaign.peer(c.map)])
        for row in rows:
            g, c = self.group(row), self.cell(row)
            lead = g.ranked[g.leader] if g.named else None
            self.row(file, row, leader=lead and lead.map, mops=c.centre,
                     leader_mops=lead and lead.centre)
            if row["ratio"]:
                value, n = ((1, len(c.ok)) if c is lead
                            else self.pair(lead, c))
                self.row(file, row, ratio=value, n=n)
            else:
                may = lead and c.map in g.rivals \
                    and g.rivals[c.map][1] >= g.needs
                self.same(file, c.id, "has a ratio", False, bool(may))

    def winner(self, file, rows):
        """Leader ÷ the rival of the weakest comparison, where it is named."""
        self.rows_are(file, [r for r in rows if r["leader"]], [
            g.ranked[g.leader].id for g in self.campaign.groups if g.named])
        for row in rows:
            if row.get("cell"):
                g = self.group(row)
                weak = g.ranked.get(row["weakest"])
                value, _ = g.rivals.get(row["weakest"], (None, 0))
                self.row(file, row, leader=g.leader, n=g.n, ratio=value,
                         maps=g.maps, weakest_mops=weak and weak.centre)

    def efficiency(self, file, rows):
        """Per cent of the map without synchronisation."""
        for row in rows:
            c, bound = self.cell(row), self.group(row).all["gomap"]
            value, n = self.pair(c, bound)
            self.row(file, row, n=n, bound_mops=bound.centre,
                     percent=value and 100 * value)

    def scaling(self, file, rows):
        for row in rows:
            c, threads = self.cell(row), int(row["threads"])
            if "ns" in row:
                rate = c.centre and 1e3 * threads / c.centre
                self.row(file, row, ns=rate, n=len(c.ok))
                continue
            low, high = interval(list(c.mops.values()))
            self.row(file, row, mops=c.centre, n=len(c.ok), low=low,
                     high=high)
            if row["gain"]:
                first = self.smaller(c, int(row["from_threads"]))
                self.row(file, row, gain=self.pair(c, first)[0],
                         from_mops=first.centre)

    def smaller(self, cell, threads):
        """The same map at the smallest thread count with a result."""
        at = list(PLACE).index("threads")
        alike = [c for g in self.campaign.groups for c in g.all.values()
                 if c.map == cell.map and c.ok
                 and c.place[1:at] + c.place[at + 1:]
                 == cell.place[1:at] + cell.place[at + 1:]]
        least = min(alike, key=lambda c: c.plan["threads"])
        self.same("scaling.csv", cell.id, "from_threads", threads,
                  least.plan["threads"])
        return next(c for c in alike if c.plan["threads"] == threads)

    def memory(self, file, rows):
        """Bytes: medians over the trials that have all three sizes."""
        for row in rows:
            self.row(file, row, **bytes_of(self.cell(row)))

    def tradeoff(self, file, rows):
        for row in rows:
            c = self.cell(row)
            self.row(file, row, mops=c.centre, n=len(c.ok))
            if row["bytes_per_entry"]:
                priced = self.campaign.cells[row["bytes_cell"]]
                self.same(file, c.id, "map of bytes_cell", priced.map, c.map)
                self.row(file, row,
                         bytes_per_entry=bytes_of(priced)["filled"])

    def statistics(self, file, rows):
        """The largest value of any attempt of a throughput cell of a map."""
        for row in rows:
            c = self.cell(row)
            known = [s["value"] for x in self.campaign.cells.values()
                     if x.map == c.map and x.plan["measure"] == "throughput"
                     and x.plan["loop"] in LOOPS
                     for several in x.attempts.values() for t in several
                     if x.counts(t) for s in t["result"].get("stats") or []
                     if s["name"] == row["statistic"]
                     and s["unit"] == row["unit"] and s["value"] is not None]
            self.row(file, row, largest=max(known))

    def latency(self, file, rows):
        """Medians over trials of the percentiles that each trial recorded."""
        keys = {"50": "p50_ns", "90": "p90_ns", "99": "p99_ns",
                "99.9": "p999_ns"}
        for row in rows:
            there = row["was_there"] == "True"
            several = [e for t in self.cell(row).ok.values()
                       for e in t["result"]["latency"] if e["count"]
                       and (e["operation"], e["was_there"], e["clock"])
                       == (row["operation"], there, row["clock"])]
            values = [e[keys[row["percentile"]]] for e in several]
            values = [v for v in values if v is not None]
            self.row(file, row, n=len(values), ns=statistics.median(values),
                     operations=min(e["count"] for e in several))

    def strip(self, file, rows):
        """Every attempt that was started, in the order they ran."""
        ran = [(c, t) for c, t in self.campaign.ran
               if t.get("exit") != "not started"]
        self.same(file, "all", "rows", len(rows), len(ran))
        for row, (c, t) in zip(rows, ran):
            self.row(file, row, cell=c.id, block=t["block"], n=1,
                     attempt=t.get("attempt", 1), status=self.seen(c, t))

    def seen(self, cell, trial):
        last = (cell.last if trial.get("arm", "head") == "head" else {})
        return (cell.status(trial) if last.get(trial["block"]) is trial
                else trial["status"])

    def controls(self, file, rows):
        """A/A and +2 % arms: the arm's time over the head's."""
        known = {}
        for (arm, name), trials in self.campaign.arms.items():
            c = self.campaign.cells[name]
            logs = [math.log(c.mops[b] / million_per_s(t)) for b, t in
                    trials.items() if c.counts(t) and b in c.ok]
            kind = "A/A" if arm.startswith("aa") else "+2 % work"
            threads = c.plan["threads"]
            known[f"{kind}, {c.map}, {threads} thread"
                  + "s" * (threads != 1)] = logs
        for row in rows:
            if row["name"] in known:
                logs = known[row["name"]]
                self.row(file, row, n=len(logs), percent=100 * math.expm1(
                    pseudo_median(logs)) if logs else None)

    def verdict_file(self):
        name, c = "verdicts.json", self.campaign
        if c.planned_base() and self.base not in ("go_map_rw",):
            self.same(name, "all", "base", self.base, c.planned_base())
        self.same(name, "all", "failed_maps",
                  set(self.verdicts["failed_maps"]), c.failed)
        self.same(name, "all", "missing_cells",
                  set(self.verdicts["missing_cells"]), c.missing())
        for row in self.verdicts["decisions"]:
            some = row["cell"] or next(
                (r["cell"] for r in row["rivals"]), None)
            if some is None:
                continue
            g = c.group_of[some]
            self.row(name, row, leader=g.leader, maps=g.maps, n=g.n,
                     needs=g.needs, cell=g.leader and g.ranked[g.leader].id)
            self.same(name, row["cell"], "rivals",
                      {r["map"] for r in row["rivals"]}, set(g.rivals))
            for r in row["rivals"]:
                value, n = g.rivals[r["map"]]
                self.row(name, r, ratio=value, n=n, cell=g.ranked[
                    r["map"]].id)
                self.outcome(name, r, g, r["map"])


def bytes_of(cell):
    """Bytes per entry, filled and at the peak, and the sizes behind them."""
    found = []
    for t in cell.ok.values():
        sizes = t["result"].get("footprint") or {}
        empty, filled, peak = (sizes.get(f"rss_{k}_bytes")
                               for k in ("empty", "filled", "peak"))
        held = t["result"].get("keys_before")
        if None not in (empty, filled, peak) and held:
            found.append((empty, filled, max(filled, peak), held))
    if not found:
        return dict.fromkeys(("filled", "peak", "rss_empty_bytes",
                              "rss_filled_bytes", "rss_peak_bytes")) | {
                                  "n": 0}
    empty, filled, peak, held = map(statistics.median, zip(*found))
    return {"filled": (filled - empty) / held, "peak": (peak - empty) / held,
            "rss_empty_bytes": empty, "rss_filled_bytes": filled,
            "rss_peak_bytes": peak, "n": len(found)}


FILES = {"tables/cells.csv": Comparison.cells,
         "figures/raw.csv": Comparison.raw,
         "figures/forest.csv": Comparison.forest,
         "figures/rivals.csv": Comparison.forest,
         "figures/flip.csv": Comparison.flip,
         "figures/production.csv": Comparison.flip,
         "tables/ranking.csv": Comparison.ranking,
         "tables/matrix.csv": Comparison.matrix,
         "figures/winner.csv": Comparison.winner,
         "figures/efficiency.csv": Comparison.efficiency,
         "figures/scaling.csv": Comparison.scaling,
         "figures/memory.csv": Comparison.memory,
         "figures/tradeoff.csv": Comparison.tradeoff,
         "tables/map-statistics.csv": Comparison.statistics,
         "figures/latency-[0-9]*.csv": Comparison.latency,
         "figures/strip.csv": Comparison.strip,
         "figures/controls.csv": Comparison.controls}
